#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How lines become figures and figures a table; no machine is started."""
import tomllib
import unittest

import descriptions
from figures import FIGURES, Figure, difference, two_switches, verdict
from measurements import STEPS, of_calls
from report import cell, evaluate, summary, table
from stand import NotMeasured, parse_line


def row(**changes):
    return Figure(**{"number": "X1", "what": "something", "unit": "us", "step": "calls",
                     "measured": lambda values: values["x"], "bar": 10, "summit": 5} | changes)


class Lines(unittest.TestCase):
    def test_a_line_is_a_name_and_numbers(self):
        self.assertEqual(parse_line("[log] bench: round-trip median=12 p99=30 least=11"),
                         ("round-trip", {"median": 12, "p99": 30, "least": 11}))

    def test_a_failure_is_no_figure(self):
        with self.assertRaisesRegex(NotMeasured, "makeEntry: no_right"):
            parse_line("bench: round-trip failed: makeEntry: no_right")

    def test_a_difference_is_of_medians(self):
        values = {"long": (12, 90), "short": (10, 11)}
        self.assertEqual(difference("long", "short")(values), 2)
        with self.assertRaisesRegex(NotMeasured, "not part of this run"):
            difference("long", "other")(values)

    def test_a_switch_that_costs_nothing_is_no_figure(self):
        values = {"yields-there-and-back-us": (8, 8), "two-yields-alone-us": (2, 3)}
        self.assertEqual(two_switches(values), 6)
        with self.assertRaises(NotMeasured):
            two_switches(values | {"two-yields-alone-us": (8, 8)})

    def test_a_missing_or_failed_call_is_told(self):
        found = dict(of_calls({"a": {"median": 1, "p99": 2}, "b": NotMeasured("b broke")}, ["a", "b", "c"]))
        self.assertEqual(found["a"], (1, 2))
        self.assertEqual(str(found["b"]), "b broke")
        self.assertIsInstance(found["c"], NotMeasured)


class Verdicts(unittest.TestCase):
    def test_smaller_is_better(self):
        verdicts = [verdict(row(), number) for number in (5, 5.1, 10, 10.1)]
        self.assertEqual(verdicts, ["summit", "bar", "bar", "no"])

    def test_larger_is_better_where_it_says_so(self):
        progress = row(bar=1, summit=None, at_least=True)
        self.assertEqual([verdict(progress, number) for number in (0, 1)], ["no", "bar"])

    def test_no_target_no_verdict(self):
        self.assertEqual(verdict(row(bar=None, summit=None), 3), "")

    def test_every_figure_says_why_it_is_missing(self):
        for figure in FIGURES:
            entry = evaluate(figure, {})
            self.assertEqual(entry["reached"], "not measured", figure.what)
            self.assertEqual(entry["why"], "not part of this run")
            self.assertIn(figure.step, STEPS)


class Table(unittest.TestCase):
    def test_cells_have_unit_and_percentile(self):
        self.assertEqual(cell(evaluate(row(), {"x": (4.25, 9)})), "4.25 (p99 9) us")

    def test_a_long_reason_does_not_widen_the_table(self):
        entries = [evaluate(row(measured=lambda _: (_ for _ in ()).throw(NotMeasured("w" * 200))), {}),
                   evaluate(row(), {"x": 1})]
        self.assertLess(len(table(entries).splitlines()[2]), 150)

    def test_the_summary_counts_each_row_once(self):
        entries = [evaluate(row(), {"x": x}) for x in (1, 7, 70)]
        entries.append(evaluate(row(bar=None, summit=None), {"x": 1}))
        self.assertEqual(summary(entries), "1 at the summit, 1 over the bar, 1 not reached, 0 not measured, "
                                           "1 without a target")


class Descriptions(unittest.TestCase):
    def test_dirty_pages_are_shared_out(self):
        for dirty in (1, 64, 1024):
            system = tomllib.loads(descriptions.checkpoints(dirty))
            spinners = [each for each in system["process"] if each["program"] == "bench-spinner"]
            self.assertEqual(len(spinners), min(8, dirty))
            self.assertEqual(sum(each["argument"] for each in spinners), dirty)
            mapped = sum(part.get("pages", 1) for each in spinners for part in each["map"])
            self.assertEqual(mapped, dirty)

    def test_all_of_the_memory_is_mapped(self):
        text = descriptions.checkpoints(64, sleepers=8, sleeper_pages=8192, shared_pages=512)
        system = tomllib.loads(text)
        sleepers = [each for each in system["process"] if each["program"] == "bench-sleeper"]
        mapped = {part["address"] + page * 4096 for part in sleepers[7]["map"]
                  for page in range(part.get("pages", 1))}
        first = descriptions.PAGES_ADDRESS
        self.assertEqual(mapped, set(range(first, first + 8192 * 4096, 4096)))
        self.assertEqual(len(sleepers) * len(mapped) * 4096, 256 << 20)

    def test_all_parse(self):
        for text in (descriptions.checkpoints(64, sleepers=3, sleeper_pages=5), descriptions.gap(64, 100),
                     descriptions.filler(10), descriptions.sleepers(4), descriptions.age(64, 100)):
            self.assertTrue(tomllib.loads(text)["process"])


if __name__ == "__main__":
    unittest.main()
