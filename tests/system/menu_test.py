#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Through GRUB, with the image that the build makes: the entries of its menu, chosen by keys on the serial
line; and a machine that says nothing to GRUB, which shows the menu for two seconds, on the screen, too."""
import json
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from machine import Machine, console_arguments, qemu_command
from worlds import SOURCE

BUILD = Path("build")
SYSTEM = SOURCE / "images" / "demo.toml"
NEXT_ENTRY = b"\x0e"  # Ctrl-N; the arrow is three bytes, which a slow firmware may tear apart
LAST_ENTRY = "Stele, one checkpoint back"
SCREEN, SCREEN_BYTES = 0xb8000, 80 * 25 * 2  # characters and their colours
PATIENCE = 120


def stele(*words):
    command = [BUILD / "disk-tools" / "stele", *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                          check=True).stdout


class MenuTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stele-menu-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = self.folder / "menu.img"
        stele("format", self.store, "--size", "64M", "--interval", "0", "--system", SYSTEM)

    def start(self, command, arguments):
        machine = Machine(command, self.folder, arguments=arguments)
        self.addCleanup(machine.close)
        return machine

    def boot(self, *options):
        """`stele boot`, whose serial line is its standard input and output."""
        command = [BUILD / "disk-tools" / "stele", "boot", self.store, "--memory", "64", *options]
        return self.start(command, None)

    def start_alone(self):
        """A machine that says nothing to GRUB, with a screen and a keyboard."""
        return self.start(qemu_command(self.store, iso=BUILD / "images" / "stele.iso"), console_arguments)

    def choose(self, steps):
        """Takes the entry that stands `steps` below the first."""
        machine = self.boot("--menu")
        self.wait_for_text(machine, LAST_ENTRY)
        machine.send(NEXT_ENTRY * steps + b"\r")
        return machine

    def wait_for_text(self, machine, text):
        """A menu is drawn without line ends."""
        end = time.monotonic() + PATIENCE
        while text not in self.said(machine):
            if machine.closed or time.monotonic() > end:
                raise machine.error(f"did not show {text!r}")
            machine.pump(end - time.monotonic())

    def said(self, machine):
        return "\n".join([*machine.lines, machine.partial.decode("utf-8", "replace")])

    def screen(self, machine):
        """The text on the screen, without line ends."""
        dump = self.folder / "screen.bin"
        machine.qmp("pmemsave", val=SCREEN, size=SCREEN_BYTES, filename=str(dump))
        return dump.read_bytes()[::2].decode("cp437")

    def pull_the_plug(self, machine):
        stele("kill", self.store)
        machine.wait_exit(PATIENCE)

    def generations(self):
        """Counters of the checkpoints that can be read, newest first."""
        document = json.loads(stele("history", self.store, "--json"))
        return [checkpoint["generation"] for checkpoint in document["checkpoints"]]

    def commit(self, machine, times):
        for _ in range(times):
            machine.wait_for("^counter: ", PATIENCE)
            machine.send_line("checkpoint")
            machine.wait_for(r"^\[stele\] generation \d+ committed.*, requested$", PATIENCE)

    def test_each_entry_does_what_it_says(self):
        machine = self.choose(0)
        machine.wait_for(r"\[stele\] restored generation", PATIENCE)
        self.commit(machine, 3)
        self.pull_the_plug(machine)
        newest, previous = self.generations()[:2]
        machine = self.choose(1)
        self.assertEqual(int(machine.wait_for(r"\[stele\] held generation (\d+)", PATIENCE)[1]), newest)
        machine.send_line("off")
        machine.wait_for(r"^\[stele\] off$", PATIENCE)
        machine.wait_exit(PATIENCE)
        self.assertFalse([line for line in machine.lines if line.startswith("counter: ")])
        self.assertEqual(self.generations()[0], newest)
        machine = self.choose(2)
        self.assertEqual(int(machine.wait_for(r"\[stele\] restored generation (\d+)", PATIENCE)[1]), previous)
        machine.wait_for("^counter: ", PATIENCE)
        self.pull_the_plug(machine)
        self.assertEqual(self.generations()[0], previous)

    def test_the_options_of_boot_need_no_menu(self):
        machine = self.boot()
        machine.wait_for(r"\[stele\] restored generation", PATIENCE)
        self.commit(machine, 2)
        self.pull_the_plug(machine)
        newest, previous = self.generations()[:2]
        for option, says, generation in (("--hold", "held", newest), ("--previous", "restored", previous)):
            machine = self.boot(option)
            said = machine.wait_for(rf"\[stele\] {says} generation (\d+)", PATIENCE)[1]
            self.assertEqual(int(said), generation)
            self.assertNotIn(LAST_ENTRY, self.said(machine))
            self.pull_the_plug(machine)

    def test_a_machine_alone_goes_on_by_itself(self):
        machine = self.start_alone()
        self.wait_for_text(machine, LAST_ENTRY)
        machine.wait_for(r"\[stele\] restored generation", PATIENCE)
        machine.wait_for("^counter: ", PATIENCE)

    def test_a_machine_alone_obeys_its_keyboard_and_shows_the_menu_on_its_screen(self):
        machine = self.start_alone()
        self.wait_for_text(machine, LAST_ENTRY)
        machine.qmp("send-key", keys=[{"type": "qcode", "data": "down"}])  # no time-out from here on
        end = time.monotonic() + PATIENCE
        while LAST_ENTRY not in self.screen(machine):
            self.assertLess(time.monotonic(), end, self.screen(machine))
            machine.pump(0.1)
        machine.qmp("send-key", keys=[{"type": "qcode", "data": "ret"}])
        machine.wait_for(r"\[stele\] held generation", PATIENCE)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    unittest.main()
