#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/features.md and docs/rules.md: a row for each feature and rule, and every test, case and planted bug
that they name is there."""

import argparse
import fnmatch
import re
import sys
import unittest
from pathlib import Path

ARGUMENTS = None


def rows(name):
    """Cells of the table rows that begin with F1, R1 or the like."""
    text = (Path(ARGUMENTS.source) / "docs" / name).read_text().replace("\\*", "*")
    lines = [line for line in text.splitlines() if re.match(r"\| [FR]\d+ \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Asked for its list, CTest would begin the log of the run anew in which this test is.
        listed = (path.read_text() for path in Path(ARGUMENTS.build).rglob("CTestTestfile.cmake"))
        cls.tests = {name for text in listed
                     for name in re.findall(r"^add_test\((?:\[=*\[)?(\w+)", text, re.MULTILINE)}
        cls.sources = "\n".join(path.read_text() for suffix in ("cpp", "py")
                                for path in (Path(ARGUMENTS.source) / "tests").rglob("*." + suffix))

    def check_tests(self, name, cell):
        """`ctest_name`, Suite.Case with a closing star perhaps, a_case_in_small_letters, "a-workload"."""
        for test in re.findall(r"`([a-z0-9_*]+)`", cell):
            self.assertTrue(fnmatch.filter(self.tests, test), f"{name}: no test {test}")
        for suite, case in re.findall(r"\b([A-Z]\w+)\.(\w*\*?)", cell):
            pattern = rf"\({suite}, {re.escape(case.rstrip('*'))}"
            self.assertRegex(self.sources, pattern if case.endswith("*") else pattern + r"\)", name)
        for case in re.findall(r"(?<![`\w.])[a-z]+(?:_[a-z0-9]+)+\b(?![`*.])", re.sub(r"`[^`]*`", "", cell)):
            self.assertIn(case, self.sources, name)
        for workload in re.findall(r'"([a-z0-9-]+)"', cell):  # of the crash enumeration
            self.assertIn(f'{{"{workload}", ', self.sources, name)

    def test_features(self):
        table = rows("features.md")
        self.assertEqual([row[0] for row in table], [f"F{number}" for number in range(1, 27)])
        for number, _, shown, _, missing in table:
            self.assertTrue(shown or missing, number)
            self.check_tests(number, shown)

    def test_rules(self):
        table = rows("rules.md")
        self.assertEqual(sorted(int(row[0][1:]) for row in table), list(range(1, 39)))
        for number, _, test, bugs, missing in table:
            self.assertTrue(test or missing, number)
            self.assertTrue(bugs or "bug" in missing or missing.startswith("all")
                            or "`--at`" in missing, f"{number} neither has a planted bug nor says so")
            self.check_tests(number, test)
            for bug in filter(None, bugs.split(", ")):
                patch = Path(ARGUMENTS.source) / "tests/mutants" / f"{bug}.patch"
                self.assertIn(f"Rule: {number}", patch.read_text().splitlines()[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("source", "build"):
        parser.add_argument("--" + name, required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
