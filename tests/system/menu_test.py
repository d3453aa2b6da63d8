#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Through GRUB: the entries of its menu, chosen by keys on the serial line. The menu that the build makes
does not wait; the one here is the same but for that."""
import json
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from machine import Machine, console_arguments, qemu_command
from worlds import SOURCE

BUILD = Path("build")
SYSTEM = SOURCE / "images" / "demo.toml"
NEXT_ENTRY = b"\x0e"  # Ctrl-N; the arrow is three bytes, which a slow firmware may tear apart
PATIENCE = 120


def stele(*words):
    command = [BUILD / "disk-tools" / "stele", *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                          check=True).stdout


def make_waiting_menu(folder):
    """The boot image whose menu waits for a key, and whose machine commits on request only."""
    files = folder / "files"
    shutil.copytree(BUILD / "images" / "stele-iso.files", files)
    config = files / "boot" / "grub" / "grub.cfg"
    text = config.read_text()
    for before, after in (("set timeout=0\n", "set timeout=-1\n"),
                          ("stele-kernel.elf ", "stele-kernel.elf interval=0 ")):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    config.write_text(text)
    iso = folder / "menu.iso"
    subprocess.run(["cmake", "-D", f"iso={iso}", "-D", f"folder={files}", "-P",
                    str(SOURCE / "cmake" / "make_iso.cmake")], check=True, capture_output=True, timeout=120)
    return iso


class MenuTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stele-menu-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.iso = make_waiting_menu(cls.folder)
        cls.store = cls.folder / "menu.img"
        stele("format", cls.store, "--size", "64M", "--system", SYSTEM)

    def choose(self, steps):
        """Starts the machine and takes the entry that stands `steps` below the first."""
        machine = Machine(qemu_command(self.store, iso=self.iso), self.folder, arguments=console_arguments)
        self.addCleanup(machine.close)
        self.wait_for_text(machine, "Stele, one checkpoint back")
        machine.send(NEXT_ENTRY * steps + b"\r")
        return machine

    def wait_for_text(self, machine, text):
        """A menu is drawn without line ends."""
        end = time.monotonic() + PATIENCE
        while text not in "\n".join([*machine.lines, machine.partial.decode("utf-8", "replace")]):
            if machine.closed or time.monotonic() > end:
                raise machine.error(f"did not show {text!r}")
            machine.pump(end - time.monotonic())

    def generations(self):
        """Counters of the checkpoints that can be read, newest first."""
        document = json.loads(stele("history", self.store, "--json"))
        return [checkpoint["generation"] for checkpoint in document["checkpoints"]]

    def test_each_entry_does_what_it_says(self):
        machine = self.choose(0)
        machine.wait_for(r"\[stele\] restored generation", PATIENCE)
        for _ in range(3):
            machine.wait_for("^counter: ", PATIENCE)
            machine.send_line("checkpoint")
            machine.wait_for(r"^\[stele\] generation \d+ committed.*, requested$", PATIENCE)
        machine.kill()
        newest, previous = self.generations()[:2]
        machine = self.choose(1)
        self.assertEqual(int(machine.wait_for(r"\[stele\] held generation (\d+)", PATIENCE)[1]), newest)
        machine.send_line("off")
        machine.wait_for(r"^\[stele\] off$", PATIENCE)
        machine.wait_exit(PATIENCE)
        self.assertFalse([line for line in machine.lines if line.startswith("counter: ")])
        self.assertEqual(self.generations()[0], newest)
        machine = self.choose(2)
        self.assertEqual(int(machine.wait_for(r"\[stele\] restored generation (\d+)", PATIENCE)[1]), previous)
        machine.wait_for("^counter: ", PATIENCE)
        machine.kill()
        self.assertEqual(self.generations()[0], previous)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    unittest.main()
