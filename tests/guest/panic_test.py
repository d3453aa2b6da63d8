#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A kernel that dies says where, by name, and a kernel that would touch user memory dies.

The kernel has no door for dying on purpose. So copies of its file are broken: one function does at once what
a mistake of the kernel might do; the machine must say so, with the names of the callers.
"""
import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from run_guest import qemu_command

EXIT_PANIC = 0x12 << 1 | 1
USER_CODE = 0x400000  # where every program is mapped
BROKEN = "kernel::invoke"
PROLOGUE = b"\x55\x48\x89\xe5"  # push %rbp; mov %rsp, %rbp
CALLERS = ("kernel::system_call", "entry_system_call")


@dataclass
class Case:
    name: str
    code: bytes | None  # what BROKEN does; None: the kernel as it is, without a resident image
    says: str  # pattern of the first line
    names: tuple[str, ...] = (BROKEN, *CALLERS)


def word(address):
    return (address & 0xffffffff).to_bytes(4, "little")


def cases(kernel_code):
    exception = r"panic: exception {} in the kernel, error {:#x}, address {:#x}, "
    return [
        Case("a panic by name", None, r"panic: no resident image was loaded with the kernel",
             ("start_residents", "kernel_start")),
        Case("an instruction that does not exist", b"\x0f\x0b", r"panic: exception 6 in the kernel, "),
        Case("a read at address 0", b"\x8b\x04\x25" + word(0), exception.format(14, 0, 0)),
        Case("SMAP: a read of a user's page that is mapped", b"\x8b\x04\x25" + word(USER_CODE),
             exception.format(14, 1, USER_CODE)),
        Case("SMEP: a jump to a user's code", b"\xb8" + word(USER_CODE) + b"\xff\xd0",
             exception.format(14, 0x11, USER_CODE), CALLERS),
        Case("W^X: a write to the kernel's own code", b"\xc6\x04\x25" + word(kernel_code) + b"\x90",
             exception.format(14, 3, kernel_code)),
        Case("W^X: a call of the kernel's stack", b"\x48\x89\xe0\xff\xd0",
             r"panic: exception 14 in the kernel, error 0x11, ", CALLERS),
    ]


def address_of(kernel, function):
    """The address of a function by its name without parameters."""
    command = ["nm", "-C", "--defined-only", kernel]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {int(line.split()[0], 16) for line in listing.splitlines()
             if re.sub(r"\(.*", "", line.split(maxsplit=2)[2]) == function}
    if len(found) != 1:
        sys.exit(f"panic test: {len(found)} functions are called {function}")
    return found.pop()


def file_offset(kernel, address):
    """Where the byte at a virtual address stands in the file."""
    listing = subprocess.run(["readelf", "-lW", kernel], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        fields = line.split()
        if fields and fields[0] == "LOAD":
            offset, start, _, size = (int(field, 16) for field in fields[1:5])
            if start <= address < start + size:
                return offset + address - start
    sys.exit(f"panic test: {address:#x} lies in no segment of {kernel}")


def run(arguments, kernel, image):
    command = qemu_command(argparse.Namespace(memory=64, kernel=kernel, image=image, append="",
                                              processor="max"))
    if image is None:
        at = command.index("-initrd")
        del command[at:at + 2]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=arguments.timeout, check=False)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), "time-out"


def judge(case, output, status):
    lines = [line.removeprefix("[kernel] ") for line in output.splitlines()]
    reasons = []
    start = next((i for i, line in enumerate(lines) if re.match(case.says, line)), None)
    if start is None:
        reasons.append(f"no line like: {case.says}")
    else:
        place = re.compile(r"  0x[0-9a-f]+ (\S+)\+0x[0-9a-f]+$")
        trace = [match[1] for line in lines[start + 1:] if (match := place.match(line))]
        position = -1
        for name in case.names:
            later = [i for i, found in enumerate(trace) if i > position and found.endswith(name)]
            if not later:
                reasons.append(f"{name} is missing, or in the wrong place, in the trace {trace}")
                break
            position = later[0]
    if status != EXIT_PANIC:
        reasons.append(f"exit status {status}, expected {EXIT_PANIC}")
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--timeout", type=float, default=15)
    arguments = parser.parse_args()
    whole = Path(arguments.kernel).read_bytes()
    broken_at = address_of(arguments.kernel, BROKEN)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(address_of(arguments.kernel, "kernel::system_call")):
            kernel, image = arguments.kernel, None
            if case.code is not None:
                offset = file_offset(arguments.kernel, broken_at)
                kernel, image = str(Path(folder) / "broken.elf"), arguments.image
                code = PROLOGUE + case.code
                Path(kernel).write_bytes(whole[:offset] + code + whole[offset + len(code):])
            output, status = run(arguments, kernel, image)
            reasons = judge(case, output, status)
            print(f"{'not ok' if reasons else 'ok'} - {case.name}")
            if reasons:
                failed += 1
                print(output, "\n".join(reasons), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
