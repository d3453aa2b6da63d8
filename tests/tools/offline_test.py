#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is read out of a store that nobody runs: cat and extract against what inspect says, and check by
several threads against check by one."""

import argparse
import json
import os
import pty
import random
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
from golden_test import make_program  # noqa: E402

DONE, DAMAGED, FAILED, USAGE = 0, 4, 8, 16
PAGE = 4096
CODE = b"\xeb\xfe" + bytes(range(64))  # of make_program, at 0x400000
SEED = 20261129


def stele(*words, **options):
    return subprocess.run([ARGUMENTS.stele, *map(str, words)], capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL, **options)


class Offline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        make_program(cls.folder / "spin.elf")
        cls.store = cls.folder / "good.img"
        made = stele("format", cls.store, "--size", "64M", "--system", HERE / "golden/system.toml",
                     "--programs", cls.folder)
        assert made.returncode == DONE, made.stderr
        # Three thousand pages in many directories, most of them folded, some written again.
        for rounds, frames in ((2, 1500), (1, 3000), (3, 40)):
            filled = subprocess.run([ARGUMENTS.fill, cls.store, str(rounds), str(frames), str(SEED)],
                                    capture_output=True, timeout=120)
            assert filled.returncode == 0, filled.stderr

    def refused(self, result, code, word, *parts):
        """One line with the word and the parts, a remedy below it, nothing on standard output."""
        error = result.stderr.decode()
        self.assertEqual((result.returncode, result.stdout), (code, b""), error)
        lines = error.splitlines()
        self.assertEqual(len(lines), 2, error)
        self.assertTrue(lines[0].startswith(f"stele: error[{word}]: "), lines[0])
        for part in parts:
            self.assertIn(part, lines[0])

    def inspect(self, name, *words, store=None):
        return json.loads(stele("inspect", store or self.store, name, "--json", *words).stdout)

    def content(self, frame):
        rows = self.inspect(frame, "--hex")["content"]
        page = bytearray(PAGE)
        for offset, text in rows.items():
            row = bytes.fromhex(text.replace(" ", ""))
            page[int(offset, 16):int(offset, 16) + len(row)] = row
        return bytes(page)


class Cat(Offline):
    def test_a_frame(self):
        pid = self.inspect("init")["object"]
        whole = stele("cat", self.store, pid)
        self.assertEqual((whole.returncode, len(whole.stdout)), (DONE, PAGE), whole.stderr)
        self.assertEqual(whole.stdout, self.content(pid))
        page = re.match(r"data_page:(0x[0-9a-f]+)", self.inspect("init", "--space")["space"]["0x400000"])[1]
        self.assertEqual(stele("cat", self.store, page).stdout, CODE.ljust(PAGE, b"\0"))
        self.assertEqual(stele("cat", self.store, page, "--range", "2:66").stdout, bytes(range(64)))
        self.assertEqual(stele("cat", self.store, page, "--range", "4095+1").stdout, b"\0")
        self.refused(stele("cat", self.store, page, "--range", "4095:4097"), USAGE, "usage", "4096 bytes")

    def test_an_object_is_its_own_bytes(self):
        slots = self.inspect("init", "--caps")["slots"]
        patt = re.match(r"patt:(0x[0-9a-f]+)\.(\d+)", slots["address space"])
        node = stele("cat", self.store, f"{patt[1]}.{patt[2]}").stdout
        frame = self.content(patt[1])
        at = int(patt[2]) * len(node)
        self.assertLess(len(node), PAGE)
        self.assertEqual(node, frame[at:at + len(node)])

    def test_memory_of_a_process(self):
        words = ("cat", self.store, "init", "--range")
        self.assertEqual(stele(*words, "0x400000:0x400042").stdout, CODE)
        self.assertEqual(stele(*words, "0x400002+3").stdout, b"\0\1\2")
        # The stack: pages side by side, never written.
        space = [int(text, 16) for text in self.inspect("init", "--space")["space"]]
        stack = [page for page in space if page > 1 << 40 and page + PAGE in space]
        if stack:
            self.assertEqual(stele(*words, f"{stack[0] + 100}+{PAGE}").stdout, bytes(PAGE))
        for text in ("0:10", "0x400000:0x402001", "0x3fffff:0x400001"):
            self.refused(stele(*words, text), FAILED, "no-such-object", "nothing is mapped at 0x")
        for text in ("", "7", "5:5", "9:3", "x:y", "1:2:3", "0x400000+", "18446744073709551615+5"):
            if text:
                self.refused(stele(*words, text), USAGE, "usage", "no range")

    def test_older_checkpoints_have_their_own_bytes(self):
        history = json.loads(stele("history", self.store, "--json").stdout)["checkpoints"]
        seen = []
        for number in [checkpoint["generation"] for checkpoint in history]:
            page = stele("cat", f"{self.store}@{number}", "0x10000", "--range", "0:8")
            seen.append(page.stdout if page.returncode == DONE else None)
        self.assertEqual(seen[0], b"round 3\n")
        self.assertIn(b"round 1\n", seen)

    def test_a_terminal_is_spared(self):
        terminal, other = pty.openpty()
        try:
            result = subprocess.run([ARGUMENTS.stele, "cat", self.store, "init"], stdout=other,
                                    stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(result.returncode, USAGE)
            self.assertIn(b"is a terminal", result.stderr)
            forced = subprocess.run([ARGUMENTS.stele, "cat", self.store, "init", "--range", "0x400002+64",
                                     "--force"], stdout=other, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(forced.returncode, DONE, forced.stderr)
        finally:
            os.close(terminal)
            os.close(other)

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([ARGUMENTS.stele, "cat", self.store, "init"], stdout=full,
                                    stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn(b"error[io]", result.stderr)

    def test_damage_is_not_given_out(self):
        copy = self.folder / "rotten-cat.img"
        shutil.copyfile(self.store, copy)
        with open(copy, "r+b") as file:
            file.seek(self.inspect("init")["offset"] + 100)
            file.write(b"\x77")
        self.refused(stele("cat", copy, "0x" + self.inspect("init")["object"][2:]), DAMAGED, "io", "damaged")


class Extract(Offline):
    def test_it_is_the_memory_and_the_registers(self):
        core = self.folder / "init.core"
        made = stele("extract", self.store, "init", "-o", core, "--json")
        self.assertEqual(made.returncode, DONE, made.stderr)
        name, document = schema.validate_document(made.stdout.decode())
        self.assertEqual(name, "extract")
        content = core.read_bytes()
        self.assertEqual((content[:5], struct.unpack_from("<HH", content, 16)), (b"\x7fELF\2", (4, 62)))
        offset, = struct.unpack_from("<Q", content, 32)
        count, = struct.unpack_from("<H", content, 56)
        headers = [struct.unpack_from("<IIQQQQQQ", content, offset + 56 * at) for at in range(count)]
        self.assertEqual([header[0] for header in headers], [4] + [1] * (count - 1))
        ranges = [(hex(header[3]), header[5],
                   "".join(letter if header[1] & bit else "-"
                           for letter, bit in (("r", 4), ("w", 2), ("x", 1))))
                  for header in headers[1:]]
        self.assertEqual(ranges, [(one["address"], one["bytes"], one["access"])
                                  for one in document["ranges"]])
        told = self.inspect("init", "--space", "--registers")
        pages = {address for header in headers[1:]
                 for address in range(header[3], header[3] + header[5], PAGE)}
        self.assertEqual(pages, {int(address, 16) for address in told["space"]})
        self.assertIn(("0x400000", PAGE, "r-x"), ranges)
        code = next(header for header in headers if header[3] == 0x400000)
        self.assertEqual(content[code[2]:code[2] + len(CODE)], CODE)
        # elf_prstatus: 112 bytes before the registers, in the order of user_regs_struct.
        registers = struct.unpack_from("<27Q", content, headers[0][2] + 20 + 112)
        names = {"rip": 16, "rsp": 19, "rdi": 14, "rsi": 13, "rflags": 18}
        for register, at in names.items():
            self.assertEqual(hex(registers[at]), told["registers"][register], register)

    def test_nothing_is_overwritten(self):
        path = self.folder / "letter.txt"
        path.write_text("dear reader\n")
        words = ("extract", self.store, "init", "-o", path)
        self.refused(stele(*words), FAILED, "exists", "is there already")
        self.assertEqual(path.read_text(), "dear reader\n")
        self.assertEqual(stele(*words, "--force").returncode, DONE)
        self.assertTrue(path.read_bytes().startswith(b"\x7fELF"))

    def test_what_fails_leaves_no_file(self):
        before = set(os.listdir(self.folder))
        for words, code, word in (
                (("nobody", "-o", self.folder / "x"), FAILED, "no-such-object"),
                (("0x10000", "-o", self.folder / "x"), FAILED, "no-such-object"),
                (("init", "-o", self.folder / "none" / "x"), FAILED, "io"),
                (("init", "-o", self.folder), FAILED, "exists"),
                (("init", "-o", self.folder, "--force"), FAILED, "io"),
                (("init",), USAGE, "usage")):
            self.refused(stele("extract", self.store, *words), code, word)
        copy = self.folder / "rotten-extract.img"
        shutil.copyfile(self.store, copy)
        data = copy.read_bytes()
        with open(copy, "r+b") as file:
            for found in re.finditer(re.escape(CODE), data):
                file.seek(found.start())
                file.write(b"\x77")
        self.refused(stele("extract", copy, "init", "-o", self.folder / "x"), DAMAGED, "io")
        copy.unlink()
        self.assertEqual(set(os.listdir(self.folder)), before)


class Check(Offline):
    def test_threads_find_what_one_finds(self):
        chance = random.Random(SEED)
        copy = self.folder / "rotten.img"
        size = self.store.stat().st_size
        data = self.store.read_bytes()
        full = [at for at in range(0, size, PAGE) if any(data[at:at + PAGE])]
        damaged = 0
        for turn in range(12):
            shutil.copyfile(self.store, copy)
            with open(copy, "r+b") as file:
                for _ in range((0, 1, 3, 60)[turn % 4]):
                    file.seek(chance.choice(full) + chance.randrange(PAGE))
                    byte = file.read(1)[0]
                    file.seek(-1, os.SEEK_CUR)
                    file.write(bytes([byte ^ (1 << chance.randrange(8))]))
            alone = stele("check", copy, "--jobs", "1", "--json")
            for jobs in ("2", "7"):
                together = stele("check", copy, "--jobs", jobs, "--json")
                self.assertEqual((together.returncode, together.stdout), (alone.returncode, alone.stdout),
                                 f"turn {turn} of seed {SEED}, {jobs} jobs")
            damaged += alone.returncode == DAMAGED
        self.assertGreater(damaged, 6)

    def test_progress_is_for_terminals(self):
        for jobs in ("1", "3"):
            self.assertEqual(stele("check", self.store, "--jobs", jobs).stderr, b"")
        terminal, other = pty.openpty()
        try:
            shown = subprocess.run([ARGUMENTS.stele, "check", self.store], stderr=other,
                                   stdout=subprocess.DEVNULL, timeout=60)
            self.assertEqual(shown.returncode, DONE)
            self.assertIn(b"\r\x1b[K[", os.read(terminal, 65536))
        finally:
            os.close(terminal)
            os.close(other)

    def test_no_jobs_are_refused(self):
        self.refused(stele("check", self.store, "--jobs", "0"), USAGE, "usage")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--fill", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
