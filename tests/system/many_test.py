#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A system that nobody foresaw: forty processes of a user's own program, out of a folder that is not Stele's.
It survives power cuts, and `stele ps` lists it right. Nothing of kernel and residents knows of it."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from machine import Machine, console_arguments, qemu_command
from worlds import SOURCE

ARGUMENTS = None
COUNT = 40
HEAD = f"""# Forty greeters, and a notepad for the campaign.
include = ["{SOURCE / 'images' / 'common.toml'}"]
label = "many"

[checkpoint]
interval_ms = 20
"""
# Some of them of another shape: a longer name, a stack and pages of their own.
PROCESS = """
[[process]]
name = "{name}"
program = "hello"
priority = {priority}
argument = {number}
stack_pages = {stack_pages}
map = [{{ address = 0x2000000000, pages = {pages}, access = "write" }}]
capabilities = [
    {{ slot = 1, type = "entry", target = "console" }},
    {{ slot = 2, type = "clock" }},
]
"""


def run(*words, **options):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=200,
                            **options)
    assert result.returncode == 0, f"{words}: {result.stdout[-3000:]}{result.stderr[-3000:]}"
    return result.stdout


def shape(number):
    return {"number": number, "name": f"greeter-{number}" + "-of-a-long-name" * (number % 2),
            "priority": 4 + number % 3, "stack_pages": 1 + number % 4, "pages": 1 + number % 5}


class ManyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = ARGUMENTS.build / "many"  # it stays, for who replays a failed cut
        shutil.rmtree(cls.folder, ignore_errors=True)
        cls.programs = cls.folder / "build"
        shutil.copytree(SOURCE / "templates" / "program", cls.folder, dirs_exist_ok=True)
        environment = {**os.environ, "CXX": ARGUMENTS.compiler}
        run(ARGUMENTS.cmake, "-S", ".", "-B", "build", "-D", f"STELE={ARGUMENTS.build}", cwd=cls.folder,
            env=environment)
        run(ARGUMENTS.cmake, "--build", "build", cwd=cls.folder, env=environment)
        for name in ("counter", "notepad"):
            shutil.copy(ARGUMENTS.build / "user" / "apps" / f"{name}.elf", cls.programs)
        cls.system = cls.folder / "many.toml"
        processes = "".join(PROCESS.format(**shape(number)) for number in range(1, COUNT + 1))
        cls.system.write_text(HEAD + processes)

    def stele(self, *words):
        return run(ARGUMENTS.build / "disk-tools" / "stele", *words)

    def test_it_is_listed_right_before_and_after_a_run(self):
        store = self.folder / "many.img"
        self.stele("format", store, "--size", "64M", "--system", self.system, "--programs", self.programs)
        fresh = self.listed(store)
        command = qemu_command(store, kernel=ARGUMENTS.build / "kernel" / "stele-kernel.elf",
                               resident=ARGUMENTS.build / "images" / "resident.img", words="lines=10 ack")
        machine = Machine(command, self.folder, arguments=console_arguments)
        self.addCleanup(machine.close)
        for number in (1, COUNT // 2, COUNT):
            machine.wait_for(rf"^hello: greeting [1-9]\d* of process {number}$", 60)
        machine.send_line("checkpoint")
        machine.wait_for(r"^\[stele\] generation \d+ committed.*, requested$", 60)
        machine.kill()
        self.assertEqual(self.listed(store), fresh)
        self.stele("check", store)

    def listed(self, store):
        """What does not change in the list, after a look at the rest of it."""
        listed = json.loads(self.stele("ps", store, "--json"))["processes"]
        self.assertEqual([process["name"] for process in listed],
                         ["counter", "notepad"] + [shape(number)["name"] for number in range(1, COUNT + 1)])
        numbers = [process["pid"] for process in listed]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertFalse({process["state"] for process in listed} - {"ready", "receiving", "sleeping"})
        greeters = {process["name"]: process["spaceBytes"] // 4096 for process in listed[2:]}
        program = {greeters[of["name"]] - of["stack_pages"] - of["pages"]
                   for of in map(shape, range(1, COUNT + 1))}
        self.assertEqual(len(program), 1, "pages of the program itself, the same for all")
        lines = self.stele("ps", store).splitlines()
        self.assertEqual([line.split()[1] for line in lines[1:]], [process["name"] for process in listed])
        tree = json.loads(self.stele("ps", store, "--tree", "--json"))["processes"]
        self.assertEqual({process["pid"] for process in tree}, {process["pid"] for process in listed})
        return [(process["pid"], process["name"], process["spaceBytes"], process["capabilities"])
                for process in listed]

    def test_it_survives_cuts(self):
        campaign = subprocess.run(
            [sys.executable, "-B", Path(__file__).parent / "campaign.py", "--build", ARGUMENTS.build,
             "--system", self.system, "--programs", self.programs, "--cuts", str(ARGUMENTS.cuts)],
            capture_output=True, text=True)
        self.assertEqual(campaign.returncode, 0, campaign.stdout + campaign.stderr)
        print(campaign.stdout.splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--cuts", type=int, default=20)
    ARGUMENTS, rest = parser.parse_known_args()
    ARGUMENTS.build = ARGUMENTS.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
