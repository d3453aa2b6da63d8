#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts from outside: QEMU logs what a machine writes (blklogwrites) while it boots and makes checkpoints;
every disk that a cut could have left is made from that log and must recover. Needs no word from the machine
but that it commits. The log of a run that failed is kept, with the line that replays it.

    write_log_test.py BUILD [CHECKPOINTS [SAMPLES]]"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from machine import Machine, qemu_command
from worlds import SOURCE

BUILD = Path("build")
CHECKPOINTS, SAMPLES = 16, 4
PATIENCE = 120
REPLAY_SECONDS = 1000
NAMES = ("writes", "flushes", "checkpoints", "cuts", "states", "distinct", "torn", "later than acknowledged",
         "booted", "violations")
SUMMARY = re.compile(",? ".join(rf"(\d+) {name}" for name in NAMES).replace("flushes,?", "flushes:"))


class WriteLogTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stele-write-log-"))
        self.store = self.folder / "store.img"
        command = [BUILD / "disk-tools" / "stele", "format", self.store, "--size", "16M",
                   "--system", SOURCE / "images" / "demo.toml"]
        subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=60)

    def boot(self, number, checkpoints):
        """A machine that makes checkpoints and loses its plug; the disk before it, and its log."""
        start, log = self.folder / f"start{number}.img", self.folder / f"log{number}"
        shutil.copyfile(self.store, start)
        log.write_bytes(b"")
        command = qemu_command(self.store, kernel=BUILD / "kernel" / "stele-kernel.elf",
                               resident=BUILD / "images" / "resident.img", words="interval=20 ack",
                               write_log=log)
        machine = Machine(command, self.folder, name=f"boot {number}")
        try:
            for _ in range(checkpoints):
                machine.wait_for(r"^\[stele\] generation \d+ committed", PATIENCE)
            machine.kill()
        finally:
            machine.close()
        return start, log

    def replay(self, start, log, checkpoints):
        program = BUILD / "tests" / "faults" / "replay-write-log"
        command = [program, start, log, "1", str(SAMPLES)]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                timeout=REPLAY_SECONDS)
        print(result.stdout.strip())
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        facts = dict(zip(NAMES, map(int, SUMMARY.search(result.stdout).groups())))
        self.assertEqual(facts["violations"], 0)
        self.assertGreaterEqual(facts["checkpoints"], checkpoints)
        # Two root slots at boot, and one flush a commit: without them QEMU would have logged none.
        self.assertGreaterEqual(facts["flushes"], 2 + checkpoints)
        for name, least in (("writes", 2), ("states", 100), ("distinct", 20), ("torn", 10),
                            ("later than acknowledged", 1)):
            self.assertGreater(facts[name], least * checkpoints, result.stdout)
        self.assertGreater(facts["booted"], 1, result.stdout)

    def test_every_cut_in_the_log_of_a_boot_recovers(self):
        self.replay(*self.boot(1, CHECKPOINTS), CHECKPOINTS)
        # The store has a past now, and a newest checkpoint that no root slot knows.
        self.replay(*self.boot(2, CHECKPOINTS // 2), CHECKPOINTS // 2)
        shutil.rmtree(self.folder)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    if len(sys.argv) > 1:
        CHECKPOINTS = int(sys.argv.pop(1))
    if len(sys.argv) > 1:
        SAMPLES = int(sys.argv.pop(1))
    unittest.main()
