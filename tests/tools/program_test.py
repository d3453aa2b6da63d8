#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program of a user's own, as templates/program/README.md says: copied out of the tree, built, formatted,
booted, killed, booted again. On the way, the verbs that need a running machine."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ARGUMENTS = None
LINE = re.compile(r"hello: greeting (\d+) of process 7")
sys.path.insert(0, str(Path(__file__).parent))
import schema  # noqa: E402


def run(*words, seconds=120, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL, **options)


class Console:
    """`stele boot` with its lines as they come; a deadline takes the place of a wait without end."""

    def __init__(self, *words):
        self.process = subprocess.Popen([ARGUMENTS.stele, "boot", *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.store = words[0]
        self.deadline = threading.Timer(100, self.stop)
        self.deadline.daemon = True
        self.deadline.start()
        self.lines = []

    def greeting(self, least=1, line=LINE):
        for raw in self.process.stdout:
            self.lines.append(raw.decode(errors="replace").rstrip())
            found = line.search(self.lines[-1])
            if found and int(found[1]) >= least:
                return int(found[1])
        raise AssertionError("no greeting; the console said:\n" + "\n".join(self.lines[-30:]))

    def stop(self):
        """Whatever happened: the machine first, then the relay that would wait for it."""
        self.deadline.cancel()
        run(ARGUMENTS.stele, "kill", self.store)
        self.process.kill()
        self.process.wait(60)

    def end(self):
        for _ in self.process.stdout:
            pass
        status = self.process.wait(60)
        self.deadline.cancel()
        self.process.stdout.close()
        self.process.stdin.close()
        return status


class OwnProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name) / "hello"
        shutil.copytree(Path(ARGUMENTS.source) / "templates/program", cls.folder)
        environment = {**os.environ, "CXX": ARGUMENTS.compiler}
        for words in (["-S", ".", "-B", "build", "-D", f"STELE={ARGUMENTS.build}"], ["--build", "build"]):
            made = run(ARGUMENTS.cmake, *words, cwd=cls.folder, env=environment)
            assert made.returncode == 0, made.stdout + made.stderr
        cls.store = cls.folder / "hello.img"
        made = run(ARGUMENTS.stele, "format", cls.store, "--size", "64M",
                   "--system", cls.folder / "system.toml", "--programs", cls.folder / "build")
        assert made.returncode == 0, made.stderr

    def test_it_runs_and_survives_and_the_verbs_of_a_running_machine(self):
        console = Console(self.store, "--direct", "--memory", "64")
        self.addCleanup(console.stop)
        self.assertEqual(console.greeting(), 1)
        seen = console.greeting(3)
        busy = run(ARGUMENTS.stele, "ps", self.store)
        self.assertEqual(busy.returncode, 75)
        holder = re.search(r"in use by qemu-system-\S* \(pid (\d+)\)", busy.stderr)
        self.assertTrue(holder, busy.stderr)
        refused = run(ARGUMENTS.stele, "ps", self.store, "--json")
        self.assertEqual(schema.validate_document(refused.stdout)[0], "error")
        live = run(ARGUMENTS.stele, "ps", self.store, "--live", "--json")
        name, document = schema.validate_document(live.stdout)
        self.assertEqual([process["name"] for process in document["processes"]], ["hello"])
        asked = run(ARGUMENTS.stele, "checkpoint", self.store, "--json")
        self.assertEqual(schema.validate_document(asked.stdout)[0], "checkpoint", asked.stderr)
        asked = run(ARGUMENTS.stele, "checkpoint", self.store)
        self.assertRegex(asked.stdout, r"\A\[stele\] generation \d+ committed, .* requested\n\Z")
        pulled = run(ARGUMENTS.stele, "kill", self.store, "--json")
        name, document = schema.validate_document(pulled.stdout)
        self.assertEqual((name, document["pid"]), ("kill", int(holder[1])))
        console.end()
        again = Console(self.store, "--direct", "--memory", "64")
        self.addCleanup(again.stop)
        # The checkpoint was acknowledged, so what was seen before it is not counted again.
        self.assertGreaterEqual(again.greeting(), seen)
        pulled = run(ARGUMENTS.stele, "kill", self.store)
        self.assertRegex(pulled.stdout, r"\A.*/hello\.img: the plug is pulled \(pid \d+\)\n\Z")
        again.end()

    def test_another_program_takes_its_place(self):
        """Built anew with another word, installed in a store whose process has a past; twice, with its data
        and without."""
        store = self.folder / "renewed.img"
        made = run(ARGUMENTS.stele, "format", store, "--size", "64M", "--system", self.folder / "system.toml",
                   "--programs", self.folder / "build")
        self.assertEqual(made.returncode, 0, made.stderr)
        seen = self.live(store, LINE, 3)
        renewed = self.folder.parent / "renewed"
        shutil.copytree(self.folder, renewed, ignore=shutil.ignore_patterns("build", "*.img"))
        source = renewed / "main.cpp"
        source.write_text(source.read_text().replace("hello: greeting ", "hello: salute "))
        environment = {**os.environ, "CXX": ARGUMENTS.compiler}
        for words in (["-S", ".", "-B", "build", "-D", f"STELE={ARGUMENTS.build}"], ["--build", "build"]):
            made = run(ARGUMENTS.cmake, *words, cwd=renewed, env=environment)
            self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        salute = re.compile(r"hello: salute (\d+) of process 8")
        install = (ARGUMENTS.stele, "install", store, "hello", renewed / "build" / "hello.elf",
                   "--argument", "8")
        installed = run(*install, "--keep-data")
        self.assertEqual(installed.returncode, 0, installed.stderr)
        self.assertGreaterEqual(self.live(store, salute, 1, first=True), seen)
        installed = run(*install)
        self.assertEqual(installed.returncode, 0, installed.stderr)
        self.assertEqual(self.live(store, salute, 1, first=True), 1)
        checked = run(ARGUMENTS.stele, "check", store)
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def live(self, store, line, least, first=False):
        """Boots until the program has said `least`, checkpoints and pulls the plug; what it said first, or
        last."""
        console = Console(store, "--direct", "--memory", "64")
        self.addCleanup(console.stop)
        begun = console.greeting(1, line)
        seen = begun if begun >= least else console.greeting(least, line)
        asked = run(ARGUMENTS.stele, "checkpoint", store)
        self.assertEqual(asked.returncode, 0, asked.stderr)
        pulled = run(ARGUMENTS.stele, "kill", store)
        self.assertEqual(pulled.returncode, 0, pulled.stderr)
        console.end()
        return begun if first else seen

    def test_the_machine_dies_with_its_relay(self):
        again = Console(self.store, "--direct", "--memory", "64")
        self.addCleanup(again.stop)
        again.greeting()
        # The store is left to others.
        again.process.kill()
        again.end()
        while (checked := run(ARGUMENTS.stele, "check", self.store)).returncode == 75:
            self.assertIn("qemu", checked.stderr)
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_the_readme_names_what_is_done_here(self):
        text = (self.folder / "README.md").read_text()
        for part in ("cp -r ~/stele/templates/program", "-D STELE=", "--system system.toml --programs build",
                     "boot hello.img --direct"):
            self.assertIn(part, text)
        self.assertEqual({path.name for path in (Path(ARGUMENTS.source) / "templates/program").iterdir()},
                         {"README.md", "CMakeLists.txt", "main.cpp", "system.toml"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("stele", "source", "build", "cmake", "compiler"):
        parser.add_argument("--" + name, required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
