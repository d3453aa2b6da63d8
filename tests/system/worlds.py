# SPDX-License-Identifier: Apache-2.0
"""What the campaign runs on: the real system out of a build folder, or the toy that tests the campaign."""
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import rules
import toy_guest
from machine import UEFI_FIRMWARE, console_arguments, qemu_command

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent


class StoreDamaged(Exception):
    """An offline reader found the store damaged, or two readers disagree."""

    def __init__(self, text, newest=None):
        super().__init__(text)
        self.newest = newest  # generation that could be read in spite of it


class StoreState(NamedTuple):
    """What the offline readers say of a store that is whole."""
    newest: int  # generation
    torn: bool  # a newer one was begun
    processes: int
    live: int  # processes that run on after a restart


def run_tool(command):
    """A tool's exit status and its JSON document."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    try:
        return result.returncode, json.loads(result.stdout)
    except ValueError:
        text = f"exit {result.returncode}, no JSON: {result.stdout[-400:]}{result.stderr[-400:]}"
        raise StoreDamaged(f"{' '.join(map(str, command))}: {text}") from None


class SteleWorld:
    """The kernel, the resident image, the tools, the independent reader."""

    def __init__(self, build, *, system, machine=None, size="64M", memory=64, words="", interval=10,
                 firmware=False, programs=None):
        self.stele = Path(build) / "disk-tools" / "stele"
        machine = Path(machine or build)
        self.kernel = machine / "kernel" / "stele-kernel.elf"
        self.resident = machine / "images" / "resident.img"
        self.iso = machine / "images" / "stele.iso"
        self.starts = ("direct", "bios", "uefi") if firmware else ("direct",)
        self.system, self.size, self.memory = system, size, memory
        self.speakers = rules.speakers_of(system)  # whose lines must show progress after each restart
        self.programs = ["--programs", programs] if programs else []
        self.words = f"interval={interval} ack lines=10 {words}".strip()
        self.reader = HERE.parent / "reader" / "stele_reader.py"

    def missing(self):
        needed = [self.stele, self.kernel, self.resident, self.reader]
        if "uefi" in self.starts:
            needed += [self.iso, Path(UEFI_FIRMWARE)]
        return [str(path) for path in needed if not path.exists()]

    def format(self, image):
        command = [self.stele, "format", image, "--size", self.size, "--system", self.system, *self.programs]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    def machine(self, disk, start="direct"):
        """Command and console arguments of a machine on `disk` (image file or ("nbd", socket))."""
        if start == "direct":
            return qemu_command(disk, kernel=self.kernel, resident=self.resident, words=self.words,
                                memory=self.memory), console_arguments
        return qemu_command(disk, iso=self.iso, uefi=start == "uefi", words=self.words,
                            memory=self.memory), console_arguments

    def check(self, image):
        """The StoreState that both readers agree on; raises StoreDamaged."""
        status, document = run_tool([self.stele, "check", "--json", image])
        if status != 0 or not document["clean"]:
            text = f"stele check: exit {status}, {json.dumps(document)[:800]}"
            raise StoreDamaged(text, document.get("generation"))
        newest = document["generation"]
        status, other = run_tool([sys.executable, self.reader, "--json", image])
        if status != 0 or other["generation"] != newest:
            text = f"independent reader: exit {status}, newest {other.get('generation')}; stele: {newest}"
            raise StoreDamaged(text)
        processes, live = len(other["processFrames"]), len(other["liveProcesses"])
        if processes != document["processes"]:
            text = f"independent reader: {processes} processes; stele: {document['processes']}"
            raise StoreDamaged(text, newest)
        return StoreState(newest, document["tornNewest"], processes, live)


class ToyWorld:
    """The toy guest; the campaign's own test breaks it in several ways."""
    speakers = ("counter",)
    starts = ("direct",)

    def __init__(self, bug="none"):
        self.bug = bug

    def missing(self):
        return []

    def format(self, image):
        toy_guest.format_image(image)

    def machine(self, disk, _):
        command = [sys.executable, str(HERE / "toy_guest.py"), "--bug", self.bug, "--disk", str(disk[1])]
        return command, lambda serial, _: ["--serial", str(serial)]

    def check(self, image):
        data = Path(image).read_bytes()
        found = toy_guest.recover(lambda offset, length: data[offset:offset + length])
        if found is None:
            raise StoreDamaged("no whole slot")
        return StoreState(found[0], found[2], toy_guest.PROCESSES, toy_guest.PROCESSES)
