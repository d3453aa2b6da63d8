#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the demonstration as a user does, and with --break, where its oracle must say that state was lost."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = "build"


def run_demo(*arguments):
    with tempfile.TemporaryDirectory(prefix="stele-demo-test-") as folder:
        command = [sys.executable, HERE / "demo.py", "--build", BUILD, "--store", Path(folder) / "demo.img"]
        result = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=240)
    return result.returncode, result.stdout + result.stderr


class DemoTest(unittest.TestCase):
    def test_the_demo_succeeds(self):
        status, output = run_demo()
        self.assertEqual(status, 0, output)
        self.assertIn("demo: PASS", output)

    def test_a_store_that_forgets_is_noticed(self):
        status, output = run_demo("--break")
        self.assertEqual(status, 1, output)
        self.assertIn("demo: FAIL (lost state): ", output)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = sys.argv.pop(1)
    unittest.main()
