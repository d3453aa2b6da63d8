#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stele diff: each kind of difference alone, in a copy of a store that differs in nothing else, and the
checkpoints of a machine, against what inspect says of both."""

import argparse
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ARGUMENTS = None
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import schema  # noqa: E402
from forged_store import ForgedStore  # noqa: E402
from golden_test import make_program  # noqa: E402

DONE, DIFFERENT, DAMAGED, USAGE = 0, 1, 4, 16
# Offsets in a process object, and in a node of an address space.
FLAGS, STATE, RAX, RIP, XSAVE, SLOTS, NAME = 4, 8, 64, 192, 256, 1088, 1200
KEEPER_SLOT = 3


def stele(*words, seconds=60):
    return subprocess.run([ARGUMENTS.stele, *map(str, words)], capture_output=True, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL)


def target(text):
    """The frame that the text of a capability names."""
    return int(text.split(":")[1].split("(")[0].split()[0].split(".")[0], 16)


def inspect(store, name):
    words = ("--caps", "--space", "--registers", "--json")
    return json.loads(stele("inspect", store, name, *words).stdout)


def pair(old, new):
    return {"old": old, "new": new}


class Forged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name)
        make_program(cls.folder / "spin.elf")
        cls.good, cls.forged = cls.folder / "good.img", cls.folder / "forged.img"
        made = stele("format", cls.good, "--size", "32M", "--system", HERE / "golden/system.toml",
                     "--programs", cls.folder)
        assert made.returncode == DONE, made.stderr
        cls.init, cls.worker = (inspect(cls.good, name) for name in ("init", "worker"))

    def forge(self, frame, form, offset, *values):
        """One edit of one frame more, in the copy that `setUp` made."""
        def edit(content):
            struct.pack_into(form, content, offset, *values)
        ForgedStore(self.forged).change(frame, edit)

    def setUp(self):
        shutil.copyfile(self.good, self.forged)

    def diff(self, *words, code=DIFFERENT):
        result = stele("diff", *(words or (self.good, self.forged)), "--detail", "--json")
        self.assertEqual(result.returncode, code, result.stderr)
        name, document = schema.validate_document(result.stdout)
        self.assertEqual((name, document["equal"]), ("diff", code == DONE))
        return document

    def only(self, frames, name="init", change="changed", document=None):
        """The one process that differs, without what names it; `frames` differ, by type, and no others."""
        document = document or self.diff()
        self.assertEqual(document["frames"], {"changed": frames, "new": {}, "gone": {}})
        self.assertEqual(len(document["processes"]), 1, document)
        process = dict(document["processes"][0])
        self.assertEqual((process.pop("name"), process.pop("change")), (name, change))
        self.assertEqual(sum(document["processCounts"].values()), 1)
        self.assertEqual(document["processCounts"][change], 1)
        del process["pid"]
        return process

    @property
    def pid(self):
        return int(self.init["object"], 16)

    def test_nothing_differs(self):
        document = self.diff(self.good, self.forged, code=DONE)
        self.assertEqual((document["processes"], document["frameList"]), ([], []))
        self.forge(self.pid, "<0s", 0, b"")  # written anew as it was
        self.diff(self.good, self.forged, code=DONE)
        text = stele("diff", self.good, self.good)
        self.assertEqual(text.returncode, DONE)
        self.assertRegex(text.stdout, r"good.img@2: no difference in \d+ frames\n$")

    def test_registers(self):
        self.forge(self.pid, "<Q", RIP, 0x400123)
        self.forge(self.pid, "<Q", RAX, 5)
        self.assertEqual(self.only({"process": 1}), {"registers": {"rip": pair("0x400000", "0x400123"),
                                                                   "rax": pair("0x0", "0x5")}})
        self.assertEqual(self.diff()["frameList"],
                         [{"frame": self.init["object"], "type": "process", "change": "changed"}])

    def test_state(self):
        self.forge(self.pid, "<B", STATE, 0)
        self.assertEqual(self.only({"process": 1}), {"state": {"state": pair("ready", "stopped"),
                                                               "live": pair(True, False)}})

    def test_vector_registers(self):
        self.forge(self.pid, "<B", XSAVE + 831, 1)
        self.assertEqual(self.only({"process": 1}), {"other": ["vector registers"]})

    def test_a_slot_of_the_process(self):
        keeper = int(self.worker["object"], 16)
        self.forge(keeper, "<2Q", SLOTS + 16 * KEEPER_SLOT, 0, 0)
        self.assertEqual(self.only({"process": 1}, "worker"),
                         {"slots": {"keeper": pair(self.worker["slots"]["keeper"], "null")}})

    def test_a_capability(self):
        self.forge(target(self.init["slots"]["capability space"]), "<2Q", 16 * 5, 0, 0)
        self.assertEqual(self.only({"capability page": 1}),
                         {"capabilities": {"5": pair(self.init["capabilities"]["5"], "null")}})

    def test_a_page(self):
        code = self.init["space"]["0x400000"]
        self.forge(target(code), "<B", 100, 1)
        page = {"address": "0x400000", "change": "changed", "old": code, "new": code}
        self.assertEqual(self.only({"data page": 1}),
                         {"pages": {"changed": 1, "new": 0, "gone": 0, "list": [page]}})

    def test_a_mapping(self):
        """A slot of the lowest node: what was at its prefix is then at another."""
        node = target(self.init["slots"]["address space"])

        def swap(content):
            at = next(at for at in range(0, 4096, 8) if struct.unpack_from("<Q", content, at)[0] == 0x400000)
            struct.pack_into("<Q", content, at, 0x401000)
        ForgedStore(self.forged).change(node, swap)
        found = self.diff()
        seen = {process["name"]: process for process in found["processes"]}
        changed = {name: [(page["change"], page["address"]) for page in process["pages"]["list"]]
                   for name, process in seen.items()}
        self.assertEqual(found["frames"]["changed"], {"patt": 1})
        self.assertEqual(changed, {"init": [("gone", "0x400000"), ("new", "0x401000")]})

    def test_a_process_that_is_gone_and_one_that_is_new(self):
        self.forge(int(self.worker["object"], 16), "<I", FLAGS, 0)
        gone = self.diff()["processes"]
        self.assertIn({"name": "worker", "pid": int(self.worker["object"], 16), "change": "gone"}, gone)
        new = self.diff(self.forged, self.good)["processes"]
        self.assertIn({"name": "worker", "pid": int(self.worker["object"], 16), "change": "new"}, new)

    def test_a_name_that_changed_is_another_process(self):
        self.forge(int(self.worker["object"], 16), "<6s", NAME, b"porter")
        changes = {(process["name"], process["change"]) for process in self.diff()["processes"]}
        self.assertLessEqual({("worker", "gone"), ("porter", "new")}, changes)

    def test_damage_is_no_difference(self):
        self.forge(self.pid, "<Q", RIP, 0x400123)
        offset = inspect(self.forged, "init")["offset"]
        with open(self.forged, "r+b") as file:
            file.seek(offset + RAX)
            file.write(b"\x77")
        result = stele("diff", self.good, self.forged)
        self.assertEqual((result.returncode, result.stdout), (DAMAGED, ""))
        self.assertIn("forged.img: is damaged", result.stderr)

    def test_damage_of_what_is_the_same_is_no_difference(self):
        """A node of the space that only one of the two files has lost."""
        self.forge(self.pid, "<Q", RIP, 0x400123)
        node = target(self.init["slots"]["address space"])
        offset = json.loads(stele("inspect", self.good, hex(node), "--json").stdout)["offset"]
        with open(self.forged, "r+b") as file:
            file.seek(offset)
            file.write(b"\xff\xff")
        result = stele("diff", self.good, self.forged)
        self.assertEqual((result.returncode, result.stdout), (DAMAGED, ""))

    def test_another_store_is_refused(self):
        other = self.folder / "other.img"
        stele("format", other, "--size", "32M", "--system", HERE / "golden/system.toml", "--programs",
              self.folder)
        result = stele("diff", self.good, other)
        self.assertEqual((result.returncode, result.stdout), (USAGE, ""))
        self.assertRegex(result.stderr, r"good.img and \S+other.img are different stores: [0-9a-f]{8} and ")


class Machine(unittest.TestCase):
    def test_what_ran_differs_as_inspect_says(self):
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "machine.img"
            stele("format", store, "--size", "32M", "--system", Path(ARGUMENTS.source) / "images/demo.toml")
            stele("boot", store, "--direct", "--memory", "64", "--kill-after", "6000", seconds=90)
            history = json.loads(stele("history", store, "--json").stdout)["checkpoints"]
            self.assertGreater(len(history), 3)
            self.compare(*(f"{store}@{history[at]['generation']}" for at in (min(9, len(history) - 1), 0)))

    def compare(self, before, after):
        result = stele("diff", before, after, "--detail", "--json")
        self.assertEqual(result.returncode, DIFFERENT, result.stderr)
        document = schema.validate_document(result.stdout)[1]
        self.assertEqual((document["processCounts"]["new"], document["processCounts"]["gone"]), (0, 0))
        found = {process["name"]: process for process in document["processes"]}
        self.assertIn("compute", found)
        for name in ("counter", "notepad", "compute", "watcher"):
            process, old, new = found.get(name, {}), inspect(before, name), inspect(after, name)
            for part in ("registers", "slots", "capabilities"):
                self.assertEqual(process.get(part, {}), self.pairs(old[part], new[part]), (name, part))
            self.assertEqual(set(old["space"]), set(new["space"]))
            if name == "notepad":
                continue  # forty pages, each a run of inspect
            changed = {address for address in old["space"]
                       if self.content(before, old["space"][address]) !=
                       self.content(after, new["space"][address])}
            listed = {page["address"] for page in process.get("pages", {}).get("list", ())}
            self.assertEqual(listed, changed, name)

    @staticmethod
    def pairs(old, new):
        return {key: pair(value, new[key]) for key, value in old.items() if value != new[key]}

    @staticmethod
    def content(store, page):
        return json.loads(stele("inspect", store, hex(target(page)), "--hex", "--json").stdout)["content"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--source", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
