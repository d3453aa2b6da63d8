#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time travel: pin, unpin, rollback, references, boot --at and boot --fork; in a store whose checkpoints were
made without a machine, and in one that a machine wrote."""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ARGUMENTS = None
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import schema  # noqa: E402
from golden_test import make_program  # noqa: E402

DONE, DIFFERENT, FAILED, USAGE = 0, 1, 8, 16
SEED = 20261129
ROUNDS = 12


def stele(*words, seconds=200, **options):
    return subprocess.run([ARGUMENTS.stele, *map(str, words)], capture_output=True, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL, **options)


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Travel(unittest.TestCase):
    def done(self, *words, code=DONE):
        result = stele(*words)
        self.assertEqual(result.returncode, code, f"{words}: {result.stdout}{result.stderr}")
        return result.stdout

    def document(self, *words):
        return schema.validate_document(self.done(*words, "--json"))[1]

    def history(self, store, *words):
        return self.document("history", store, *words)["checkpoints"]

    def refused(self, result, code, word, *parts):
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stdout + result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2, result.stderr)
        self.assertTrue(lines[0].startswith(f"stele: error[{word}]: "), lines[0])
        for part in parts:
            self.assertIn(part, lines[0])

    def clean(self, store):
        self.done("check", store)


class Forged(Travel):
    """Round r wrote "round r" to forty pages; each round is a checkpoint."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        make_program(cls.folder / "spin.elf")
        cls.good = cls.folder / "good.img"
        made = stele("format", cls.good, "--size", "32M", "--system", HERE / "golden/system.toml",
                     "--programs", cls.folder)
        assert made.returncode == DONE, made.stderr
        cls.fill(cls.good, ROUNDS)

    @classmethod
    def fill(cls, store, rounds, frames=40):
        filled = subprocess.run([ARGUMENTS.fill, store, str(rounds), str(frames), str(SEED)],
                                capture_output=True, text=True, timeout=200)
        assert filled.returncode == 0, filled.stderr

    def setUp(self):
        self.store = self.folder / "work.img"
        shutil.copyfile(self.good, self.store)

    def round_at(self, reference):
        """What a page says at a checkpoint; 0: it was not there yet."""
        result = subprocess.run([ARGUMENTS.stele, "cat", f"{self.store}@{reference}", "0x10007",
                                 "--range", "0:12"], capture_output=True, timeout=60)
        if result.returncode == FAILED and b"no-such-object" in result.stderr:
            return 0
        self.assertEqual(result.returncode, DONE, result.stderr)
        return int(re.match(rb"round (\d+)\n", result.stdout)[1])

    def generation_of(self, number):
        """The checkpoint that round `number` made."""
        for checkpoint in self.history(self.store):
            if self.round_at(checkpoint["generation"]) == number:
                return checkpoint["generation"]
        self.fail(f"no checkpoint of round {number}")

    def test_a_pin_outlives_its_age(self):
        at = self.generation_of(3)
        made = self.document("pin", f"{self.store}@{at}", "third")
        self.assertEqual((made["name"], made["pinned"]), ("third", at))
        self.assertGreater(made["generation"], at)
        self.fill(self.store, 200, 8)
        self.assertEqual(self.round_at("third"), 3)
        self.assertEqual(self.round_at("latest"), 200)
        counters = [checkpoint["generation"] for checkpoint in self.history(self.store)]
        self.assertEqual(counters, sorted(counters, reverse=True))
        self.assertNotIn(self.history(self.good)[1]["generation"] - 4, counters)  # others have gone
        pinned = self.history(self.store, "--pinned")
        self.assertEqual([(one["generation"], one["pin"]) for one in pinned], [(at, "third")])
        pins = self.document("info", self.store)["pins"]
        self.assertEqual([(pin["name"], pin["generation"]) for pin in pins], [("third", at)])
        self.assertGreaterEqual(pins[0]["ownBytes"], 8 * 4096)
        self.clean(self.store)
        self.document("unpin", self.store, "third")
        self.assertEqual(self.history(self.store, "--pinned"), [])
        self.fill(self.store, 200, 8)
        self.refused(stele("ps", f"{self.store}@third"), FAILED, "no-such-checkpoint", "third")
        self.assertNotIn(at, [checkpoint["generation"] for checkpoint in self.history(self.store)])
        self.clean(self.store)

    def test_rollback_and_rollback_of_it(self):
        before, to = self.history(self.store)[0]["generation"], self.generation_of(5)
        made = self.document("rollback", self.store, to)
        self.assertEqual((made["restores"], made["before"]), (to, before))
        self.assertEqual(self.round_at("latest"), 5)
        self.assertEqual(self.history(self.store)[0]["restores"], to)
        self.done("diff", self.store, to, "latest")
        self.done("diff", f"{self.store}@{to}", self.store)
        self.done("diff", self.store, before, "latest", code=DIFFERENT)
        self.assertEqual(self.round_at(before), ROUNDS)  # what lies between stays
        self.clean(self.store)
        self.document("rollback", self.store, before)
        self.done("diff", self.store, before, "latest")
        self.assertEqual(self.round_at("latest"), ROUNDS)
        self.fill(self.store, 3)
        self.assertEqual(self.round_at("latest"), 3)
        self.clean(self.store)

    def test_rollback_takes_back_what_was_new(self):
        first = [one["generation"] for one in self.history(self.store)
                 if self.round_at(one["generation"]) == 0]
        self.assertTrue(first)
        self.document("rollback", self.store, first[0])
        self.assertEqual(self.round_at("latest"), 0)
        self.done("diff", self.store, first[0], "latest")
        self.clean(self.store)

    def test_every_way_to_name_a_checkpoint(self):
        self.document("pin", f"{self.store}@{self.generation_of(4)}", "fourth")
        history = self.history(self.store)
        self.assertEqual(self.round_at("fourth"), 4)
        self.assertEqual(self.round_at(str(history[2]["generation"])), self.round_at("-2"))
        self.assertEqual(self.round_at("latest"), ROUNDS)
        chosen = history[3]
        local = time.localtime(chosen["timeNs"] // 10**9)
        text = time.strftime("%Y-%m-%dT%H:%M:%S", local) + f".{chosen['timeNs'] % 10**9:09}"
        listed = self.document("ps", f"{self.store}@{text}")
        newest = max(one["generation"] for one in history if one["timeNs"] <= chosen["timeNs"])
        self.assertEqual(listed["generation"], newest)
        later = self.document("ps", f"{self.store}@2999-01-01T00:00")
        self.assertEqual(later["generation"], history[0]["generation"])
        self.refused(stele("ps", f"{self.store}@1999-01-01T00:00"), FAILED, "no-such-checkpoint")
        self.assertEqual(self.history(self.store, "--since", "2999-01-01T00:00"), [])
        self.assertEqual(len(self.history(self.store, "--since", text)),
                         sum(one["timeNs"] >= chosen["timeNs"] for one in history))
        self.assertEqual(len(self.history(self.store, "-n", "2")), 2)
        self.refused(stele("history", self.store, "--since", "noon"), USAGE, "usage", "noon")

    def test_what_is_refused_changes_nothing(self):
        self.document("pin", self.store, "here")
        before = digest(self.store)
        for words, code, word in (
                (("pin", self.store, "41"), USAGE, "usage"),
                (("pin", self.store, "latest"), USAGE, "usage"),
                (("pin", self.store, "2026-11-23T17:05"), USAGE, "usage"),
                (("pin", self.store, "two words"), USAGE, "usage"),
                (("pin", self.store, "x" * 32), USAGE, "usage"),
                (("pin", f"{self.store}@99999", "name"), FAILED, "no-such-checkpoint"),
                (("rollback", self.store, "99999"), FAILED, "no-such-checkpoint"),
                (("rollback", self.store, "nobody"), FAILED, "no-such-checkpoint"),
                (("rollback", self.store), USAGE, "usage"),
                (("boot", self.store, "--at", "nobody", "--print"), FAILED, "no-such-checkpoint"),
                (("boot", f"{self.store}@here", "--at", "here", "--print"), USAGE, "usage"),
                (("boot", self.store, "--at", "here", "--previous", "--print"), USAGE, "usage"),
                (("boot", self.store, "--fork", self.good, "--print"), FAILED, "exists")):
            self.refused(stele(*words), code, word)
            self.assertEqual(digest(self.store), before, words)
        # These are found by the engine, which has used up a boot number by then.
        self.refused(stele("pin", f"{self.store}@-3", "here"), FAILED, "exists", "here")
        self.refused(stele("unpin", self.store, "nobody"), FAILED, "no-such-checkpoint", "nobody")
        self.assertEqual([one["pin"] for one in self.history(self.store, "--pinned")], ["here"])
        self.clean(self.store)

    def test_pins_have_a_limit(self):
        for number in range(24):
            self.document("pin", f"{self.store}@-{number}" if number == 0 else self.store, f"pin{number}")
            self.fill(self.store, 1, 2)
        self.refused(stele("pin", self.store, "more"), FAILED, "no-space", "24 pins")
        self.assertEqual(len(self.history(self.store, "--pinned")), 24)
        self.clean(self.store)

    def test_a_fork_is_a_store_of_its_own(self):
        to, fork = self.generation_of(6), self.folder / "fork.img"
        fork.unlink(missing_ok=True)
        before = digest(self.store)
        self.done("boot", self.store, "--at", to, "--fork", fork, "--print", "--direct")
        self.assertEqual(digest(self.store), before)
        self.clean(fork)
        old, new = self.document("info", self.store), self.document("info", fork)
        self.assertNotEqual(old["store"], new["store"])
        for same in ("label", "processes", "intervalMs", "retain", "sizeBytes", "processorFeatures"):
            self.assertEqual(old[same], new[same], same)
        self.assertGreater(new["boot"], old["lastBoot"])
        self.assertLess(fork.stat().st_blocks, self.store.stat().st_blocks)

        def frames(store):
            names = ["init", "worker", "keeper"]
            shown = [self.document("inspect", store, name, "--registers", "--caps", "--space")
                     for name in names]
            for one in shown:
                for key in ("birth", "offset", "generation"):
                    del one[key]
            return shown
        self.assertEqual(frames(f"{self.store}@{to}"), frames(fork))
        pages = [subprocess.run([ARGUMENTS.stele, "cat", store, "0x10007"], capture_output=True, timeout=60)
                 .stdout for store in (f"{self.store}@{to}", fork)]
        self.assertEqual(pages[0], pages[1])
        self.assertTrue(pages[0].startswith(b"round 6\n"))
        self.refused(stele("boot", self.store, "--fork", fork, "--print"), FAILED, "exists", "is there")
        self.done("boot", self.store, "--fork", fork, "--print", "--force")
        self.refused(stele("diff", self.store, fork), USAGE, "usage", "different stores")
        self.assertEqual([path.name for path in self.folder.glob("fork.img*")], ["fork.img"])

    def test_retention_and_limit_are_kept(self):
        words = ("--size", "32M", "--system", HERE / "golden/system.toml", "--programs", self.folder)
        path = self.folder / "settings.img"
        self.done("format", path, *words, "--retain", "5,7,9", "--migration-limit", "4096")
        shown = self.document("info", path)
        self.assertEqual([shown[key] for key in ("retain", "retainTenths", "retainSeconds",
                                                 "migrationKibPerSecond")], [5, 7, 9, 4096])
        for text in ("1", "5,7", "5,7,9,1", "x", "5,7,99999", "5,,7"):
            self.refused(stele("format", self.folder / "no.img", *words, "--retain", text), USAGE, "usage",
                         text)
        self.assertFalse((self.folder / "no.img").exists())


class Machine(Travel):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)

    def boot(self, *words, runs_on, checkpoints=2):
        """Runs a machine until it has made some checkpoints more, and pulls the plug; the generation that it
        goes on from. `runs_on`: the store that it has open."""
        machine = subprocess.Popen([ARGUMENTS.stele, "boot", *map(str, words), "--direct", "--memory", "64",
                                    "--interval", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        said, found = b"", None
        try:
            while not found:
                part = machine.stdout.readline()
                self.assertTrue(part, said.decode(errors="replace"))
                said += part
                found = re.search(rb"migrator: generation (\d+), boot \d+", said)
            reader = threading.Thread(target=machine.stdout.read)
            reader.start()
            for _ in range(checkpoints):
                self.done("checkpoint", runs_on)
            self.done("kill", runs_on)
            reader.join()
        finally:
            machine.kill()
            machine.wait()
            machine.stdin.close()
            machine.stdout.close()
        return int(found[1])

    def test_a_machine_goes_on_from_an_older_checkpoint(self):
        store, fork = self.folder / "machine.img", self.folder / "fork.img"
        self.done("format", store, "--size", "64M", "--system", Path(ARGUMENTS.source) / "images/demo.toml")
        self.boot(store, runs_on=store, checkpoints=7)
        history = self.history(store)
        self.assertGreater(len(history), 5)
        to = history[4]["generation"]
        self.done("pin", f"{store}@{to}", "older")
        before = digest(store)
        self.assertEqual(self.boot(store, "--at", "older", runs_on=store), to)
        self.assertEqual(self.boot(f"{store}@{to}", runs_on=store), to)
        self.assertEqual(digest(store), before)

        self.boot(f"{store}@older", "--fork", fork, runs_on=fork)
        self.assertEqual(digest(store), before)
        self.clean(fork)
        self.assertGreater(self.document("info", fork)["generation"], 2)

        self.done("rollback", store, "older")
        rolled = self.history(store)[0]["generation"]
        self.assertEqual(self.boot(store, runs_on=store), rolled)
        self.assertEqual([one["generation"] for one in self.history(store, "--pinned")], [to])
        self.assertGreater(self.history(store)[0]["generation"], rolled)
        self.clean(store)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("stele", "fill", "source"):
        parser.add_argument("--" + name, required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
