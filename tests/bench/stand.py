# SPDX-License-Identifier: Apache-2.0
"""The stand on which machines are measured: stores, boots, and lines "bench: NAME key=value"."""
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "system"))
from machine import Machine, console_arguments, qemu_command  # noqa: E402  the folder is not a package

ICOUNT = ("-icount", "shift=0,sleep=off")
TOOL_TIMEOUT = 60


class NotMeasured(Exception):
    """Why a figure cannot be told."""


def parse_line(line):
    """('NAME', {'key': number}) of a line of the bench programs; a failure that the line tells is raised."""
    match = re.search(r"bench: (\S+)(.*)", line)
    if match is None:
        raise NotMeasured(f"no figure in {line!r}")
    name, rest = match[1], match[2]
    if " failed" in rest and "failed=" not in rest:
        raise NotMeasured(f"{name}{rest}")
    return name, {key: int(value) for key, value in re.findall(r"([a-z0-9-]+)=(\d+)", rest)}


def first_line(error):
    return str(error).splitlines()[0]


class Stand:
    def __init__(self, build, quick=False):
        self.quick = quick
        self.build = Path(build).resolve()
        self.kernel = self.build / "kernel" / "stele-kernel.elf"
        self.resident = self.build / "images" / "resident.img"
        self.calls_image = self.build / "tests" / "bench" / "bench-image.img"
        self.stele = self.build / "disk-tools" / "stele"
        self.engine = self.build / "tests" / "bench" / "bench-engine"
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir=self.build))
        self.boots = 0

    def need(self, *files):
        for file in files:
            if not file.exists():
                raise NotMeasured(f"{file.name} is not built")

    def format(self, name, description, size="256M"):
        self.need(self.stele)
        system, image = self.folder / f"{name}.toml", self.folder / f"{name}.img"
        system.write_text(description)
        result = subprocess.run([self.stele, "format", image, "--size", size, "--system", system],
                                capture_output=True, text=True, timeout=TOOL_TIMEOUT)
        if result.returncode != 0:
            raise NotMeasured(f"stele format: {result.stderr.strip().splitlines()[0]}")
        with open(image, "r+b") as file:  # a sparse file would measure the host's allocation
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
        return image

    def history(self, image):
        """The newest checkpoints as `stele history` lists them, newest first."""
        result = subprocess.run([self.stele, "history", "--json", image], capture_output=True, text=True,
                                timeout=TOOL_TIMEOUT)
        if result.returncode != 0:
            raise NotMeasured(f"stele history: {result.stderr.strip()}")
        return json.loads(result.stdout)["checkpoints"]

    @contextmanager
    def boot(self, image, *, words="", memory=128, icount=False):
        """Instructions are counted without the host's flushes: the guest would only count its waiting."""
        self.need(self.kernel, self.resident)
        words = f"lines=1 {words}".strip()
        command = qemu_command(image, kernel=self.kernel, resident=self.resident, words=words, memory=memory,
                               extra=ICOUNT if icount else ())
        if icount:
            node = "node-name=store"
            command = [word.replace(node, f"{node},cache.no-flush=on") for word in command]
        with self._started(command, image.stem) as machine:
            yield machine

    @contextmanager
    def boot_calls(self, *, icount):
        """The resident image of the kernel figures: no disk, no store."""
        self.need(self.kernel, self.calls_image)
        command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "128",
                   "-nodefaults", "-display", "none", "-no-reboot",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                   "-kernel", self.kernel, "-initrd", self.calls_image, *(ICOUNT if icount else ())]
        with self._started(command, "calls") as machine:
            yield machine

    @contextmanager
    def _started(self, command, name):
        self.boots += 1
        folder = self.folder / f"{self.boots}-{name}"
        folder.mkdir()
        with Machine(command, folder, arguments=console_arguments, name=name) as machine:
            try:
                yield machine
            finally:
                machine.save_transcript(folder / "console.txt")


def figure(machine, name, timeout=60):
    """The numbers of the next line "bench: NAME ..."."""
    match = machine.wait_for(rf"bench: {re.escape(name)}\b(?!-).*", timeout)
    return parse_line(match[0])[1]
