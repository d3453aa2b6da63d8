#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that get memory for themselves, seen from outside: they go on after a cut, and a keeper leaves
faults alone that are none of its own."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import system_files
from machine import Machine, console_arguments, qemu_command
from worlds import SOURCE

BUILD = Path("build")
SYSTEM = SOURCE / "images" / "life.toml"
STRAY = """
# Its given stack is smaller than the keeper supposes: it faults where no stack is grown.
[[process]]
name = "stray"
program = "deep"
keeper = "stack"
priority = 4
capabilities = [
    { slot = 1, type = "entry", target = "console" },
    { slot = 2, type = "clock" },
    { slot = 4, type = "entry", target = "stack" },
]
"""
PROCESS_HEAP = """
[[heap]]
name = "processes"
type = "process"
"""


def with_processes(text):
    """The same description with a bank that sells processes, too, and a grower that buys them."""
    for before, after in (
            ('    { slot = 8, type = "heap", ', '    { slot = 7, type = "heap", target = "processes" },\n'
                                               '    { slot = 8, type = "heap", '),
            ('program = "grower"\n', 'program = "grower"\nargument = 1\n')):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text + PROCESS_HEAP


class LifeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stele-life-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = self.folder / "life.img"

    def stele(self, *words):
        command = [BUILD / "disk-tools" / "stele", *words]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def format(self, system):
        self.stele("format", self.store, "--size", "64M", "--system", system)

    def boot(self):
        command = qemu_command(self.store, kernel=BUILD / "kernel" / "stele-kernel.elf",
                               resident=BUILD / "images" / "resident.img", words="interval=10 lines=10 ack")
        machine = Machine(command, self.folder, arguments=console_arguments)
        self.addCleanup(machine.close)
        return machine

    def commit(self, machine):
        """Waits until what is true now is in the store: the snapshot after the one under way."""
        for _ in range(3):
            machine.wait_for(r"^\[stele\] generation \d+ committed", 60)

    def test_everybody_goes_on_after_a_cut(self):
        self.format(SYSTEM)
        first = self.boot()
        before = {}
        for program, pattern in (("deep", r"^deep: (\d+) descents, ok"),
                                 ("grower", r"^grower: \d+ pages, round (\d+), ok"),
                                 ("space-bank", r"^space-bank: (\d+) created")):
            before[program] = int(first.wait_for(pattern, 60)[1])
        self.commit(first)
        first.kill()
        self.stele("check", self.store)
        second = self.boot()
        second.wait_for(r"^\[stele\] restored generation", 60)
        # The bank refuses (account 1 is used up), the grower shrinks to nothing and grows again.
        second.wait_for(r"^grower: 0 pages, round \d+, ok", 60)
        again = int(second.wait_for(r"^grower: 16 pages, round (\d+), ok", 60)[1])
        self.assertGreater(again, before["grower"])
        self.assertGreater(int(second.wait_for(r"^deep: (\d+) descents, ok", 60)[1]), before["deep"])
        created, live, freed = map(int, second.wait_for(
            r"^space-bank: (\d+) created, (\d+) live, (\d+) freed$", 60).groups())
        self.assertGreater(created, before["space-bank"])
        self.assertEqual(created, live + freed)

    def test_a_bank_sells_processes(self):
        system = self.folder / "processes.toml"
        system.write_text(with_processes(system_files.text_of(SYSTEM)))
        self.format(system)
        machine = self.boot()
        # Each time it has shrunk to nothing, it has bought a process and given it back.
        for _ in range(3):
            machine.wait_for(r"^grower: 0 pages, round \d+, ok", 60)
        self.commit(machine)
        machine.kill()
        self.stele("check", self.store)

    def test_a_keeper_gives_up_what_is_not_its_stack(self):
        system = self.folder / "stray.toml"
        system.write_text(system_files.text_of(SYSTEM) + STRAY)
        self.format(system)
        machine = self.boot()
        address = int(machine.wait_for(r"^stack-keeper: given up: fault 3 at 0x([0-9a-f]+): invalid_address",
                                       60)[1], 16)
        self.assertTrue(0x7efffffe0000 <= address < 0x7effffff0000, hex(address))
        # The one whose stack it keeps is served as before.
        machine.wait_for(r"^deep: \d+ descents, ok", 60)
        machine.wait_for(r"^deep: \d+ descents, ok", 60)
        self.commit(machine)
        machine.kill()
        document = json.loads(self.stele("ps", self.store, "--json"))
        states = {p["name"]: p["state"] for p in document["processes"]}
        self.assertTrue(states["stray"].startswith("reported"), states)

    def test_a_fault_that_nobody_keeps_is_told_in_a_whole_line(self):
        system = self.folder / "unkept.toml"
        system.write_text(system_files.text_of(SYSTEM) + STRAY.replace('keeper = "stack"\n', ""))
        self.format(system)
        # The kernel's line comes by way of its ring and the console, in the midst of other programs' lines.
        self.boot().wait_for(r"^\[kernel\] process 0x[0-9a-f]+ 'stray' faulted: [a-z -]+ at 0x[0-9a-f]+, "
                             r"rip 0x[0-9a-f]+$", 60)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    unittest.main()
