#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The campaign tested on a toy: a good toy passes, each broken one is caught; and the oracle by itself."""
import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path

import campaign
from oracle import LostState, Oracle, WrongState
from worlds import ToyWorld

PROGRAM = Path(os.environ.get("STELE_FORGETTING_DISK", "forgetting-disk"))


def run_campaign(bug, cuts, *arguments, seed=6):
    """Exit status, kinds of failure, output."""
    with tempfile.TemporaryDirectory() as failures:
        words = ["--cuts", str(cuts), "--seed", str(seed), "--failures", failures, *arguments]
        options = campaign.parse(words)
        kinds, output = [], io.StringIO()
        with contextlib.redirect_stdout(output):
            status = campaign.run(options, ToyWorld(bug), PROGRAM)
    for line in output.getvalue().splitlines():
        if "FAILED (" in line:
            kinds.append(line.split("FAILED (")[1].split(")")[0])
    return status, kinds, output.getvalue()


class ToyCampaignTest(unittest.TestCase):
    def test_a_good_toy_passes_and_its_cuts_bite(self):
        status, _, output = run_campaign("none", 20)
        self.assertEqual(status, 0, output)

    def assert_caught(self, bug, *expected):
        status, kinds, output = run_campaign(bug, 20, "--until-failure")
        self.assertEqual(status, 1, output)
        self.assertTrue(set(kinds) & set(expected), output)
        self.assertIn("--replay", output)

    def test_no_flush_loses_acknowledged_checkpoints(self):
        self.assert_caught("no-flush", "lost", "damaged")

    def test_acknowledged_too_early(self):
        self.assert_caught("early-ack", "lost")

    def test_frames_of_the_newest_record_not_verified(self):
        self.assert_caught("trust-record", "wrong")

    def test_restarts_at_an_older_checkpoint(self):
        self.assert_caught("stale", "lost")

    def test_right_number_but_old_content(self):
        self.assert_caught("old-content", "lost")

    def test_failed_self_check(self):
        self.assert_caught("self-check", "wrong")


