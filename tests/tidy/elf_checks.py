# SPDX-License-Identifier: Apache-2.0
"""Checks of what the linker made: segments, initialisers, and the closure of freestanding archives."""
import re
import subprocess
import tempfile
from pathlib import Path

from source_tree import Finding

# What a freestanding layer may leave open: the four memory functions and the contract hook.
OPEN_SYMBOLS = {"memcpy", "memmove", "memset", "memcmp", "contract_violation",
                "_Z18contract_violationPKcS0_S0_i"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def undefined_symbols(archives):
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder) / "whole.o")
        subprocess.run(["ld", "-r", "-o", whole, "--whole-archive", *archives], check=True)
        return set(output("nm", "-u", "--format=just-symbols", whole).split())


def check_closure(archives):
    """archives: the layer first, then the layers below it. The runtime starts its program by name."""
    program = {"main"} if any(Path(archive).name.startswith("libruntime") for archive in archives) else set()
    for symbol in sorted(undefined_symbols(archives) - OPEN_SYMBOLS - program):
        yield Finding(archives[0], 0, f"needs '{symbol}': a library, the heap or a dynamic initialiser")


SEGMENT = re.compile(r"^\s+(\w+)\s+0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([R ][W ][E ])", re.M)
SECTION = re.compile(r"\] (\S+)\s+\S+\s+[0-9a-f]{16} [0-9a-f]+ ([0-9a-f]+)")


def check_elf(path):
    segments = SEGMENT.findall(output("readelf", "-lW", path))
    loads = [flags for kind, flags in segments if kind == "LOAD"]
    if not loads:
        yield Finding(path, 0, "no loadable segment")
    for kind, flags in segments:
        if "W" in flags and "E" in flags:
            yield Finding(path, 0, f"a {kind} segment is writable and executable")
        if kind in ("INTERP", "DYNAMIC", "TLS"):
            yield Finding(path, 0, f"a {kind} segment in a static program")
    for name, size in SECTION.findall(output("readelf", "-SW", path)):
        if name.startswith((".init_array", ".ctors", ".fini_array")) and int(size, 16):
            yield Finding(path, 0, f"{name} is not empty: make the globals constinit")


def check_no_vector_code(path):
    """The kernel's own code leaves the vector registers alone."""
    function = "?"
    for line in output("objdump", "-d", "--no-show-raw-insn", path).splitlines():
        head = re.match(r"[0-9a-f]+ <([^>]+)>:", line)
        if head:
            function = head.group(1)
        elif re.search(r"%[xyz]mm\d", line):
            yield Finding(path, 0, f"vector register in {function}")
