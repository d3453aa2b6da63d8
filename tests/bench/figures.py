# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: what each figure is made of, and the bar and summit that the design sets for it."""
from dataclasses import dataclass
from typing import Callable

from stand import NotMeasured

LOADVM_MS = 2000.0  # noted for a machine of 512 MiB that touched all its memory; not taken in this run


@dataclass
class Figure:
    number: str
    what: str
    unit: str
    step: str
    measured: Callable  # values -> number, or (number, 99th percentile)
    bar: float | None = None
    summit: float | None = None
    at_least: bool = False  # larger is better
    note: str = ""


def value(name):
    return lambda values: need(values, name)


def need(values, name):
    found = values.get(name, NotMeasured("its step was not run"))
    if isinstance(found, Exception):
        raise found
    return found


def ratio(name, base):
    """Of the medians of two measurements of one run."""
    def of(values):
        upper, lower = need(values, name), need(values, base)
        upper, lower = (each[0] if isinstance(each, tuple) else each for each in (upper, lower))
        if lower == 0:
            raise NotMeasured(f"{base} is zero")
        return upper / lower
    return of


def stop_figure(dirty):
    return Figure("P1", f"stop (marking), k = {dirty} hot pages over {min(8, dirty)} spaces", "instructions", "stops",
                  value(f"stop-{dirty}"), 4000 + 20 * dirty, 1500 + 10 * dirty)


def bytes_figure(dirty, bar, summit):
    return Figure("P15", f"bytes to disk per byte of frames at commit, k = {dirty}", "", "wall",
                  value(f"bytes-{dirty}"), bar, summit)


FIGURES = [
    stop_figure(1), stop_figure(64), stop_figure(1024),
    Figure("P1c", "stop with copies, seen by a program, k = 64", "us", "wall", value("gap-64-us"), 250, 130,
           note="median and longest of the N longest gaps in N checkpoints; drain, hash and submit included"),
    Figure("P2", "stop, 1024 MiB / 128 MiB of memory, k = 64", "", "stops", ratio("stop-64-1024-mib", "stop-64"),
           1.10, 1.02),
    Figure("P2", "stop, 10 times the objects, k = 64", "", "stops", ratio("stop-64-objects", "stop-64"), 1.10, 1.02),
    Figure("P2", "stop, 10 times the processes, k = 64", "", "stops", ratio("stop-64-processes", "stop-64"),
           1.10, 1.02),
    Figure("P6", "stop (marking), k = 64", "us", "wall", value("stop-us"), 100, 20),
    bytes_figure(1, 3.0, 2.0), bytes_figure(64, 1.06, 1.03), bytes_figure(1024, 1.02, 1.017),
    Figure("P18", "flushes per commit, k = 64, QEMU's count", "", "wall", value("flushes-per-commit"), 1, 1),
    Figure("P18", "flushes per commit, k = 64, the migrator's count", "", "wall",
           value("migrator-flushes-per-commit"), 1, 1),
    Figure("P21", "kernel entry to first resumed user instruction, 512 MiB, 10,000 frames", "ms", "restart",
           value("restart-ms"), LOADVM_MS / 10, LOADVM_MS / 50,
           note="host's clock between two console lines, so an upper bound; against a noted loadvm of 2.0 s"),
    Figure("-", "frames fetched before the first user instruction, 10,000 frames", "frames", "restart",
           value("fetches-first-instruction"), 32, None,
           note="counted just after it, so an upper bound"),
    Figure("-", "of them before Migrator.resume", "frames", "restart", value("fetches-before-resume")),
    Figure("-", "user time between take and commit, a checkpoint, k = 64", "us", "wall", value("user-us-in-flight"),
           1e-9, None, at_least=True, note="must not be zero"),
    Figure("-", "rounds of the load between request and commit, k = 64", "rounds", "wall",
           value("rounds-in-flight"), 1, None, at_least=True, note="must not be zero"),
    Figure("-", "request to durable commit, k = 64", "us", "wall", value("commit-us")),
    Figure("-", "device interrupts per commit, k = 64", "", "wall", value("interrupts-per-commit")),
    Figure("F2", "IPC round trip between two spaces, 0 words, bare stubs", "instructions", "calls",
           value("round-trip-instructions"), 360, 260),
    Figure("F2", "the same by the runtime's call, 1 word", "instructions", "calls",
           value("round-trip-stub-instructions"), 360, 260),
    Figure("F4", "trivial kernel call (Patt.shape), bare stub", "instructions", "calls",
           value("kernel-call-instructions"), 90, 50),
    Figure("F4", "the same by the generated stub", "instructions", "calls", value("kernel-call-stub-instructions"),
           90, 50),
    Figure("-", "call of an empty slot", "instructions", "calls", value("null-call-instructions")),
    Figure("F5", "page fault, page present, one PATT, slot 0", "instructions", "calls",
           value("page-fault-instructions"), 150, 80),
    Figure("F5", "page fault, page present, three PATTs, last slots", "instructions", "calls",
           value("page-fault-deep-instructions"), 300, 180),
    Figure("F10", "page hash in the guest", "us", "calls", value("page-hash-us"), 1.0, 0.6),
    Figure("F10", "page hash, native", "us", "engine", value("hash-native-us")),
    Figure("P10N", "engine alone, commit k = 1 / host 4 KiB write and fdatasync", "", "engine",
           ratio("engine-1-us", "engine-1-host-us"), 1.15, 1.05),
    Figure("P15N", "engine alone, bytes per byte of frames, k = 1", "", "engine", value("engine-1-bytes"), 3.0, 2.0),
    Figure("P15N", "engine alone, bytes per byte of frames, k = 64", "", "engine", value("engine-64-bytes"),
           1.06, 1.03),
    Figure("P15N", "engine alone, bytes per byte of frames, k = 1024", "", "engine", value("engine-1024-bytes"),
           1.02, 1.017),
    Figure("P18", "engine alone, flushes per commit, k = 64", "", "engine", value("engine-64-flushes"), 1, 1),
]


def verdict(row, number):
    """'summit', 'bar', 'no', or '' for a figure without a target."""
    def reaches(target):
        return target is not None and (number >= target if row.at_least else number <= target)
    if row.bar is None and row.summit is None:
        return ""
    if reaches(row.summit):
        return "summit"
    return "bar" if reaches(row.bar) else "no"