class OracleTest(unittest.TestCase):
    def feed(self, oracle, *lines):
        for line in lines:
            oracle.observe(line)

    def boot(self, oracle, boot, generation):
        oracle.begin_boot()
        self.feed(oracle, f"[stele] boot {boot}, 64 MiB memory",
                  f"[stele] restored generation {generation}, 4 processes")

    def acknowledge(self, oracle, *generations):
        for number in generations:
            self.feed(oracle, f"[stele] generation {number} committed, 5 frames, age 3 ms")

    def test_a_line_is_certain_two_generations_later(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "counter: 10")
        self.acknowledge(oracle, 2)
        self.feed(oracle, "counter: 20")
        self.acknowledge(oracle, 3)
        self.boot(oracle, 2, 4)  # contains what came before the line of 2
        self.feed(oracle, "counter: 10")
        oracle = Oracle(**{**vars(oracle), "seen": {}})
        self.boot(oracle, 3, 5)
        with self.assertRaises(LostState):
            self.feed(oracle, "counter: 9")

    def test_notes(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "notepad: end, 0 lines")
        for text in ("a b", "c", "d"):
            oracle.will_type(text)
        self.feed(oracle, "notepad: 1: a b", "notepad: 2: c")
        self.acknowledge(oracle, 2, 3, 4)
        self.boot(oracle, 2, 4)
        self.feed(oracle, "notepad: 1: a b", "notepad: 2: c", "notepad: end, 2 lines")
        self.assertEqual(oracle.notes, ["a b", "c"])
        self.assertEqual(oracle.certain_notes, 2)
        self.boot(oracle, 3, 4)
        with self.assertRaises(LostState):
            self.feed(oracle, "notepad: 1: a b", "notepad: end, 1 lines")
        self.boot(oracle, 4, 4)
        with self.assertRaises(LostState):
            self.feed(oracle, "notepad: 2: C")

    def test_a_later_boots_generation_makes_nothing_of_an_earlier_boot_certain(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "counter: 5")
        self.acknowledge(oracle, 2, 3, 4)
        self.feed(oracle, "counter: 10")
        self.acknowledge(oracle, 5)  # 10 is certain in 7
        oracle.check_store(5, 4, 4)  # ... which this boot did not come to
        oracle.begin_boot()          # cut before it said anything, but it wrote 7
        oracle.check_store(7, 4, 4)
        self.boot(oracle, 3, 7)
        self.assertEqual(oracle.floors["counter"], 5)
        self.feed(oracle, "counter: 6")

    def test_a_listing_caught_half_way_is_not_believed(self):
        oracle = Oracle(notes=["a", "b"])
        self.boot(oracle, 1, 1)
        self.feed(oracle, "notepad: 2: b", "notepad: end, 2 lines")
        self.assertFalse(oracle.notes_known)
        self.feed(oracle, "notepad: 1: a", "notepad: 2: b", "notepad: end, 2 lines")
        self.assertTrue(oracle.notes_known)

    def test_a_sum_that_changes_is_wrong(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "clearing: 50 transfers, total 2000, ok, 3 refused")
        self.boot(oracle, 2, 1)
        self.feed(oracle, "clearing: 50 transfers, total 2000, ok, 2 refused")
        with self.assertRaises(WrongState):
            self.feed(oracle, "clearing: 100 transfers, total 2010, ok, 5 refused")

    def test_a_token_that_repeats_is_wrong_and_one_that_steps_back_is_lost(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "token: 63")
        self.acknowledge(oracle, 2, 3, 4)
        self.boot(oracle, 2, 4)
        self.feed(oracle, "token: 63")  # printed again: its console was of the earlier boot
        with self.assertRaises(WrongState):
            self.feed(oracle, "token: 63")
        self.boot(oracle, 3, 4)
        with self.assertRaises(LostState):
            self.feed(oracle, "token: 62")

    def test_books_that_do_not_balance_are_wrong(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "space-bank: 30 created, 20 live, 10 freed")
        with self.assertRaises(WrongState):
            self.feed(oracle, "space-bank: 31 created, 20 live, 10 freed")

    def test_a_grower_that_runs_a_round_again_is_lost_or_wrong(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        self.feed(oracle, "grower: 16 pages, round 7, ok", "deep: 12 descents, ok")
        self.acknowledge(oracle, 2, 3, 4)
        self.boot(oracle, 2, 4)
        self.feed(oracle, "grower: 16 pages, round 7, ok")  # printed again, its number no smaller
        with self.assertRaises(LostState):
            self.feed(oracle, "deep: 8 descents, ok")
        with self.assertRaises(WrongState):
            self.feed(oracle, "grower: 16 pages, round 7, ok")

    def test_a_fault_of_a_persistent_process_is_wrong(self):
        with self.assertRaises(WrongState):
            self.feed(Oracle(), "[kernel] process 0x12 'teller-a' faulted: divide_error at 0x0, rip 0x400000")
        self.feed(Oracle(), "[kernel] process 0x12 'migrator' faulted: divide_error at 0x0, rip 0x400000")

    def test_boot_numbers_are_never_used_again(self):
        oracle = Oracle()
        self.boot(oracle, 5, 1)
        with self.assertRaises(LostState):
            self.boot(oracle, 5, 1)

    def test_processes_do_not_vanish(self):
        oracle = Oracle()
        self.boot(oracle, 1, 1)
        oracle.check_store(2, 9, 4)
        oracle.begin_boot()
        with self.assertRaises(LostState):
            self.feed(oracle, "[stele] restored generation 2, 3 processes")
        oracle.begin_boot()
        self.feed(oracle, "[stele] restored generation 2, 4 processes")
        with self.assertRaises(LostState):
            oracle.check_store(3, 8, 4)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = Path(sys.argv.pop(1))
    unittest.main()
