#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The output of every verb: text against golden files, JSON against schemas. What changes from run to run
(times, identifiers, folders) is replaced by a word. After a change that is meant, --write renews the golden
files."""

import argparse
import fcntl
import json
import os
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

# golden file -> command lines, whose outputs stand there one below the other
CASES = {
    "format": ["format new.img --size 32M --system system.toml --programs .",
               "format dry.img --size 32M --system system.toml --programs . --dry-run",
               "format wide.img --size 32M --system system.toml --programs . --processor avx --quiet",
               "info wide.img",
               "format odd.img --size 32M --system system.toml --programs . --processor max",
               "format new.img --size 32M --system system.toml --programs .",
               "format other.img --size 32M --system missing.toml",
               "format other.img --size 32M --system system.toml --programs nowhere"],
    "info": ["info good.img", "info good.img --units bytes", "info good.img --super",
             "info torn-slot.img --super"],
    "history": ["history good.img", "history good.img -n 1"],
    "ps": ["ps good.img", "ps good.img --tree", "ps good.img@latest --units bytes"],
    "inspect-process": ["inspect good.img init --caps --space --registers", "inspect good.img worker"],
    "inspect-objects": [f"inspect good.img {name}" for name in (
        "DATA_PAGE", "CAPABILITY_PAGE", "PATT", "ENDPOINT", "SCHEDULE", "HEAP", "FREE", "UNUSED")],
    "inspect-hex": ["inspect good.img CODE --hex"],
    "diff": ["diff good.img good.img@2", "diff good.img changed.img", "diff changed.img good.img --detail",
             "diff good.img changed.img --quiet", "diff good.img@1 good.img", "diff good.img other-store.img",
             "diff good.img good.img@7", "diff good.img"],
    "check": ["check good.img", "check good.img --quiet", "check rotten.img", "check torn-slot.img"],
    "extract": ["extract good.img init -o new.core", "extract good.img init -o good.img",
                "extract good.img CODE -o other.core"],
    "cat": ["cat good.img nobody", "cat good.img init --range 7", "cat good.img init --range 0x0+16",
            "cat good.img CODE --range 4000:5000"],
    "travel": ["pin travel.img@1 first", "pin travel.img before-upgrade", "pin travel.img again",
               "pin travel.img first", "pin travel.img 41", "history travel.img",
               "history travel.img --pinned",
               "info travel.img", "rollback travel.img first", "rollback travel.img 99",
               "unpin travel.img first", "unpin travel.img nobody", "history travel.img",
               "ps travel.img@before-upgrade",
               "boot travel.img@before-upgrade --direct --print --interval 20",
               "boot travel.img --at before-upgrade --fork forked.img --direct --print"],
    "install": ["install travel.img init spin.elf --dry-run", "install travel.img init spin.elf --argument 7",
                "install travel.img worker spin.elf --keep-data", "install travel.img@1 init spin.elf",
                "install travel.img nobody spin.elf", "install travel.img CODE spin.elf",
                "install travel.img init system.toml", "install travel.img init nothing.elf"],
    "refusals": ["info empty.img", "info nothing.img", "ps good.img@99", "inspect good.img nobody",
                 "inspect good.img 0xffffff", "kill good.img", "checkpoint good.img", "inof good.img", "info",
                 "info good.img --nonsense", "completion csh"],
    "in-use": ["info held.img", "check held.img", "boot held.img", "info held.img --live"],
    "boot": ["boot good.img --direct --print --hold --interval 20",
             "boot good.img --print --uefi --previous --processor qemu64 --memory 512",
             "boot good.img --print --menu",
             "boot good.img --direct --uefi"],
    "version": ["version"],
    "help": ["--help", "format --help", "boot --help"],
}
# Verbs whose document needs a running machine: program_test.py has them, restart_test.py that of shutdown.
ELSEWHERE = {"kill", "checkpoint", "shutdown"}

CHANGING = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r"(?<=created_ns       )\d+", "TIME"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"(?<=store )[0-9a-f]{8}\b|\b[0-9a-f]{8}(?=, checkpoint)", "ID"),
    (r"(?<=different stores: )[0-9a-f]{8} and [0-9a-f]{8}$", "ID and ID"),
    (r"(?<=hash               )0x[0-9a-f]+", "HASH"),
    (r"(?<=want )[0-9a-f]{16}, got [0-9a-f]{16}", "HASH, got HASH"),
    (r"\(\d[^()]* on disk\)", "(SIZE on disk)"),
    (r"\d+\.\d\d s$", "SECONDS s"),
    (r"\(pid \d+\)", "(pid PID)"),
]


def make_program(path):
    """An ELF file of one page: a jump to itself, and 64 bytes to recognise it by."""
    code = b"\xeb\xfe" + bytes(range(64))
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0x400000, 64, 0, 0, 64, 56, 1,
                         0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0x1000, 0x400000, 0x400000, len(code), len(code), 0x1000)
    path.write_bytes((header + segment).ljust(0x1000, b"\0") + code)


class Golden(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name)
        make_program(cls.folder / "spin.elf")
        (cls.folder / "system.toml").write_text((HERE / "golden/system.toml").read_text())
        made = cls.run_stele("format good.img --size 32M --system system.toml --programs .".split())
        assert made.returncode == 0, made.stderr
        good = (cls.folder / "good.img").read_bytes()
        (cls.folder / "held.img").write_bytes(good)
        (cls.folder / "empty.img").write_bytes(b"")
        cls.spoil("torn-slot.img", good, [100])
        code = good.index(b"\xeb\xfe" + bytes(range(64)))
        cls.spoil("rotten.img", good, [code + 5])
        cls.objects = cls.find_objects()
        made = cls.run_stele("format other-store.img --size 32M --system system.toml --programs .".split())
        assert made.returncode == 0, made.stderr
        cls.make_changed(good)

    @classmethod
    def make_changed(cls, good):
        """A copy in which init stands elsewhere, has lost its capability to the keeper and runs other code,
        and the process that nobody holds is gone."""
        path = cls.folder / "changed.img"
        path.write_bytes(good)
        frame = lambda text: int(text.split(".")[0], 16)  # noqa: E731
        listed = cls.document("ps", "good.img")["processes"]
        processes = {process["name"]: process["pid"] for process in listed}
        for number, edit in (
                (processes["init"], lambda content: struct.pack_into("<Q", content, 64 + 128, 0x400010)),
                (frame(cls.objects["CAPABILITY_PAGE"]),
                 lambda content: struct.pack_into("<2Q", content, 16 * 5, 0, 0)),
                (frame(cls.objects["CODE"]), lambda content: struct.pack_into("<B", content, 9, 0x90)),
                (processes["loner"], lambda content: struct.pack_into("<I", content, 4, 0))):
            ForgedStore(path).change(number, edit)

    @classmethod
    def spoil(cls, name, content, offsets):
        changed = bytearray(content)
        for offset in offsets:
            changed[offset] ^= 1
        (cls.folder / name).write_bytes(changed)

    @classmethod
    def run_stele(cls, words):
        environment = {name: value for name, value in os.environ.items() if name != "STELE_STORE"}
        return subprocess.run([ARGUMENTS.stele, *words], capture_output=True, text=True, timeout=60,
                              cwd=cls.folder, env={**environment, "TZ": "UTC"})

    @classmethod
    def document(cls, *words):
        result = cls.run_stele([*words, "--json"])
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    @classmethod
    def find_objects(cls):
        """An object of each type, by the capabilities to it."""
        init = cls.document("inspect", "good.img", "init", "--caps", "--space")
        target = lambda text: re.search(r":(0x[0-9a-f.]+)", text)[1]  # noqa: E731
        return {"DATA_PAGE": target(init["space"]["0x1000000000"]), "CODE": target(init["space"]["0x400000"]),
                "CAPABILITY_PAGE": target(init["slots"]["capability space"]),
                "PATT": target(init["slots"]["address space"]), "SCHEDULE": target(init["slots"]["schedule"]),
                "ENDPOINT": target(init["capabilities"]["11"]), "HEAP": target(init["capabilities"]["4"]),
                "FREE": target(init["capabilities"]["3"]),
                "UNUSED": target(init["slots"]["reply endpoint"]).split(".")[0] + ".15"}

    def words(self, command):
        return [self.objects.get(word, word) for word in command.split()]

    def normalised(self, text):
        for folder, word in ((str(self.folder), "FOLDER"), (str(ARGUMENTS.build), "BUILD")):
            text = text.replace(folder, word)
        for pattern, word in CHANGING:
            text = re.sub(pattern, word, text, flags=re.MULTILINE)
        return text

    def transcript(self, command):
        result = self.run_stele(self.words(command))
        for stream in (result.stdout, result.stderr):
            self.assertNotRegex(stream, r"[\r\b\x1b]")
        said = self.normalised(result.stdout + result.stderr)
        return f"$ stele {command}\n{said}(exit {result.returncode})\n"

    def hold(self):
        """The lock of a running QEMU on held.img."""
        file = open(self.folder / "held.img", "r+b")
        self.addCleanup(file.close)
        fcntl.fcntl(file, 37, struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 101, 1, 0))  # F_OFD_SETLK

    def remove_made(self):
        for name in ("new.img", "wide.img", "new.core", "forked.img"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(self.folder / "good.img", self.folder / "travel.img")

    def test_text_is_the_golden_text(self):
        self.hold()
        for name, commands in CASES.items():
            self.remove_made()
            found = "\n".join(self.transcript(command) for command in commands)
            path = HERE / "golden" / f"{name}.txt"
            if ARGUMENTS.write:
                path.write_text(found)
            with self.subTest(name):
                self.assertEqual(found, path.read_text())
        names = {path.stem for path in (HERE / "golden").glob("*.txt")}
        self.assertEqual(names, set(CASES))

    def test_json_fits_its_schema(self):
        self.hold()
        seen = set()
        for commands in CASES.values():
            self.remove_made()
            for command in commands:
                if "--help" in command:
                    continue
                with self.subTest(command):
                    result = self.run_stele([*self.words(command), "--json"])
                    name, document = schema.validate_document(result.stdout)
                    seen.add(name)
                    if name == "error":
                        self.assertEqual(document["exit"], result.returncode)
                        self.assertIn(f"error[{document['error']}]: {document['text']}", result.stderr)
                    else:
                        good = (0, 1) if name == "diff" else (0, 4)
                        self.assertIn(result.returncode, good, result.stderr)
        known = {path.stem for path in schema.FOLDER.glob("*.json")}
        self.assertEqual(seen, known - ELSEWHERE)

    def test_one_object_of_every_type_is_inspected(self):
        types = {self.document("inspect", "good.img", name)["type"]
                 for name in ("init", *self.objects.values())}
        self.assertEqual(types, {"free", "data page", "capability page", "patt", "process", "endpoint",
                                 "schedule", "heap"})

    def test_the_holder_is_named_with_its_process_identifier(self):
        self.hold()
        result = self.run_stele(["info", "held.img"])
        self.assertEqual(result.returncode, 75)
        self.assertRegex(result.stderr, rf"held\.img is in use by \S+ \(pid {os.getpid()}\)\n")

    def test_interrupted_is_exit_32(self):
        # The pipe is smaller than the output, so the tool still writes when the signal comes.
        read, write = os.pipe()
        fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ
        os.write(write, bytes(4096))
        tool = subprocess.Popen([ARGUMENTS.stele, "ps", "good.img"], cwd=self.folder, stdout=write,
                                stderr=subprocess.PIPE)
        os.close(write)
        while not re.search(r"^State:\s+S", Path(f"/proc/{tool.pid}/status").read_text(), re.MULTILINE):
            self.assertIsNone(tool.poll())
        tool.send_signal(2)
        self.assertEqual(tool.wait(30), 32)
        tool.stderr.close()
        os.close(read)


class Validator(unittest.TestCase):
    def test_it_finds_what_does_not_fit(self):
        thing = {"type": "object", "required": ["a"], "additionalProperties": False,
                 "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "minItems": 1,
                                "items": {"pattern": "^x", "type": "string"}}, "c": {"enum": [1, "two"]}}}
        schema.validate({"a": 1, "b": ["x"], "c": "two"}, thing)
        for bad in ({}, {"a": 0}, {"a": "1"}, {"a": True}, {"a": 1, "d": 1}, {"a": 1, "b": []},
                    {"a": 1, "b": ["y"]}, {"a": 1, "b": [1]}, {"a": 1, "c": 2}, []):
            with self.assertRaises(schema.Mismatch, msg=bad):
                schema.validate(bad, thing)
        with self.assertRaises(schema.Mismatch):
            schema.validate(1, {"oneOf": []})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", type=os.path.abspath, required=True)
    parser.add_argument("--build", type=os.path.abspath, required=True)
    parser.add_argument("--write", action="store_true", help="renew the golden files")
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
