#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Objects that break a rule though every hash is good (R15), and those that are gone: check, inspect, ps."""

import argparse
import json
import re
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
from forged_store import ForgedStore  # noqa: E402
from golden_test import make_program  # noqa: E402

DONE, DAMAGED = 0, 4
SLOT = 5  # of init's capability page: "process", the keeper
PREPARED, VERSION_ONE, RIGHTS_ALL = 1, 1 << 8, 0xFF << 56
NAME = 1200  # of a process
TYPE_PATT = 4 << 1
INVALID, BACKGROUND = 1, 5  # prefixes of a node that match no address
TYPE_DATA_PAGE, TYPE_UNKNOWN, TYPE_MASK = 2 << 1, 99 << 1, 0x7F << 1


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name)
        make_program(cls.folder / "spin.elf")
        cls.run_stele("format", "good.img", "--size", "32M", "--system", HERE / "golden/system.toml",
                      "--programs", ".")
        init = json.loads(cls.run_stele("inspect", "good.img", "init", "--json").stdout)
        cls.page = int(init["slots"]["capability space"].split(":")[1].split()[0], 16)
        keeper = json.loads(cls.run_stele("inspect", "good.img", "keeper", "--json").stdout)
        cls.keeper = int(keeper["object"], 16)

    @classmethod
    def run_stele(cls, *words):
        return subprocess.run([ARGUMENTS.stele, *map(str, words)], capture_output=True, text=True, timeout=60,
                              cwd=cls.folder)

    def forged(self, frame, change):
        shutil.copyfile(self.folder / "good.img", self.folder / "forged.img")
        ForgedStore(self.folder / "forged.img").change(frame, change)
        return "forged.img"

    def with_capability(self, change):
        """A store in which the words of init's capability to the keeper are `change(word 0, word 1)`."""
        def edit(content):
            words = struct.unpack_from("<2Q", content, 16 * SLOT)
            struct.pack_into("<2Q", content, 16 * SLOT, *change(*words))
        return self.forged(self.page, edit)

    def codes(self, store):
        result = self.run_stele("check", store, "--json")
        document = json.loads(result.stdout)
        self.assertEqual(document["exit"], result.returncode)
        return result.returncode, [finding["code"] for finding in document["findings"]]

    def shown(self, store):
        page = json.loads(self.run_stele("inspect", store, hex(self.page), "--json").stdout)
        return page["capabilities"][str(SLOT)]

    def test_forging_leaves_a_clean_store(self):
        store = self.forged(self.page, lambda content: None)
        self.assertEqual(self.codes(store), (DONE, []))
        self.assertEqual(self.shown(store), f'process:{self.keeper:#x} "keeper"')

    def test_each_broken_rule_is_a_finding(self):
        broken = {
            "prepared-capability": lambda low, high: (low | PREPARED, high),
            "capability-type": lambda low, high: (low & ~TYPE_MASK | TYPE_DATA_PAGE, high),
            "capability-rights": lambda low, high: (low, high | RIGHTS_ALL),
            "capability-version": lambda low, high: (low + VERSION_ONE, high),
        }
        for code, change in broken.items():
            with self.subTest(code):
                self.assertEqual(self.codes(self.with_capability(change)), (DAMAGED, [code]))
        unknown = self.with_capability(lambda low, high: (low & ~TYPE_MASK | TYPE_UNKNOWN, high))
        self.assertEqual(self.codes(unknown), (DAMAGED, ["capability-type"]))
        self.assertEqual(self.shown(unknown), "unknown-type-99")

    def test_a_stale_capability_is_legal_and_shown_as_one(self):
        store = self.with_capability(lambda low, high: (low - VERSION_ONE, high))
        self.assertEqual(self.codes(store), (DONE, []))
        self.assertEqual(self.shown(store), f"process:{self.keeper:#x} stale")
        tree = json.loads(self.run_stele("ps", store, "--tree", "--json").stdout)["processes"]
        keeper = next(process for process in tree if process["name"] == "keeper")
        self.assertEqual((keeper["depth"], keeper["holders"]), (0, []))

    def test_a_process_that_is_not_in_use_is_not_listed(self):
        store = self.forged(self.keeper, lambda content: struct.pack_into("<I", content, 4, 0))
        names = [process["name"] for process in
                 json.loads(self.run_stele("ps", store, "--json").stdout)["processes"]]
        self.assertEqual(names, ["init", "worker", "loner"])
        document = json.loads(self.run_stele("inspect", store, hex(self.keeper), "--json").stdout)
        self.assertFalse(document["inUse"])

    def test_a_name_cannot_write_on_the_terminal(self):
        name = b"\x1b[2J\x07\x7f\xff\xfe"
        store = self.forged(self.keeper, lambda content: struct.pack_into("<32s", content, NAME, name))
        result = subprocess.run([ARGUMENTS.stele, "ps", "forged.img", "--tree"], capture_output=True,
                                timeout=60, cwd=self.folder)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn(b"?[2J??", result.stdout)
        self.assertNotRegex(result.stdout, rb"[\x00-\x09\x0b-\x1f\x7f]")
        names = [process["name"] for process in
                 json.loads(self.run_stele("ps", store, "--json").stdout)["processes"]]
        self.assertEqual(names[1], "?[2J??\ufffd\ufffd")

    def test_background_fills_what_no_slot_does(self):
        """A space of sixteen pages over a background, as the machine translates it."""
        init = json.loads(self.run_stele("inspect", "good.img", "init", "--space", "--json").stdout)
        root = int(init["slots"]["address space"].split(":")[1].split(".")[0], 16)
        page = int(re.search(r"0x([0-9a-f]+)", next(iter(init["space"].values())))[1], 16)

        def patt(index, name, size, residual, slots):
            """`slots`: prefix -> (type, identifier of the object)"""
            node = bytearray(512)
            struct.pack_into("<IIBB", node, 0, 1, 1, size, residual)
            for slot in range(16):
                struct.pack_into("<Q", node, 16 + 8 * slot, INVALID)
            for slot, (prefix, (kind, target)) in enumerate(slots):
                struct.pack_into("<Q", node, 16 + 8 * slot, prefix)
                struct.pack_into("<2Q", node, 144 + 16 * slot, VERSION_ONE | kind if kind else 0, target)
            name[512 * index:512 * index + 512] = node

        data, nothing = (TYPE_DATA_PAGE, page << 7), (0, 0)

        def edit(content):
            # Pages 1 and 3 by slots of its own, page 2 shut by an empty one, the others from node 1.
            patt(0, content, 16, 12, [(0x1000, data), (0x3000, data), (0x2000, nothing),
                                      (BACKGROUND, (TYPE_PATT, root << 7 | 1))])
            # Of it the pages 0, 1, 2, 5 and 15 exist, 5 by a background of its own.
            patt(1, content, 16, 12, [(0, data), (0x1000, data), (0x2000, data), (0xf000, data),
                                      (BACKGROUND, (TYPE_PATT, root << 7 | 2))])
            patt(2, content, 16, 12, [(0x5000, data), (0x1000, data), (0x10000, data)])

        store = self.forged(root, edit)
        document = json.loads(self.run_stele("inspect", store, "init", "--space", "--json").stdout)
        self.assertEqual([int(address, 16) for address in document["space"]],
                         [0, 0x1000, 0x3000, 0x5000, 0xf000])
        listed = json.loads(self.run_stele("ps", store, "--json").stdout)["processes"]
        self.assertEqual({process["name"]: process["spaceBytes"] for process in listed}["init"], 5 * 4096)

    def test_a_background_that_is_itself_ends(self):
        init = json.loads(self.run_stele("inspect", "good.img", "init", "--json").stdout)
        root = int(init["slots"]["address space"].split(":")[1].split(".")[0], 16)

        def edit(content):
            for slot in range(16):
                struct.pack_into("<Q", content, 16 + 8 * slot, BACKGROUND)
                struct.pack_into("<2Q", content, 144 + 16 * slot, VERSION_ONE | TYPE_PATT, root << 7)
        for words in (["ps"], ["inspect"], ["check"]):
            rest = ["init", "--space"] if words == ["inspect"] else []
            self.assertEqual(self.run_stele(*words, self.forged(root, edit), *rest).returncode, DONE, words)

    def test_a_space_whose_nodes_name_each_other_ends(self):
        """Eight nodes, each sixteen times in the one before: 16 to the 7th ways to the last."""
        init = json.loads(self.run_stele("inspect", "good.img", "init", "--json").stdout)
        root = int(init["slots"]["address space"].split(":")[1].split(".")[0], 16)

        def edit(content):
            for index in range(8):
                node = bytearray(512)
                struct.pack_into("<IIBB", node, 0, 1, 1, 47 - index, 46 - index)
                for slot in range(16):
                    struct.pack_into("<Q", node, 16 + 8 * slot, slot << 12)
                    if index < 7:
                        struct.pack_into("<2Q", node, 144 + 16 * slot, VERSION_ONE | TYPE_PATT,
                                         root << 7 | index + 1)
                content[512 * index:512 * index + 512] = node

        store = self.forged(root, edit)
        for words in (["ps", store], ["inspect", store, "init", "--space"], ["check", store]):
            self.assertEqual(self.run_stele(*words).returncode, DONE, words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
