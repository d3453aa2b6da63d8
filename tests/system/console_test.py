#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One process handled from the console: stopped, over a restart too, looked at, resumed where it stood,
killed; and nobody else suffers."""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from machine import Machine, console_arguments, qemu_command
from worlds import SOURCE

BUILD = Path("build")
GONE = "no process 'token-b', there are counter, notepad, token-a, clearing, "


class ConsoleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stele-console-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = self.folder / "store.img"

    def stele(self, *words):
        command = [BUILD / "disk-tools" / "stele", *words]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def states(self):
        """Of the newest checkpoint: name -> what `stele ps` says."""
        self.stele("check", self.store)
        return {process["name"]: process["stateText"]
                for process in json.loads(self.stele("ps", self.store, "--json"))["processes"]}

    def start(self, name):
        self.stele("format", self.store, "--size", "64M", "--force", "--system",
                   SOURCE / "images" / name)

    def boot(self, words=""):
        command = qemu_command(self.store, kernel=BUILD / "kernel" / "stele-kernel.elf",
                               resident=BUILD / "images" / "resident.img",
                               words=f"interval=20 lines=20 {words}".strip())
        machine = Machine(command, self.folder, arguments=console_arguments)
        self.addCleanup(machine.close)
        machine.wait_for(r"^\[stele\] restored generation", 60)
        return machine

    def ask(self, machine, line, answer):
        machine.send_line(line)
        return machine.wait_for(rf"^\[stele\] {answer}", 60)

    def commit(self, machine):
        """What is true now is in the store: a checkpoint of the console's own."""
        self.ask(machine, "checkpoint", r"generation \d+ committed, .*, requested$")

    def newest(self, machine, pattern):
        """The newest number printed so far."""
        machine.pump(0)
        found = [int(match[1]) for match in map(re.compile(pattern).match, machine.lines) if match]
        return found[-1]

    def stands_still(self, machine, pattern):
        """Nobody prints such a line while two checkpoints are committed and others print."""
        before = self.newest(machine, pattern)
        for _ in range(2):
            machine.wait_for(r"^compute: \d+ rounds", 60)
            self.commit(machine)
        self.assertEqual(self.newest(machine, pattern), before)
        return before

    def test_stopped_stands_still_over_a_restart_and_goes_on(self):
        self.start("demo.toml")
        first = self.boot()
        first.wait_for(r"^counter: \d+", 60)
        self.ask(first, "stop counter", "counter stopped$")
        self.ask(first, "stop counter", "counter is stopped already$")
        stood = self.stands_still(first, r"^counter: (\d+)")
        first.kill()
        self.assertTrue(self.states()["counter"].startswith("stopped"), self.states())

        second = self.boot()
        second.wait_for(r"^compute: \d+ rounds", 60)
        self.commit(second)
        self.assertFalse([line for line in second.lines if line.startswith("counter:")])
        state = self.ask(second, "inspect counter", r"counter: (.*)")[1]
        self.assertTrue(state.startswith("stopped"), state)
        rip = int(second.wait_for(r"^\[stele\]   rip 0x([0-9a-f]+) rflags 0x[0-9a-f]+ ", 60)[1], 16)
        self.assertTrue(0x400000 <= rip < 0x500000, hex(rip))
        for first_register in ("rax", "rsi", "r8", "r12"):
            second.wait_for(rf"^\[stele\]   {first_register} 0x", 60)
        self.ask(second, "resume counter", "counter resumed$")
        again = int(second.wait_for(r"^counter: (\d+)", 60)[1])
        # A line may come twice, when the stop fell between the line and the console's answer.
        self.assertIn(again, (stood, stood + 5))
        second.wait_for(rf"^counter: {again + 5}$", 60)
        self.ask(second, "resume counter", r"counter is not stopped: \w+$")

    def test_an_answer_reaches_who_was_stopped_meanwhile(self):
        self.start("demo.toml")
        machine = self.boot("lines=200")
        for _ in range(5):  # at any instant of its rounds: most of the time it waits for the console
            machine.wait_for(r"^counter: \d+", 60)
            self.ask(machine, "stop counter", "counter stopped$")
            machine.wait_for(r"^compute: \d+ rounds", 60)
            self.ask(machine, "resume counter", "counter resumed$")
            stood = self.newest(machine, r"^counter: (\d+)")
            machine.wait_for(rf"^counter: {stood + 5}$", 60)

    def test_wrong_names_are_answered_with_what_there_is(self):
        self.start("demo.toml")
        machine = self.boot()
        there = "counter, notepad, compute, watcher$"
        self.ask(machine, "stop Counter", rf"no process 'Counter', there are {there}")
        self.ask(machine, "kill", rf"kill which process\? There are {there}")
        self.ask(machine, "inspect migrator", rf"no process 'migrator', there are {there}")
        # It may have been on its way there.
        while not re.fullmatch(r"receiving, waits on endpoint 0x[0-9a-f]+\.\d+",
                               self.ask(machine, "inspect notepad", r"notepad: (.*)")[1]):
            pass
        self.ask(machine, "inspect compute", r"compute: ready(, waits for .*)?$")

    def expect_others_go_on(self, machine, patterns):
        for pattern in patterns:
            before = int(machine.wait_for(pattern, 60)[1])
            while int(machine.wait_for(pattern, 60)[1]) <= before:
                pass

    def kill_called(self, machine, name, caller):
        """Kills a process when the caller waits to send to it."""
        while True:
            self.ask(machine, f"stop {name}", f"{name} stopped$")
            state = self.ask(machine, f"inspect {caller}", rf"{caller}: (.*)")[1]
            if re.fullmatch(r"ready, waits until process 0x[0-9a-f]+ receives", state):
                return self.ask(machine, f"kill {name}", f"{name} killed$")
            self.ask(machine, f"resume {name}", f"{name} resumed$")

    def test_killed_is_gone_and_nobody_else_suffers(self):
        self.start("talk.toml")
        first = self.boot()
        first.wait_for(r"^token: \d+$", 60)
        self.kill_called(first, "token-b", "token-a")
        first.wait_for(r"^token: the other one is gone: void_capability$", 60)
        self.ask(first, "inspect token-b", GONE)
        self.ask(first, "kill teller-b", "teller-b killed$")
        # The house finds it gone when the other one sends money, unless that one has none left to send.
        self.expect_told(first, "teller-a", r"^clearing: a teller is gone: void_capability$")
        others = (r"^counter: (\d+)", r"^sharer: (\d+) turns, ok", r"^consumer: (\d+) messages, ok")
        self.expect_others_go_on(first, others)
        self.commit(first)
        first.kill()
        states = self.states()
        self.assertFalse({"token-b", "teller-b"} & set(states), states)
        self.assertTrue({"token-a", "clearing", "teller-a", "sharer-a", "counter"} <= set(states), states)

        second = self.boot()
        self.expect_others_go_on(second, others)
        self.ask(second, "stop token-b", GONE)
        self.ask(second, "inspect token-a", "token-a: ")
        self.commit(second)
        second.kill()
        self.assertEqual(set(self.states()), set(states))

    def expect_told(self, machine, caller, line):
        """Sooner or later it is told, or it waits for messages of its own accord: in no call any more."""
        while True:
            machine.pump(0.01)
            if any(re.search(line, said) for said in machine.lines):
                return True
            state = self.ask(machine, f"inspect {caller}", rf"{caller}: (.*)")[1]
            if state == "receiving, waits for a message":
                return False

    def test_whoever_is_in_a_call_to_the_killed_is_told(self):
        told = 0
        for instant in range(3):
            self.start("talk.toml")
            machine = self.boot()
            for _ in range(1 + instant):
                machine.wait_for(r"^clearing: \d+ transfers", 60)
            self.ask(machine, "kill clearing", "clearing killed$")
            for teller in ("teller-a", "teller-b"):
                told += self.expect_told(machine, teller, r"^teller: the house is gone: void_capability$")
            machine.wait_for(r"^token: \d+$", 60)
            self.ask(machine, "kill token-a", "token-a killed$")
            self.expect_told(machine, "token-b", r"^token: the other one is gone: \w+$")
            self.expect_others_go_on(machine, [r"^counter: (\d+)"])
            machine.close()
        # A teller with little money waits for more; both never have.
        self.assertGreaterEqual(told, 3)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    unittest.main()
