#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench measures: a quick run on real machines, of which every figure must be there.
usage: smoke_test.py BUILD"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = sys.argv.pop()


class QuickRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "bench.json"
            names = ("calls", "stops", "wall", "start", "restart")
            steps = [word for name in names for word in ("--only", name)]
            bench = Path(__file__).parent / "bench.py"
            command = [sys.executable, "-B", bench, "--build", BUILD, "--quick", *steps, "--json", file]
            cls.result = subprocess.run(command, capture_output=True, text=True)
            cls.document = json.loads(file.read_text()) if file.exists() else {}
        cls.values = cls.document.get("values", {})

    def test_the_table_is_printed(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr)
        self.assertIn("TCG", self.result.stdout)
        for word in ("P1 ", "P1c", "P18", "P21", "F1 ", "F2 ", "F4 ", "F5 ", "F10"):
            self.assertIn(f"\n{word}", self.result.stdout)

    def test_every_figure_of_a_quick_run_is_there(self):
        missing = [f"{entry['what']}: {entry['why']}" for entry in self.document["figures"]
                   if entry["measured"] is None and entry["why"] != "not part of this run"]
        self.assertEqual(missing, [])
        found = {entry["figure"] for entry in self.document["figures"] if entry["measured"] is not None}
        wanted = {"P1", "P1c", "P6", "P15", "P18", "P21", "F1", "F2", "F2a", "F2b", "F2c", "F3", "F4", "F5",
                  "F6", "F6a", "F7", "F8", "F10", "F13", "F14", "F15"}
        self.assertLessEqual(wanted, found)

    def test_parts_are_shorter_than_their_wholes(self):
        def median(name):
            return self.values[f"{name}-instructions"][0]
        self.assertLess(median("one-way"), median("round-trip"))
        self.assertLess(median("two-yields-alone"), median("yields-there-and-back"))
        self.assertLess(median("kept-fault"), median("kept-fault-mapped"))
        self.assertLess(median("mutation-second"), median("mutation-settled"))
        self.assertLess(median("mutation-settled"), median("mutation-first"))

    def test_instructions_are_what_is_counted(self):
        self.assertEqual(self.values["known-instructions"], [1000, 1000])

    def test_users_run_while_a_snapshot_is_written(self):
        self.assertGreater(self.values["user-us-in-flight-64"], 0)

    def test_a_commit_has_one_flush_by_both_counts(self):
        # Ten commits; once in a quiet second the store flushes a root slot, too.
        for name in ("flushes-per-commit-64", "migrator-flushes-per-commit-64"):
            self.assertIn(self.values[name], (1, 1.1), name)

    def test_few_frames_are_read_before_the_first_instruction(self):
        self.assertIn(self.values["fetches-10000"], range(1, 33))


if __name__ == "__main__":
    unittest.main()
