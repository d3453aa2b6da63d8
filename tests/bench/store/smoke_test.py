#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The store's bench measures: a tiny run of every step, of which the figures must be there.
usage: smoke_test.py BUILD"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = sys.argv.pop()


class TinyRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # In the build: a file system in memory may not know O_DIRECT.
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            file, plot = Path(folder) / "bench.json", Path(folder) / "plot.svg"
            bench = Path(__file__).parent / "store_bench.py"
            command = [sys.executable, "-B", bench, "--build", BUILD, "--tiny",
                       "--folder", Path(folder) / "files", "--json", file, "--plot", plot]
            cls.result = subprocess.run(command, capture_output=True, text=True, check=False)
            cls.document = json.loads(file.read_text()) if file.exists() else {}
            cls.plot = plot.read_text() if plot.exists() else ""

    def value(self, *path):
        found = self.document["values"]
        for name in path:
            self.assertNotIsInstance(found, str, f"{path}: {found}")
            found = found[name]
        return found

    def test_the_tables_are_printed(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr)
        for word in ("P10N", "P14", "P17", "P22", "P25", "PAGES A COMMIT"):
            self.assertIn(word, self.result.stdout)

    def test_the_engine_ran_in_every_step(self):
        for step in ("race", "throughput"):
            for heat in self.value(step):
                self.assertGreater(heat["sides"]["stele"]["commitsPerSecond"], 0)
        self.assertGreater(self.value("stream", "engine", "median"), 0)
        self.assertGreater(self.value("migrating", "folds"), 0)
        self.assertGreater(self.value("long-run", "uniform", "laps"), 0)
        self.assertEqual(self.value("recovery", 0, "entries"), 2000)
        self.assertGreater(self.value("recovery", 0, "sectorsRead"), 0)
        self.assertGreater(self.value("check", "memoryMiB"), 0)

    def test_bytes_are_those_of_the_format(self):
        # A frame, its entry in two directories, two records: counted, not timed, and the same everywhere.
        one = self.value("costs", "commits", 0)
        self.assertEqual(one["flushesPerCommit"], 1)
        self.assertEqual(one["bytesPerByte"], 1.5)
        self.assertLessEqual(self.value("costs", "bytesPerZeroPage"), 40)
        self.assertLessEqual(self.value("costs", "bytesPerUnchangedPage"), 40)

    def test_the_device_saw_every_byte_of_the_engine(self):
        for heat in self.value("race"):
            self.assertGreater(heat["sides"]["stele"]["ownBytesPerByte"], 1.0)

    def test_the_long_run_is_drawn(self):
        self.assertIn("polyline", self.plot)
        self.assertIn("uniform random", self.plot)


if __name__ == "__main__":
    unittest.main()
