#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stores that earlier builds made (stores/): this build reads them as they were written, and goes on with
them. One that was kept never changes: it is what somebody has on a disk.

stores_test.py --stele STELE                    the test
stores_test.py --stele STELE --add NAME IMAGE   keeps a store: what nothing refers to becomes zero, the rest
    is packed, and what each of its checkpoints holds is written beside it
"""
import argparse
import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "reader"))
import stele_reader  # noqa: E402

FOLDER = HERE / "stores"
STELE = None  # the command's path


def digest(frames):
    """Of what a checkpoint holds: each frame's type, flags, mark and hash, wherever the block stands."""
    shared = stele_reader.SHARED << 56
    facts = [[frame, entry[0] & ~shared, entry[1] >> 40, entry[2]]
             for frame, (entry, _) in sorted(frames.items())]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def read(path):
    """What the independent reader finds, and the bytes that something refers to."""
    reader = stele_reader.Reader(str(path))
    try:
        reader.read()
        found = {}
        for one in reader.retained():
            frames = reader.view(one.generation)
            reader.verify(frames)
            found[str(one.counter())] = {"boot": one.boot(), "pin": one.name or None, "frames": len(frames),
                                         "digest": digest(frames)}
        gone = sum(bool(entry[0] >> 56 & stele_reader.ABSENT) for entry in reader.moves.values())
        what = {"newest": reader.newest.counter(), "incompat": reader.slot.incompat, "checkpoints": found,
                "moved": len(reader.moves) - gone, "gone": gone}
        return what, reader.findings, reader.live_ranges()
    finally:
        reader.close()


def add(name, image):
    what, findings, ranges = read(image)
    if findings:
        sys.exit("stores_test.py: %s is damaged: %s" % (image, findings[0]))
    data, kept = Path(image).read_bytes(), bytearray(Path(image).stat().st_size)
    for offset, length, _ in ranges:
        kept[offset:offset + length] = data[offset:offset + length]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / (name + ".img.gz")).write_bytes(gzip.compress(bytes(kept), 9, mtime=0))
    (FOLDER / (name + ".json")).write_text(json.dumps(what, indent=1, sort_keys=True) + "\n")


def command(*words):
    done = subprocess.run([STELE, *map(str, words)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Stores(unittest.TestCase):
    def each(self):
        for store in sorted(FOLDER.glob("*.img.gz")):
            with self.subTest(store.name), tempfile.TemporaryDirectory() as folder:
                image = Path(folder) / "store.img"
                image.write_bytes(gzip.decompress(store.read_bytes()))
                yield image, json.loads(store.with_name(store.name[:-7] + ".json").read_text())

    def succeed(self, *words):
        status, text = command(*words)
        self.assertEqual(status, 0, text)
        return text

    def test_there_is_one_of_each_feature(self):
        all_of_them = [want for _, want in self.each()]
        for feature in ("moved", "gone"):
            self.assertTrue(any(want[feature] for want in all_of_them), feature)
        self.assertIn(0, [want["incompat"] for want in all_of_them])

    def test_they_are_read_as_they_were_written(self):
        for image, want in self.each():
            found, findings, _ = read(image)
            self.assertEqual(findings, [])
            self.assertEqual(found, want)
            self.succeed("check", image)
            listed = json.loads(self.succeed("history", image, "--json"))["checkpoints"]
            self.assertEqual({str(one["generation"]) for one in listed}, set(want["checkpoints"]))

    def test_this_build_goes_on_with_them(self):
        for image, want in self.each():
            self.succeed("pin", image, "kept-by-this-build")
            self.succeed("check", image)
            found, findings, _ = read(image)
            self.assertEqual(findings, [])
            self.assertEqual(found["checkpoints"][str(want["newest"])]["pin"], "kept-by-this-build")
            both = set(found["checkpoints"]) & set(want["checkpoints"])
            pinned = {at for at, one in want["checkpoints"].items() if one["pin"]}
            self.assertLessEqual(pinned | {str(want["newest"])}, both)
            for at in both:
                self.assertEqual(found["checkpoints"][at]["digest"], want["checkpoints"][at]["digest"], at)

    def test_an_older_checkpoint_of_them_comes_back(self):
        for image, want in self.each():
            oldest = min(want["checkpoints"], key=int)
            self.succeed("rollback", image, oldest)
            self.succeed("check", image)
            found, findings, _ = read(image)
            self.assertEqual(findings, [])
            newest = found["checkpoints"][str(found["newest"])]
            self.assertEqual(newest["digest"], want["checkpoints"][oldest]["digest"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--add", nargs=2, metavar=("NAME", "IMAGE"))
    options = parser.parse_args()
    STELE = options.stele
    if options.add:
        add(*options.add)
    else:
        unittest.main(argv=sys.argv[:1], verbosity=2)
