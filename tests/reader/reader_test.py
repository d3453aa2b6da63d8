#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the independent reader with the store's own code on images: clean, after a power cut, damaged."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import stele_reader as reader_module  # noqa: E402

MAKER = sys.argv.pop() if len(sys.argv) > 1 else None


class Hash(unittest.TestCase):
    def test_known_values(self):
        self.assertEqual(reader_module.xxh64(b"", 0), 0xEF46DB3751D8E999)
        self.assertEqual(reader_module.xxh64(b"", 0x9E3779B1), 0xAC75FDA2929B17EF)


class Images(unittest.TestCase):
    def setUp(self):
        self.counts = {"images": 0, "torn": 0, "damaged": 0, "views": 0, "refused": 0,
                       "pins": 0, "rollbacks": 0}

    def compare(self, expected):
        self.counts["images"] += 1
        reader = reader_module.Reader(expected["path"])
        self.addCleanup(reader.close)
        try:
            reader.read()
        except reader_module.Refusal as refusal:
            self.assertEqual(str(refusal), expected.get("error"))
            self.counts["refused"] += 1
            return
        self.assertNotIn("error", expected, expected["path"])
        self.assertEqual(reader.newest.counter(), expected["generation"], expected["path"])
        slot = reader.slot
        self.assertEqual([slot.revision, slot.abi, slot.boot, slot.created, slot.interval, slot.retain,
                          slot.retain_tenths, slot.retain_seconds, slot.migration_kib_s, slot.features,
                          slot.segments, slot.shift], expected["slot"], expected["path"])
        self.assertEqual(reader.torn is not None, expected["torn"], expected["path"])
        retained = reader.retained()
        self.assertEqual([one.counter() for one in retained], expected["checkpoints"], expected["path"])
        self.assertEqual([one.name for one in retained], expected["pins"], expected["path"])
        self.counts["pins"] += any(expected["pins"])
        self.counts["rollbacks"] += any(one.restores for one in retained)
        everything = {}
        for one in retained:
            for frame, (entry, birth) in reader.view(one.generation).items():
                everything[frame, birth] = (entry, birth)
        reader.verify(everything)
        self.assertEqual(not reader.findings, expected["clean"], (expected["path"], reader.findings))
        self.counts["torn"] += expected["torn"]
        self.counts["damaged"] += not expected["clean"]
        for view in expected["views"]:
            generation = next(one.generation for one in retained if one.counter() == view["at"])
            found = [[frame, entry[0] >> 48 & 255, entry[1] >> 40, bool(entry[0] >> 56 & 1),
                      bool(entry[0] >> 56 & 2), birth & ((1 << 42) - 1), "%016x" % entry[2]]
                     for frame, (entry, birth) in sorted(reader.view(generation).items())]
            if view["walked"]:
                self.assertEqual(found, view["frames"], expected["path"])
                self.counts["views"] += 1

    def test_reader_agrees_with_the_store(self):
        with tempfile.TemporaryDirectory() as folder:
            made = subprocess.run([MAKER, folder], check=True, capture_output=True, text=True, timeout=100)
            for line in made.stdout.splitlines():
                self.compare(json.loads(line))
        print(self.counts)
        self.assertGreater(self.counts["images"], 200)
        self.assertGreater(self.counts["torn"], 5)
        self.assertGreater(self.counts["damaged"], 30)
        self.assertGreater(self.counts["views"], 200)
        self.assertGreater(self.counts["pins"], 20)
        self.assertGreater(self.counts["rollbacks"], 20)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
