#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Started by UEFI: the firmware puts the disk's registers far above 4 GiB and describes memory its own way.
The machine runs, loses its plug, and goes on; also with words for the kernel, and with as much memory as
there may be."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from machine import Machine
from worlds import SOURCE

BUILD = Path("build")
SYSTEM = SOURCE / "images" / "demo.toml"
PATIENCE = 150


def stele(*words):
    command = [BUILD / "disk-tools" / "stele", *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                          check=True).stdout


class UefiTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stele-uefi-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = self.folder / "uefi.img"
        stele("format", self.store, "--size", "64M", "--interval", "0", "--system", SYSTEM)

    def boot(self, *options):
        command = [BUILD / "disk-tools" / "stele", "boot", self.store, *options]
        machine = Machine(command, self.folder, arguments=None)
        self.addCleanup(machine.close)
        return machine

    def pull_the_plug(self, machine):
        stele("kill", self.store)
        machine.wait_exit(PATIENCE)

    def restored(self, machine):
        return int(machine.wait_for(r"\[stele\] restored generation (\d+)", PATIENCE)[1])

    def count(self, machine):
        return int(machine.wait_for(r"^counter: (\d+)", PATIENCE)[1])

    def commit(self, machine):
        machine.send_line("checkpoint")
        said = machine.wait_for(r"^\[stele\] generation (\d+) committed.*, requested$", PATIENCE)
        return int(said[1])

    def test_it_goes_on_after_the_plug_was_pulled(self):
        machine = self.boot("--uefi")
        self.restored(machine)
        # A number that was printed before the checkpoint is in it.
        reached = max(self.count(machine) for _ in range(2))
        generation = self.commit(machine)
        self.assertTrue([line for line in machine.lines if re.search("BdsDxe|UEFI", line)], "no UEFI")
        self.pull_the_plug(machine)
        machine = self.boot("--uefi", "--memory", "4096")
        self.assertEqual(self.restored(machine), generation)
        first = self.count(machine)
        self.assertGreaterEqual(first, reached)
        self.assertGreater(self.count(machine), first)
        generation = self.commit(machine)
        self.pull_the_plug(machine)
        # And by the BIOS from the same store.
        machine = self.boot()
        self.assertEqual(self.restored(machine), generation)
        self.assertGreaterEqual(self.count(machine), first)
        self.pull_the_plug(machine)
        self.assertIn("clean", stele("check", self.store))

    def test_words_reach_the_kernel(self):
        machine = self.boot("--uefi", "--hold")
        machine.wait_for(r"\[stele\] held generation", PATIENCE)
        machine.send_line("off")
        machine.wait_for(r"^\[stele\] off$", PATIENCE)
        machine.wait_exit(PATIENCE)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    unittest.main()
