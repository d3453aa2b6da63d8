#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The stele command on good stores and on everything that is none: words, remedies, exit codes, output."""

import argparse
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ARGUMENTS = None
DONE, DAMAGED, FAILED, USAGE, IN_USE = 0, 4, 8, 16, 75
READERS = [["info"], ["info", "--super"], ["history"], ["ps"], ["inspect"], ["check"], ["diff"]]


def stele(*words, **options):
    return subprocess.run([ARGUMENTS.stele, *words], capture_output=True, text=True, timeout=60, **options)


class CommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.system = os.path.join(ARGUMENTS.source, "images/demo.toml")
        cls.good = cls.path("good.img")
        made = stele("format", cls.good, "--size", "64M", "--system", cls.system)
        assert made.returncode == DONE, made.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def copy(self, name, change=None, size=None):
        path = self.path(name)
        with open(self.good, "rb") as source, open(path, "wb") as target:
            content = bytearray(source.read())
            if change:
                change(content)
            target.write(content[:size] if size else content)
        return path

    def refused(self, result, code, word, *parts):
        """One line with the word and the parts, a remedy below it, nothing on standard output."""
        self.assertEqual(result.returncode, code, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2, result.stderr)
        self.assertTrue(lines[0].startswith(f"stele: error[{word}]: "), lines[0])
        self.assertRegex(lines[1], r"^  \S")
        for part in parts:
            self.assertIn(part, lines[0])

    @staticmethod
    def reader_words(verb, store):
        return [verb[0], store, *{"inspect": ["counter"], "diff": [store]}.get(verb[0], []), *verb[1:]]

    def run_reader(self, verb, store):
        return stele(*self.reader_words(verb, store))

    def test_format_says_what_it_made(self):
        result = stele("format", self.path("new.img"), "--size", "32M", "--system", self.system)
        self.assertEqual(result.returncode, DONE)
        self.assertRegex(result.stdout,
                         r"new.img: store [0-9a-f]{8}, 32.0 MiB \(.* on disk\), 128 segments of "
                                        r"256.0 KiB, hash xxh64\n4 processes, \d+ frames, committed\n$")

    def test_format_never_overwrites(self):
        result = stele("format", self.good, "--size", "32M", "--system", self.system)
        self.refused(result, FAILED, "exists", "holds a Stele store")
        self.assertEqual(stele("check", self.good).returncode, DONE)
        other = self.path("letter.txt")
        with open(other, "w") as file:
            file.write("dear reader\n")
        self.refused(stele("format", other, "--size", "32M", "--system", self.system), FAILED, "exists")
        with open(other) as file:
            self.assertEqual(file.read(), "dear reader\n")
        result = stele("format", other, "--size", "32M", "--system", self.system, "--force")
        self.assertEqual(result.returncode, DONE)
        self.assertEqual(stele("check", other).returncode, DONE)

    def test_format_dry_run_writes_nothing(self):
        path = self.path("dry.img")
        result = stele("format", path, "--size", "32M", "--system", self.system, "-n")
        self.assertEqual(result.returncode, DONE)
        self.assertIn("dry run", result.stdout)
        self.assertFalse(os.path.exists(path))

    def test_format_leaves_no_half_made_file(self):
        path = self.path("half.img")
        self.refused(stele("format", path, "--size", "64K", "--system", self.system),
                     USAGE, "usage", "too small")
        self.assertFalse(os.path.exists(path))
        self.refused(stele("format", path, "--size", "32M", "--system", "/nowhere.toml"),
                     USAGE, "usage", "nowhere")
        self.refused(stele("format", path, "--size", "32M", "--system", self.system,
                           "--programs", "/nowhere"),
                     FAILED, "io", "/nowhere/counter.elf")
        self.assertFalse(os.path.exists(path))

    def test_ps_lists_the_description(self):
        text = stele("ps", self.good).stdout
        self.assertRegex(text, r"^ +PID  NAME +STATE +SPACE +CAPS\n")
        document = json.loads(stele("ps", self.good, "--json").stdout)
        self.assertEqual(document["schema"], "stele.ps/1")
        self.assertEqual([process["name"] for process in document["processes"]],
                         ["counter", "notepad", "compute", "watcher"])
        for process in document["processes"]:
            self.assertEqual(process["state"], "ready")
            self.assertTrue(process["live"])
            self.assertGreater(process["spaceBytes"], 4096)

    def test_inspect_shows_registers_capabilities_and_space(self):
        document = json.loads(stele("inspect", self.good, "notepad", "--registers", "--caps", "--space",
                                    "--json").stdout)
        self.assertEqual(document["type"], "process")
        self.assertEqual(document["name"], "notepad")
        self.assertIn("rsp", document["registers"])
        self.assertRegex(document["capabilities"]["1"],
                         r'^entry:0x[0-9a-f]+\.\d+\(send\) payload 2 "console"$')
        self.assertIn("0x400000", document["space"])
        self.assertIn("read_only", document["space"]["0x400000"])
        by_pid = stele("inspect", self.good, document["object"])
        self.assertEqual(by_pid.returncode, DONE)
        self.assertIn("notepad", by_pid.stdout)
        self.refused(stele("inspect", self.good, "nobody"), FAILED, "no-such-object", "nobody")

    def test_ranges_and_heaps_are_handed_out(self):
        path = self.path("life.img")
        result = stele("format", path, "--size", "64M", "--system",
                       os.path.join(ARGUMENTS.source, "images/life.toml"))
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertEqual(stele("check", path).returncode, DONE)
        bank = json.loads(stele("inspect", path, "space-bank", "--caps", "--json").stdout)
        capabilities = bank["capabilities"]
        self.assertRegex(capabilities["4"], r"^frame_range:0x[0-9a-f]+\+1024$")
        for slot in ("6", "8"):
            self.assertRegex(capabilities[slot], r"^heap:0x[0-9a-f]+\.\d+$")

    def test_check_and_history_of_a_fresh_store(self):
        result = stele("check", self.good)
        self.assertEqual(result.returncode, DONE, result.stdout)
        self.assertRegex(result.stdout, r"good.img: clean, checkpoint \d+, \d+\.\d\d s\n$")
        document = json.loads(stele("check", self.good, "--json").stdout)
        self.assertTrue(document["clean"])
        self.assertEqual(document["findings"], [])
        self.assertEqual(document["processes"], 4)
        history = json.loads(stele("history", self.good, "--json").stdout)["checkpoints"]
        self.assertEqual(history[0]["processes"], 4)
        self.assertEqual(len(stele("history", self.good, "-n", "1").stdout.splitlines()), 2)

    def test_references_name_checkpoints(self):
        generation = json.loads(stele("info", self.good, "--json").stdout)["generation"]
        self.assertEqual(stele("ps", f"{self.good}@{generation}").returncode, DONE)
        self.assertEqual(stele("ps", f"{self.good}@latest").returncode, DONE)
        self.refused(stele("ps", f"{self.good}@9999"), FAILED, "no-such-checkpoint", "9999")

    def test_everything_that_is_no_store(self):
        ext4 = bytearray(65536)
        struct.pack_into("<H", ext4, 1024 + 0x38, 0xEF53)
        files = {"empty": b"", "zeros": bytes(65536),
                 "qcow2": b"QFI\xfb\0\0\0\3" + bytes(600), "ext4": bytes(ext4)}
        for name, content in files.items():
            path = self.path(name)
            with open(path, "wb") as file:
                file.write(content)
            for verb in READERS:
                self.refused(self.run_reader(verb, path), FAILED, "not-a-store", name)
        self.refused(stele("boot", self.path("zeros")), FAILED, "not-a-store")
        self.assertIn("qcow2 image", stele("info", self.path("qcow2")).stderr)
        self.assertIn("it is empty", stele("info", self.path("empty")).stderr)
        for verb in READERS:
            self.refused(self.run_reader(verb, self.path("missing")), FAILED, "io", "No such file")
            self.refused(self.run_reader(verb, self.folder.name), FAILED, "io", "directory")

    def test_truncated_store(self):
        path = self.copy("short.img", size=32 << 20)
        for verb in READERS:
            if verb != ["info", "--super"]:
                self.refused(self.run_reader(verb, path), FAILED, "truncated")

    def test_newer_store_is_refused_by_name(self):
        reader = os.path.join(ARGUMENTS.source, "tests/tools")
        sys.path.insert(0, reader)
        import newer_store
        for kind in ("revision", "incompat"):
            path = self.copy(f"newer-{kind}.img", lambda content: newer_store.make_newer(content, kind))
            for verb in READERS:
                if verb != ["info", "--super"]:
                    self.refused(self.run_reader(verb, path), FAILED, "newer-format")

    def test_older_store_is_refused_by_name(self):
        sys.path.insert(0, os.path.join(ARGUMENTS.source, "tests/tools"))
        import newer_store
        path = self.copy("older.img", lambda content: newer_store.make_newer(content, "revision", 0))
        for verb in READERS:
            if verb != ["info", "--super"]:
                self.refused(self.run_reader(verb, path), FAILED, "older-format", "older than this tool")
        self.refused(stele("pin", path, "name"), FAILED, "older-format")

    def test_damaged_root_slots(self):
        def one(content):
            content[100] ^= 1

        def all_copies(content):
            for base in (0, len(content) - 8192):
                for slot in (0, 4096):
                    content[base + slot + 100] ^= 1

        path = self.copy("one-slot.img", one)
        self.assertEqual(stele("ps", path).returncode, DONE)
        result = stele("check", path)
        self.assertEqual(result.returncode, DAMAGED, result.stdout)
        self.assertIn("root-slot", result.stdout)
        self.assertIn("MISMATCH", stele("info", "--super", path).stdout)
        path = self.copy("no-slot.img", all_copies)
        for verb in READERS:
            if verb != ["info", "--super"]:
                self.refused(self.run_reader(verb, path), FAILED, "bad-superblock")

    def test_damaged_frame(self):
        space = json.loads(stele("inspect", self.good, "counter", "--space", "--json").stdout)["space"]
        frame = re.match(r"data_page:(0x[0-9a-f]+)", space["0x400000"]).group(1)
        content = stele("inspect", self.good, frame, "--hex", "--json")
        first = bytes.fromhex(json.loads(content.stdout)["content"]["000"].replace(" ", ""))
        second = bytes.fromhex(json.loads(content.stdout)["content"]["010"].replace(" ", ""))

        def damage(image):
            at = image.find(first + second)
            self.assertGreater(at, 0)
            while at >= 0:
                image[at] ^= 0x80
                at = image.find(first + second, at + 1)

        path = self.copy("rotten.img", damage)
        result = stele("check", path)
        self.assertEqual(result.returncode, DAMAGED, result.stdout)
        self.assertIn("frame-hash", result.stdout)
        document = json.loads(stele("check", path, "--json").stdout)
        self.assertFalse(document["clean"])
        self.assertEqual(document["exit"], DAMAGED)
        self.assertTrue(document["findings"])

    def test_store_in_use(self):
        with open(self.good, "r+b") as file:
            lock = struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 101, 1, 0)
            fcntl.fcntl(file, 37, lock)  # F_OFD_SETLK
            for verb in READERS:
                self.refused(self.run_reader(verb, self.good), IN_USE, "in-use", "is in use by")
                self.assertEqual(self.run_reader(verb + ["--live"], self.good).returncode, DONE)
            self.refused(stele("boot", self.good), IN_USE, "in-use")
            forced = stele("format", self.good, "--size", "32M", "--system", self.system, "--force")
            self.refused(forced, IN_USE, "in-use")
        self.assertEqual(stele("check", self.good).returncode, DONE)

    def test_not_running(self):
        self.refused(stele("kill", self.good), FAILED, "not-running")
        self.refused(stele("checkpoint", self.good), FAILED, "not-running")

    def test_usage(self):
        self.refused(stele("formt"), USAGE, "usage", "formt")
        self.assertIn("did you mean 'format'", stele("formt").stderr)
        self.refused(stele("info"), USAGE, "usage")
        self.refused(stele("info", self.good, "--nonsense"), USAGE, "usage")
        self.refused(stele("boot", self.good, "--interval", "3"), USAGE, "usage", "below 5")
        self.assertEqual(stele("--help").returncode, DONE)

    def test_errors_are_json_under_json(self):
        result = stele("info", self.path("missing"), "--json")
        document = json.loads(result.stdout)
        self.assertEqual((document["schema"], document["error"], document["exit"]),
                         ("stele.error/1", "io", FAILED))

    def test_pipes_get_plain_text_and_a_full_disk_is_told(self):
        for verb in READERS:
            result = self.run_reader(verb, self.good)
            self.assertNotRegex(result.stdout + result.stderr, r"[\r\b\x1b]")
            with open("/dev/full", "w") as full:
                result = subprocess.run([ARGUMENTS.stele, *self.reader_words(verb, self.good)], stdout=full,
                                        stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(result.returncode, FAILED)
            self.assertIn("error[io]", result.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--source", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
