#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stele install: what of a process is anew, what is kept, what is refused. program_test.py boots what it
made."""

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
import schema  # noqa: E402
from forged_store import ForgedStore  # noqa: E402
from golden_test import make_program  # noqa: E402

DONE, FAILED, USAGE = 0, 8, 16
PAGE = 4096
READ, WRITE, EXECUTE = 4, 2, 1


def stele(*words):
    return subprocess.run([ARGUMENTS.stele, *map(str, words)], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


def make_elf(path, segments, entry):
    """`segments`: address, access, bytes of a page."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, entry, 64, 0, 0, 64, 56,
                         len(segments), 0, 0, 0)
    for number, (address, access, content) in enumerate(segments):
        header += struct.pack("<IIQQQQQQ", 1, access, PAGE * (number + 1), address, address, len(content),
                              len(content), PAGE)
    assert len(header) <= PAGE
    path.write_bytes(header.ljust(PAGE, b"\0") +
                     b"".join(content.ljust(PAGE, b"\0") for _, _, content in segments))
    return path


class Install(unittest.TestCase):
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

    def setUp(self):
        self.store = self.folder / "work.img"
        shutil.copyfile(self.good, self.store)

    def install(self, program, *words, name="init"):
        result = stele("install", self.store, name, program, "--json", *words)
        self.assertEqual(result.returncode, DONE, result.stderr)
        checked = stele("check", self.store)
        self.assertEqual(checked.returncode, DONE, checked.stdout)
        return schema.validate_document(result.stdout)[1]

    def inspect(self, name="init"):
        words = ("--registers", "--caps", "--space", "--json")
        return json.loads(stele("inspect", self.store, name, *words).stdout)

    def node(self, name):
        """Frame and index of the root of a process's space."""
        found = re.match(r"patt:(0x[0-9a-f]+)\.(\d+)", self.inspect(name)["slots"]["address space"])
        return int(found[1], 16), int(found[2])

    @staticmethod
    def slot(content, index):
        """Where in the frame the capability stands that the node has for 0x400000."""
        slot = next(at for at in range(16)
                    if struct.unpack_from("<Q", content, 512 * index + 16 + 8 * at)[0] == 0x400000)
        return 512 * index + 144 + 16 * slot

    def memory(self, address, size=8, name="init"):
        result = subprocess.run([ARGUMENTS.stele, "cat", self.store, name, "--range", f"{address}+{size}"],
                                capture_output=True, timeout=60)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return result.stdout

    def program(self, *segments, name="new.elf"):
        return make_elf(self.folder / name, segments, segments[0][0])

    def test_code_is_anew_and_the_process_stands_at_its_entry(self):
        old = self.inspect()
        program = self.program((0x400000, READ | EXECUTE, b"\x90\xeb\xfd new"))
        document = self.install(program, "--argument", "9")
        self.assertEqual({key: document[key] for key in document if key.startswith("pages")},
                         {"pagesReplaced": 1, "pagesNew": 0, "pagesKept": 0, "pagesGone": 0})
        self.assertEqual(document["framesNew"], 0)
        new = self.inspect()
        self.assertEqual(self.memory(0x400000), b"\x90\xeb\xfd new\0")
        self.assertEqual((new["registers"]["rip"], new["registers"]["rdi"]), ("0x400000", "0x9"))
        self.assertEqual(new["space"], old["space"])
        for same in ("slots", "capabilities", "object"):
            self.assertEqual(new[same], old[same], same)
        history = json.loads(stele("history", self.store, "--json").stdout)["checkpoints"]
        self.assertEqual(history[0]["generation"], document["generation"])
        self.assertEqual([one["processes"] for one in history[:2]], [3, 3])
        before = stele("diff", self.store, document["generation"], str(history[1]["generation"]), "--json")
        changed = json.loads(before.stdout)["processes"]
        self.assertEqual([one["name"] for one in changed], ["init"])

    def test_a_page_that_others_have_is_left_to_them(self):
        """Each process has pages of its own, of one file: init's code is given to worker too."""
        page = self.inspect()["space"]["0x400000"]
        own, other = self.node("init"), self.node("worker")
        content = subprocess.run([ARGUMENTS.stele, "cat", self.store, hex(own[0])], capture_output=True,
                                 timeout=60).stdout
        given = content[self.slot(content, own[1]):][:16]

        def share(content):
            at = self.slot(content, other[1])
            content[at:at + 16] = given
        ForgedStore(self.store).change(other[0], share)
        shared = self.inspect("worker")["space"]["0x400000"]
        self.assertEqual(shared, page)
        document = self.install(self.program((0x400000, READ | EXECUTE, b"new code")))
        self.assertEqual(document["framesNew"], 1)
        self.assertEqual(self.memory(0x400000), b"new code")
        self.assertEqual(self.memory(0x400000, name="worker")[:2], b"\xeb\xfe")

    def test_more_pages_than_a_node_has_slots(self):
        code = [(0x400000 + PAGE * at, READ | EXECUTE, b"code %3d" % at) for at in range(40)]
        far = [(0x10_0000_0000 + 0x7654_3000, READ, b"constant"), (0x12_3456_7000, READ | WRITE, b"variable")]
        document = self.install(self.program(*code, *far))
        self.assertEqual((document["pagesReplaced"], document["pagesNew"]), (1, 41))
        for address, _, content in code + far:
            self.assertEqual(self.memory(address), content, hex(address))
        space = self.inspect()["space"]
        self.assertEqual(len(space), 4 + 41)
        self.assertIn("read_only", space[hex(far[0][0])])
        self.assertNotIn("read_only", space[hex(far[1][0])])
        self.assertIn("no_execute", space[hex(far[1][0])])
        self.assertNotIn("no_execute", space["0x427000"])
        # A smaller one takes the code's place; its pages are what the next ones are made of.
        document = self.install(self.program((0x400000, READ | EXECUTE, b"again..."),
                                             (0x480000, READ | EXECUTE, b"elsewhere")))
        self.assertEqual((document["pagesReplaced"], document["pagesNew"], document["pagesGone"]), (1, 1, 39))
        self.assertEqual(self.memory(0x400000), b"again...")
        self.assertEqual(self.memory(0x480000, 9), b"elsewhere")
        self.assertEqual(self.memory(far[1][0]), b"variable")  # what is no code stays
        self.assertEqual(len(self.inspect()["space"]), 4 + 41 - 39 + 1)

    def test_data_is_kept_when_asked_for(self):
        first = self.program((0x400000, READ | EXECUTE, b"one"), (0x500000, READ | WRITE, b"initial"))
        self.install(first)
        frame = int(re.match(r"data_page:(0x[0-9a-f]+)", self.inspect()["space"]["0x500000"])[1], 16)

        def write(content):
            content[:7] = b"changed"
        ForgedStore(self.store).change(frame, write)
        second = self.program((0x400000, READ | EXECUTE, b"two"), (0x500000, READ | WRITE, b"initial"),
                              (0x501000, READ | WRITE, b"further"))
        document = self.install(second, "--keep-data")
        self.assertEqual((document["pagesKept"], document["pagesReplaced"], document["pagesNew"]), (1, 1, 1))
        self.assertEqual(self.memory(0x500000, 7), b"changed")
        self.assertEqual(self.memory(0x501000, 7), b"further")
        self.assertEqual(self.memory(0x400000, 3), b"two")
        document = self.install(second)
        self.assertEqual((document["pagesKept"], document["pagesReplaced"]), (0, 3))
        self.assertEqual(self.memory(0x500000, 7), b"initial")

    def test_new_frames_are_nobodys(self):
        """Behind every frame of the store, and behind what ranges hold for a bank."""
        words = ("--size", "64M", "--system", Path(ARGUMENTS.source) / "images/life.toml")
        made = stele("format", self.store, *words, "--force")
        self.assertEqual(made.returncode, DONE, made.stderr)
        text = self.inspect("space-bank")["capabilities"]["4"]
        first, count = re.match(r"frame_range:(0x[0-9a-f]+)\+(\d+)$", text).groups()
        old = {int(number, 16)
               for number in re.findall(r"data_page:(0x[0-9a-f]+)", str(self.inspect("grower")))}
        far = [(0x7000_0000_0000 + PAGE * at, READ, b"far") for at in range(50)]
        document = self.install(self.program((0x400000, READ | EXECUTE, b"new"), *far), name="grower")
        space = self.inspect("grower")["space"]
        pages = {int(re.match(r"data_page:(0x[0-9a-f]+)", space[hex(address)])[1], 16) for address, *_ in far}
        behind = int(first, 16) + int(count)
        self.assertEqual(len(pages), 50)
        # Those of the code that has gone are its own; all others stand behind what the bank has.
        self.assertEqual({page for page in pages if page < behind}, pages & old)
        self.assertGreater(len(pages - old), 20)
        self.assertGreaterEqual(document["framesNew"], len(pages - old))

    def test_what_is_refused_changes_nothing(self):
        before = self.store.read_bytes()
        program = self.program((0x400000, READ | EXECUTE, b"code"))
        letter = self.folder / "letter.txt"
        letter.write_text("dear reader\n")
        for words, code, word, part in (
                (("nobody", program), FAILED, "no-such-object", "nobody"),
                (("0xe", program), FAILED, "no-such-object", "no process"),
                (("init", letter), FAILED, "not-a-program", "letter.txt"),
                (("init", self.folder / "nothing"), FAILED, "io", "nothing"),
                (("init",), USAGE, "usage", "PROGRAM"),
                (("init", program, "--dry-run"), DONE, None, None)):
            result = stele("install", self.store, *words)
            self.assertEqual(result.returncode, code, result.stderr)
            if word:
                self.assertTrue(result.stderr.startswith(f"stele: error[{word}]: "), result.stderr)
                self.assertIn(part, result.stderr.splitlines()[0])
            self.assertEqual(self.store.read_bytes(), before, words)
        self.assertEqual(stele("install", f"{self.store}@1", "init", program).returncode, USAGE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--source", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
