#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The store's engine beside the host and other stores, native, in one run: prints a table, writes JSON and
the long run as a drawing. No figure is asserted: the exit status is 0 when the table could be printed."""
import argparse
import json
import mmap
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from store_figures import FIGURES, NotMeasured
from drawing import long_run_drawing
from report import evaluate, markdown, summary, table  # of tests/bench

COUNTING = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
            "--toggle-collect=checkpoint::Engine::open*")


class Bench:
    def __init__(self, build, folder, tiny):
        self.program = build / "tests" / "bench" / "store" / "bench-store"
        self.stele = build / "disk-tools" / "stele"
        self.folder, self.tiny = folder, tiny

    def step(self, name, prefix=()):
        """(what the step told, what it said on the error output); an error is a NotMeasured."""
        command = [*prefix, self.program, name, self.folder, *(["tiny"] if self.tiny else [])]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if result.returncode != 0:
            lines = result.stderr.strip().splitlines() or [f"exit {result.returncode}"]
            return NotMeasured(lines[-1]), result.stderr
        return json.loads(result.stdout), result.stderr

    def told(self, name):
        return self.step(name)[0]

    def instructions(self):
        """User instructions of Engine::open per entry: the difference of two stores, counted by callgrind."""
        if shutil.which("valgrind") is None:
            return NotMeasured("valgrind is not installed")
        counted = []
        for name in ("make-few-entries", "make-more-entries"):
            made = self.told(name)
            if isinstance(made, Exception):
                return made
            opened, said = self.step("open-once", COUNTING)
            found = re.search(r"Collected : (\d+)", said)
            if isinstance(opened, Exception) or found is None:
                return NotMeasured("callgrind counted nothing")
            counted.append((made["entries"], int(found[1])))
        (few, low), (more, high) = counted
        return {"perEntry": (high - low) / (more - few), "few": low, "more": high}

    def check(self):
        """`stele check` of a full store beside the host's sequential read of the same file, in turns, both
        with nothing in the page cache."""
        full, large = self.told("fill"), self.told("make-large")
        for made in (full, large):
            if isinstance(made, Exception):
                return made
        rates, reads = [], []
        for _ in range(1 if self.tiny else 3):
            forget_cached(full["file"])
            seconds, memory = run_measured([self.stele, "check", full["file"]])
            rates.append(full["pages"] * 4096 / seconds)
            forget_cached(full["file"])
            reads.append(read_rate(full["file"]))
        _, more = run_measured([self.stele, "check", large["file"]])
        os.unlink(full["file"])
        os.unlink(large["file"])
        per_tebibyte = (more - memory) / max(large["bytes"] - full["bytes"], 1) * (1 << 40)
        return {"bytesPerSecond": middle(rates), "readBytesPerSecond": middle(reads),
                "memoryMiB": memory / (1 << 20), "memoryMiBPerTiB": max(per_tebibyte, 0) / (1 << 20)}


def middle(values):
    return sorted(values)[len(values) // 2]


def forget_cached(name):
    file = os.open(name, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def read_rate(name):
    """Bytes per second of reading a file from its start, 1 MiB at a time, without the page cache."""
    file = os.open(name, os.O_RDONLY | os.O_DIRECT)
    buffer = mmap.mmap(-1, 1 << 20)  # aligned, as O_DIRECT asks
    start, total = time.monotonic(), 0
    while (got := os.preadv(file, [buffer], total)) > 0:
        total += got
    os.close(file)
    return total / (time.monotonic() - start)


def run_measured(command):
    """(seconds, greatest resident bytes) of a command."""
    start = time.monotonic()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    return time.monotonic() - start, usage.ru_maxrss * 1024


STEPS = {
    "race": lambda bench: {"race": bench.told("race"), "throughput": bench.told("throughput")},
    "costs": lambda bench: {"costs": bench.told("costs")},
    "stream": lambda bench: {"stream": bench.told("stream")},
    "migrating": lambda bench: {"migrating": bench.told("migrating")},
    "recovery": lambda bench: {"recovery": bench.told("recovery"), "instructions": bench.instructions()},
    "check": lambda bench: {"check": bench.check()},
    "long-run": lambda bench: {"long-run": bench.told("long-run")},
}


def machine_words(folder):
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=False)
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    return (f"{cpu}, {os.cpu_count()} processors, load {load}; Linux {platform.release()}; "
            f"{kind.stdout.strip()}; stele: O_DIRECT, preallocated, fdatasync; device bytes from "
            "/sys/dev/block/*/stat (of everybody), process bytes from /proc/self/io wchar")


def race_lines(values):
    """The sides of each heat, one a line."""
    lines = [["PAGES A COMMIT", "SET MiB", "SIDE", "COMMIT us", "p99", "COMMITS/s", "PAGES/s",
              "DEVICE BYTES/BYTE", "PROCESS BYTES/BYTE"]]
    for step in ("race", "throughput"):
        heats = values.get(step)
        if not isinstance(heats, list):
            continue
        for heat in heats:
            for name, told in heat["sides"].items():
                own = told.get("ownBytesPerByte", told["processBytesPerByte"])
                lines.append([str(heat["pagesPerCommit"]), str(heat["setPages"] * 4096 >> 20), name,
                              f"{told['commitUs']['median']:.0f}", f"{told['commitUs']['p99']:.0f}",
                              f"{told['commitsPerSecond']:.0f}", f"{told['pagesPerSecond']:.0f}",
                              f"{told['deviceBytesPerByte']:.2f}", f"{own:.2f}"])
    return lines if len(lines) > 1 else []


def print_lines(lines, as_markdown):
    if as_markdown and lines:
        lines = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
        print("\n".join("| " + " | ".join(line) + " |" for line in lines))
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))] if lines else []
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=Path, help="build folder")
    parser.add_argument("--only", action="append", choices=list(STEPS), help="a step; may be repeated")
    parser.add_argument("--tiny", action="store_true", help="small, short, no other stores: does it work?")
    parser.add_argument("--folder", type=Path, help="where files are made (default: BUILD/bench-store)")
    parser.add_argument("--json", type=Path, help="all that was measured (default: BUILD/bench-store.json)")
    parser.add_argument("--plot", type=Path, help="the long run (default: BUILD/bench-store-long-run.svg)")
    parser.add_argument("--markdown", action="store_true", help="print the tables as the documents have them")
    return parser.parse_args()


def measure(bench, steps):
    values = {}
    for name in steps:
        start = time.monotonic()
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        bench.folder.mkdir(parents=True, exist_ok=True)
        try:
            values.update(STEPS[name](bench))
        finally:
            shutil.rmtree(bench.folder, ignore_errors=True)
        print(f"bench: {name} took {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return values


def main():
    arguments = options()
    steps = arguments.only or list(STEPS)
    folder = arguments.folder or arguments.build / "bench-store"
    folder.mkdir(parents=True, exist_ok=True)
    words = machine_words(folder)
    values = measure(Bench(arguments.build, folder, arguments.tiny), steps)
    entries = [evaluate(row, values) for row in FIGURES if row.step in steps]
    for entry in entries:
        entry["command"] = entry["command"].replace("./run bench", "./run bench store")
    print(words)
    print_lines(race_lines(values), arguments.markdown)
    print((markdown if arguments.markdown else table)(entries))
    print(f"bench: {summary(entries)}")
    plain = {name: str(value) if isinstance(value, Exception) else value for name, value in values.items()}
    target = arguments.json or arguments.build / "bench-store.json"
    target.write_text(json.dumps({"machine": words, "figures": entries, "values": plain}, indent=1))
    if isinstance(values.get("long-run"), dict):
        plot = arguments.plot or arguments.build / "bench-store-long-run.svg"
        plot.write_text(long_run_drawing(values["long-run"]))
        print(f"bench: the long run is drawn in {plot}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
