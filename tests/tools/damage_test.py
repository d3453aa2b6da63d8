#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stele check on a store that a machine wrote until its plug was pulled: each spoilt byte that something
refers to gives exit 4, and a newest commit that the cut tore is a note, no damage."""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

ARGUMENTS = None
DONE, DAMAGED = 0, 4
CORRUPTIONS = 100
BYTE_SEED = 20261126


def stele(*words, seconds=60):
    return subprocess.run([ARGUMENTS.stele, *words], capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL)


def make_store(path):
    """Formats a store and runs it until a cut leaves a newest commit that wrote frames and that no root slot
    notes as acknowledged; nearly every cut does."""
    system = os.path.join(ARGUMENTS.source, "images/demo.toml")
    made = stele("format", path, "--size", "32M", "--system", system)
    assert made.returncode == DONE, made.stderr
    for _ in range(6):
        stele("boot", path, "--direct", "--memory", "64", "--kill-after", "6000", seconds=90)
        checked = json.loads(stele("check", "--json", path).stdout)
        assert checked["clean"], checked
        reader = open_reader(path)
        whole = not reader.settled and bool(reader.own_blocks(reader.chain[-1][1]))
        reader.close()
        if checked["generation"] > 20 and whole:
            return
    raise AssertionError("no cut left an unacknowledged commit with frames")


def open_reader(path):
    """The independent reader of tests/reader, which also notes where everything stands that it counts."""
    sys.path.insert(0, os.path.join(ARGUMENTS.source, "tests/reader"))
    import stele_format
    import stele_reader

    class NotingReader(stele_reader.Reader):
        def count_live(self, extent, what):
            super().count_live(extent, what)
            self.counted.append((stele_format.first_of(extent) * 512, stele_format.count_of(extent) * 512))

        def directory_places(self, record):
            """Each run, without what lies behind the directory's end in its last sector."""
            for runs in record.directories:
                left = record.directory_bytes
                for run in runs:
                    size = min(left, stele_format.count_of(run) * 512)
                    left -= size
                    if size:
                        yield stele_format.first_of(run) * 512, size

        def own_blocks(self, entries):
            """The blocks that a checkpoint's own directory placed."""
            return [((entry[1] & ((1 << 40) - 1)) * 512, 4096) for entry in entries.values()
                    if not entry[0] >> 56 & (stele_format.ZERO | stele_format.SHARED)]

        def referenced(self):
            """Kind of content -> [(offset, bytes)] of what `check` must find damaged. What only an unsettled
            newest commit refers to is left out: spoilt, it is a torn commit."""
            geometry = self.geometry
            slots = [(geometry.slot_offset(index, copy), 512) for index in (0, 1) for copy in (0, 1)]
            places = {"slot": slots, "map": self.counted, "record": [], "directory": [], "block": []}
            for record, entries in self.chain:
                if record is self.newest and not self.settled:
                    continue
                places["record"] += [(stele_format.first_of(place) * 512, 512) for place in record.self]
                if record.generation > self.newest.base:
                    places["directory"] += self.directory_places(record)
                    places["block"] += self.own_blocks(entries)
            return {kind: found for kind, found in places.items() if found}

    reader = NotingReader(path)
    reader.counted = []
    reader.read()
    return reader


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.store = os.path.join(cls.folder.name, "run.img")
        make_store(cls.store)

    def copy(self):
        path = os.path.join(self.folder.name, "copy.img")
        shutil.copyfile(self.store, path)
        return path

    @staticmethod
    def change(path, offset, change):
        with open(path, "r+b") as file:
            file.seek(offset)
            old = file.read(1)
            file.seek(offset)
            file.write(bytes([old[0] ^ change]))

    def test_every_spoilt_byte_is_found(self):
        path = self.copy()
        reader = open_reader(path)
        places = reader.referenced()
        reader.close()
        self.assertGreaterEqual(set(places), {"slot", "record", "directory", "block"})
        chance = random.Random(BYTE_SEED)
        kinds = sorted(places)
        for number in range(CORRUPTIONS):
            kind = kinds[number % len(kinds)]
            offset, size = chance.choice(places[kind])
            offset, change = offset + chance.randrange(size), chance.randrange(1, 256)
            self.change(path, offset, change)
            with self.subTest(number=number, kind=kind, offset=offset, change=change):
                result = stele("check", "--json", path)
                self.assertEqual(result.returncode, DAMAGED, result.stdout + result.stderr)
                document = json.loads(result.stdout)
                self.assertFalse(document["clean"])
                self.assertEqual(document["exit"], DAMAGED)
                self.assertTrue(document["findings"])
            self.change(path, offset, change)
        result = stele("check", path)
        self.assertEqual(result.returncode, DONE, result.stdout)

    def test_damage_is_said_in_words(self):
        path = self.copy()
        reader = open_reader(path)
        offset, _ = reader.referenced()["block"][0]
        reader.close()
        self.change(path, offset + 17, 0x40)
        result = stele("check", path)
        self.assertEqual(result.returncode, DAMAGED)
        self.assertIn(f"frame-hash at byte {offset}: want ", result.stdout)
        self.assertIn("damaged, ", result.stdout.splitlines()[-1])
        self.assertNotIn("clean", result.stdout)

    def test_a_torn_newest_commit_is_a_note(self):
        path = self.copy()
        reader = open_reader(path)
        newest, entries = reader.chain[-1]
        blocks = reader.own_blocks(entries)
        reader.close()
        before = stele("check", path)
        self.assertEqual(before.returncode, DONE, before.stdout)
        self.assertNotIn("note:", before.stdout)
        offset, size = blocks[-1]
        with open(path, "r+b") as file:  # the sectors that the power cut kept from the disk
            file.seek(offset + size // 2)
            file.write(bytes(size // 2))
            file.seek(offset)
            file.write(b"\xa5" * 512)
        result = stele("check", path)
        self.assertEqual(result.returncode, DONE, result.stdout)
        self.assertIn("note: the newest commit was torn and is ignored", result.stdout)
        document = json.loads(stele("check", "--json", path).stdout)
        self.assertEqual((document["clean"], document["exit"], document["findings"]), (True, DONE, []))
        self.assertTrue(document["tornNewest"])
        self.assertEqual(document["warnings"], ["the newest commit was torn and is ignored"])
        self.assertLess(document["generation"], newest.counter())
        self.assertIn("torn", stele("info", path).stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--source", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
