# SPDX-License-Identifier: Apache-2.0
"""Rows of the store's table, over what the steps of bench-store told: values[step] is a step's JSON."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from figures import Figure
from stand import NotMeasured


def told(step, *path):
    """A value by its path in what a step told."""
    def of(values):
        found = values.get(step, NotMeasured("not part of this run"))
        if isinstance(found, Exception):
            raise found
        for name in path:
            if found is None or (isinstance(found, list) and name >= len(found)):
                raise NotMeasured("no sample")
            found = found[name]
        if found is None:
            raise NotMeasured("no sample")
        return found
    return of


def quotient(upper, lower):
    def of(values):
        base = lower(values)
        if not base:
            raise NotMeasured("the base is zero")
        return upper(values) / base
    return of


def side(step, heat, name, *path):
    def of(values):
        heats = told(step)(values)
        found = heats[heat]["sides"].get(name) if heat < len(heats) else None
        if found is None:
            raise NotMeasured(f"{name} did not run")
        for part in path:
            found = found[part]
        return found
    return of


def latency(heat, name):
    return side("race", heat, name, "commitUs", "median")


def against(number, what, heat, other, bar, summit):
    of = quotient(latency(heat, "stele"), latency(heat, other))
    return Figure(number, what, "", "race", of, bar, summit)


def faster_than(other, heat, what):
    rate = "pagesPerSecond"
    return Figure("", f"{what}: stele / {other}", "times", "race",
                  quotient(side("throughput", heat, "stele", rate), side("throughput", heat, other, rate)))


def cost(index, name):
    return told("costs", "commits", index, name)


def long_run(kind):
    return told("long-run", kind, "bytesPerByte")


def recovered(name, larger, smaller):
    def value(index):
        return told("recovery", index, *(("openUs", "median") if name == "openUs" else (name,)))
    return quotient(value(larger), value(smaller))


FIGURES = [
    against("P10N", "commit, k = 1 / host 4 KiB write and fdatasync", 0, "host", 1.15, 1.05),
    against("P11N", "commit, k = 64 / LMDB", 1, "lmdb", 0.25, 0.15),
    against("P12N", "commit, k = 64 / SQLite, WAL, synchronous=FULL", 1, "sqlite", 0.22, 0.12),
    against("", "commit, k = 64 / RocksDB, sync", 1, "rocksdb", None, None),
    against("P13N", "commit, k = 1024 random / LMDB", 2, "lmdb", 0.35, 0.20),
    *[faster_than(other, 0, "1,000 random pages a commit, 1 GiB, pages per second")
      for other in ("lmdb", "sqlite", "rocksdb")],
    *[faster_than(other, 1, "one page a commit, 1 GiB, commits per second")
      for other in ("lmdb", "sqlite", "rocksdb")],
    Figure("P14", "log append bandwidth / host O_DIRECT 1 MiB stream", "", "stream",
           quotient(told("stream", "engine", "median"), told("stream", "host", "median")), 0.5, 0.9, True),
    Figure("P15N", "bytes per byte of frames, k = 1", "", "costs", cost(0, "bytesPerByte"), 3.0, 2.0),
    Figure("P15N", "the same, k = 64", "", "costs", cost(1, "bytesPerByte"), 1.06, 1.03),
    Figure("P15N", "the same, k = 1024", "", "costs", cost(2, "bytesPerByte"), 1.02, 1.017),
    Figure("P16", "bytes written per byte dirtied, 80 % fill, uniform", "", "long-run",
           long_run("uniform"), 2.9, 2.7),
    Figure("", "the same, nine of ten writes to a tenth", "", "long-run", long_run("skewed")),
    Figure("P16", "the same, hot set of 1/64", "", "long-run",
           long_run("hot"), 1.15, 1.05),
    Figure("P17", "zero page", "bytes", "costs", told("costs", "bytesPerZeroPage"), 40, 32),
    Figure("P17", "unchanged page", "bytes", "costs", told("costs", "bytesPerUnchangedPage"), 40, 32),
    Figure("P18", "flushes per commit, k = 64", "", "costs", cost(1, "flushesPerCommit"), 1, 1),
    Figure("P18", "flushes per commit, k = 2048 (8 MiB)", "", "costs", cost(3, "flushesPerCommit"), 2, 2),
    Figure("P22", "recovery, time: 16 GiB / 1 GiB, equal directories", "", "recovery",
           recovered("openUs", 1, 0), 1.2, 1.02),
    Figure("P22", "recovery, time: 256 GiB / 1 GiB", "", "recovery", recovered("openUs", 2, 0), 1.2, 1.02),
    Figure("P22", "recovery, sectors read: 256 GiB / 1 GiB", "", "recovery",
           recovered("sectorsRead", 2, 0), 1.2, 1.02),
    Figure("", "recovery of 60,000 entries, 1 GiB", "us", "recovery",
           told("recovery", 0, "openUs", "median")),
    Figure("P23", "recovery, user instructions per unmigrated entry", "", "recovery",
           told("instructions", "perEntry"), 120, 50),
    Figure("P24", "store's memory in the system / 512 MiB", "%", "costs",
           lambda values: told("costs", "memoryBytesInTheSystem")(values) / (512 << 20) * 100, 3, 2),
    Figure("P25", "log bandwidth while migrating / not", "", "migrating",
           quotient(told("migrating", "whileMigrating", "median"), told("migrating", "not", "median")),
           0.5, 0.8, True),
    Figure("", "stele check / sequential read of the file", "", "check",
           quotient(told("check", "bytesPerSecond"), told("check", "readBytesPerSecond")), 0.7, None, True),
    Figure("", "stele check, memory", "MiB", "check", told("check", "memoryMiB")),
    Figure("", "stele check, memory more per TiB of store", "MiB", "check",
           told("check", "memoryMiBPerTiB")),
]
