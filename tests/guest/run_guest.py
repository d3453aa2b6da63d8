#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a guest test in QEMU and judges it: the whole TAP plan ok, no panic, the exit value of success."""
import argparse
import re
import subprocess
import sys
import threading

EXIT_SUCCESS = 0x10 << 1 | 1


def qemu_command(arguments):
    return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", arguments.processor, "-machine", "q35",
            "-m", str(arguments.memory), "-display", "none", "-no-reboot", "-nodefaults",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-serial", "stdio", "-kernel", arguments.kernel, "-initrd", arguments.image,
            "-append", arguments.append]


def run(arguments):
    machine = subprocess.Popen(qemu_command(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               text=True, errors="replace")
    timer = threading.Timer(arguments.timeout, machine.kill)
    timer.start()
    lines = []
    for line in machine.stdout:
        print(line, end="", flush=True)
        lines.append(line.rstrip("\n").removeprefix("[log] ").removeprefix("[kernel] "))
    status = machine.wait()
    timer.cancel()
    return lines, status


def judge(lines, status):
    """The list of reasons why the run counts as failed."""
    reasons = []
    plan = next((int(match[1]) for line in lines if (match := re.fullmatch(r"1\.\.(\d+)", line))), 0)
    passed = sum(1 for line in lines if re.match(r"ok \d+ - ", line))
    if plan == 0:
        reasons.append("no TAP plan")
    if passed != plan:
        reasons.append(f"{passed} of {plan} tests passed")
    if any(line.startswith("panic: ") for line in lines):
        reasons.append("the kernel panicked")
    if status != EXIT_SUCCESS:
        reasons.append(f"exit status {status}, expected {EXIT_SUCCESS}")
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--append", default="")
    parser.add_argument("--memory", type=int, default=64)
    parser.add_argument("--processor", default="max", help="QEMU's model")
    parser.add_argument("--timeout", type=float, default=50)
    arguments = parser.parse_args()
    reasons = judge(*run(arguments))
    if reasons:
        print("guest test: FAIL:", "; ".join(reasons))
        print("again:", " ".join(sys.argv))
        return 1
    print("guest test: PASS")
    return 0


if __name__ == "__main__":
    sys.exit(main())
