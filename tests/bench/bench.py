#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures, and prints one table of figures beside their targets. No figure is asserted: the exit status is 0
when the table could be printed, whatever it says. What could not be measured says why."""
import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from figures import FIGURES
from measurements import STEPS
from report import evaluate, markdown, summary, table
from stand import NotMeasured, Stand

SECONDS_AT_MOST = 330  # after which no further step begins


def machine_words():
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True).stdout
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    return {"qemu": version.splitlines()[0] if version else "none", "host": cpu, "processors": os.cpu_count(),
            "load": load, "kernel": platform.release(),
            "machine": "TCG without KVM, q35, -cpu max, one processor, virtio-blk, image file with "
                       "cache=writeback; instructions under -icount shift=0"}


def measure(stand, steps):
    values, took, start = {}, {}, time.monotonic()
    for name in steps:
        if time.monotonic() - start > SECONDS_AT_MOST:
            print(f"bench: {name} left out, {SECONDS_AT_MOST} s are over", file=sys.stderr)
            continue
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        values.update(STEPS[name](stand))
        took[name] = time.monotonic() - began
        print(f"bench: {name} took {took[name]:.0f} s", file=sys.stderr, flush=True)
    return values, took


def plain(value):
    """A value as JSON has it."""
    return f"not measured: {value}" if isinstance(value, NotMeasured) else value


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="build folder")
    parser.add_argument("--only", action="append", choices=list(STEPS), help="a step; may be repeated")
    parser.add_argument("--quick", action="store_true", help="few sizes, short runs: does it work?")
    parser.add_argument("--json", metavar="FILE", help="all that was measured (default: BUILD/bench.json)")
    parser.add_argument("--markdown", action="store_true", help="print the table as the documents have it")
    parser.add_argument("--keep", action="store_true", help="keep descriptions and console transcripts")
    return parser.parse_args()


def main():
    arguments = options()
    steps = arguments.only or list(STEPS)
    stand = Stand(arguments.build, arguments.quick)
    words = machine_words()
    try:
        values, took = measure(stand, steps)
    finally:
        if arguments.keep:
            print(f"bench: kept {stand.folder}", file=sys.stderr)
        else:
            shutil.rmtree(stand.folder, ignore_errors=True)
    entries = [evaluate(row, values) for row in FIGURES if row.step in steps]
    print(f"{words['qemu']}; {words['host']}, {words['processors']} processors, load {words['load']}; "
          f"{words['machine']}")
    print((markdown if arguments.markdown else table)(entries))
    print(f"bench: {summary(entries)}; {sum(took.values()):.0f} s")
    document = {"schema": "stele.bench/1", "machine": words, "quick": arguments.quick, "figures": entries,
                "values": {name: plain(value) for name, value in values.items()}}
    file = Path(arguments.json or stand.build / "bench.json")
    file.write_text(json.dumps(document, indent=1) + "\n")
    print(f"bench: written to {file}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
