#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.md says what is so: its transcripts are run and compared, numbers aside; its verbs exist; its
picture shows the capabilities that the demo's description hands out."""
import argparse
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "system"))
import system_files  # noqa: E402

ARGUMENTS = None
README = (SOURCE / "README.md").read_text()
LEFT_OUT = "..."
# What differs between two runs, each by one word; then white space is one blank.
CHANGING = [
    (r"\S*/images/demo\.toml", "images/demo.toml"),
    (r"(?<=store )[0-9a-f]{8}\b", "ID"),
    (r"\b(ready|sleeping|(receiving|stopped)( on endpoint 0x[0-9a-f]+\.\d+)?)(?=  )", "STATE"),
    (r"\b\d[\d.]* (ns|us|ms|s|KiB|MiB)\b", "SIZE"),
    (r"0x[0-9a-f]+|\b\d[\d.:-]*", "N"),
    (r"\s+", " "),
]


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def plain(line):
    for pattern, word in CHANGING:
        line = re.sub(pattern, word, line)
    return line.strip()


def find(run, lines, start):
    """Where the run of lines stands in `lines`, from `start` on; None: nowhere."""
    places = range(start, len(lines) - len(run) + 1)
    return next((at for at in places if lines[at:at + len(run)] == run), None)


def unlike(shown, said):
    """What of `shown`, in which `...` stands for any lines, is not in `said`; None: it fits."""
    runs, at, free = [[]], 0, False
    for line in shown:
        if line == LEFT_OUT:
            runs.append([])
        else:
            runs[-1].append(plain(line))
    said = [plain(line) for line in said]
    for run in runs:
        found = find(run, said, at)
        if found is None or not free and found != at:
            return run
        at, free = found + len(run), True
    return None if not runs[-1] or at == len(said) else said[at:]


class ReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="stele-readme-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        # As a checkout in which ./run build was: the stores that are made stand beside the programs.
        made = cls.folder / "build" / "dev"
        made.mkdir(parents=True)
        for name in ("disk-tools", "kernel", "images", "user"):
            (made / name).symlink_to(ARGUMENTS.build / name)
        (cls.folder / "images").symlink_to(SOURCE / "images")

    def run_command(self, line):
        words = shlex.split(line)
        demo = [sys.executable, "-B", SOURCE / "tests/system/demo.py", "--build", "build/dev"]
        programs = {"./run demo": demo, "stele": ["build/dev/disk-tools/stele"]}
        name = line if line in programs else words[0]
        command = [*programs[name], *(() if name == line else words[1:])]
        result = subprocess.run([str(word) for word in command], cwd=self.folder, capture_output=True,
                                text=True, timeout=240)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return (result.stdout + result.stderr).splitlines()

    def test_transcripts(self):
        shown = []  # pairs of a command and its output; what ./run demo prints has commands in it
        for block in blocks("console"):
            lines = block.splitlines()
            if lines[0] == "$ ./run demo":
                shown.append((lines[0], lines[1:]))
                continue
            for line in lines:
                if line.startswith("$ "):
                    shown.append((line, []))
                else:
                    shown[-1][1].append(line)
        self.assertGreaterEqual(len(shown), 4)
        for command, output in shown:
            with self.subTest(command):
                said = self.run_command(command[2:])
                self.assertIsNone(unlike(output, said), "\n".join(said))

    def test_a_wrong_transcript_is_noticed(self):
        said = ["one 1", "two 2", "three 3"]
        self.assertIsNone(unlike(["one 7", "two 8", "three 9"], said))
        self.assertIsNone(unlike(["...", "two 8", "..."], said))
        for wrong in (["one 1", "three 3"], ["one 1"], ["...", "two 2"], ["...", "three 3", "two 2"],
                      ["four 4", "..."]):
            self.assertIsNotNone(unlike(wrong, said), wrong)

    def test_verbs_exist(self):
        usage = subprocess.run([SOURCE / "run", "help"], capture_output=True, text=True, check=True).stdout
        for verb in set(re.findall(r"\./run ([a-z]+)", README)):
            self.assertRegex(usage, rf"(?m)^  {verb}\b")
        manual = subprocess.run([ARGUMENTS.build / "disk-tools" / "stele", "--help"], capture_output=True,
                                text=True, check=True).stdout
        for verb in set(re.findall(r"(?:`|\$ |\()stele ([a-z]+)", README)):
            self.assertRegex(manual, rf"(?m)^  {verb}\b")

    def test_the_picture_is_the_description(self):
        edge = re.compile(r"^  (\w+) -- (\w+) --> (\w+)$", re.MULTILINE)
        drawn = set(edge.findall("".join(blocks("mermaid"))))
        held = set()
        for process in system_files.processes_of(SOURCE / "images" / "demo.toml"):
            for capability in process.get("capabilities", []):
                held.add((process["name"], capability["type"], capability.get("target", "kernel")))
            for mapping in process.get("map", []):
                held.add((process["name"], mapping["access"], mapping["page"]))
        self.assertEqual(drawn, held)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    ARGUMENTS.build = ARGUMENTS.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
