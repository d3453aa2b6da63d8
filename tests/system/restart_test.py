#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the machine starts and ends: boots that committed nothing are counted and then held, a store that needs
another processor is refused by name and stays as it is, a checkpoint comes before an orderly end."""
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from machine import STATUS_CANNOT_RESTORE, STATUS_OFF, Machine, console_arguments, qemu_command
from worlds import SOURCE

sys.path += [str(SOURCE / "tests" / "reader"), str(SOURCE / "tests" / "tools")]
import schema  # noqa: E402
from forged_store import ForgedStore  # noqa: E402
import stele_format as form  # noqa: E402

BUILD = Path("build")
SYSTEM = SOURCE / "images" / "demo.toml"
SLOT_HASH, SLOT_FEATURES = 8, 224  # offsets in a root slot
BASELINE, AVX, AVX512 = 0x3, 0x4, 0xe0
# In the frame of a process: which components of its vector state are there; a field that only another format
# than ours uses.
FRAME_XSTATE_BV, FRAME_XCOMP_BV = 0x300, 0x308
CONTROL_O = b"\x0f"
FORMAT_BOOT = 1  # the number under which `stele format` writes the first checkpoint
PATIENCE = 180


def need_features(path, features):
    """Writes into every copy of a root slot that the store's processes need `features`."""
    with open(path, "r+b") as file:
        size = file.seek(0, 2)
        for offset in (0, form.BLOCK, size - 2 * form.BLOCK, size - form.BLOCK):
            file.seek(offset)
            sector = bytearray(file.read(form.SECTOR))
            struct.pack_into("<Q", sector, SLOT_FEATURES, features)
            struct.pack_into("<2Q", sector, SLOT_HASH, *form.hash128(bytes(sector[24:]), form.SEED_SLOT))
            file.seek(offset)
            file.write(sector)


class RestartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stele-restart-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = self.folder / "restart.img"
        self.stele("format", self.store, "--size", "64M", "--system", SYSTEM)

    def stele(self, *words):
        command = [BUILD / "disk-tools" / "stele", *words]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def info(self):
        return json.loads(self.stele("info", self.store, "--json"))

    def boot(self, words, processor="max"):
        command = qemu_command(self.store, kernel=BUILD / "kernel" / "stele-kernel.elf",
                               resident=BUILD / "images" / "resident.img", words=words,
                               extra=("-cpu", processor))  # the last one counts
        machine = Machine(command, self.folder, arguments=console_arguments)
        self.addCleanup(machine.close)
        return machine

    def first_line(self, machine):
        """What the console says of this boot, behind the size of the memory."""
        return machine.wait_for(r"^\[stele\] boot (\d+), \d+ MiB memory(.*)$", PATIENCE).groups()

    def test_three_boots_without_a_commit_hold_the_fourth(self):
        for number in range(1, 5):
            machine = self.boot("interval=0")
            since = f", {number} boots since the last commit" if number > 1 else ""
            self.assertEqual(self.first_line(machine), (str(FORMAT_BOOT + number), since))
            state = machine.wait_for(r"^\[stele\] (restored|held) generation", PATIENCE)[1]
            self.assertEqual(state, "held" if number == 4 else "restored")
            if number < 4:
                machine.kill()
        # Held, the machine is whole but for its programs; it ends with nothing to save.
        machine.send_line("off")
        machine.wait_for(r"^\[stele\] off$", PATIENCE)
        self.assertEqual(machine.wait_exit(PATIENCE), STATUS_OFF)
        self.assertFalse([line for line in machine.lines if line.startswith("counter: ")])
        self.assertEqual(self.info()["bootsWithoutCommit"], 4)
        self.assertIn(", 4 without a commit\n", self.stele("info", self.store))
        self.assertIn("clean", self.stele("check", self.store))

    def test_a_store_of_more_frames_than_the_machine_keeps_unfolded_is_restored(self):
        system = self.folder / "wide.toml"
        system.write_text(f'include = ["{SYSTEM}"]' + """
[[process]]
name = "wide"
program = "counter"
map = [{ address = 0x2000000000, pages = 70000, access = "write" }]
capabilities = [{ slot = 1, type = "entry", target = "console" }, { slot = 2, type = "clock" }]
""")
        self.stele("format", self.store, "--size", "512M", "--system", system, "--force")
        self.boot("interval=0").wait_for(r"^\[stele\] restored generation", PATIENCE)

    def test_a_checkpoint_of_a_held_machine_lets_the_next_boot_run(self):
        for _ in range(3):
            machine = self.boot("interval=0 hold")
            machine.wait_for(r"^\[stele\] held generation", PATIENCE)
            machine.kill()
        machine = self.boot("interval=0")
        machine.wait_for(r"^\[stele\] held generation", PATIENCE)
        machine.send_line("checkpoint")
        machine.wait_for(r"^\[stele\] generation \d+ committed.*, requested$", PATIENCE)
        machine.kill()
        machine = self.boot("interval=0")
        machine.wait_for(r"^\[stele\] restored generation", PATIENCE)
        machine.wait_for("^counter: ", PATIENCE)

    def test_a_commit_begins_a_new_count(self):
        for number in (1, 2):
            machine = self.boot("interval=0")
            machine.wait_for(r"^\[stele\] restored generation", PATIENCE)
            if number == 2:
                machine.wait_for("^counter: ", PATIENCE)
                machine.send_line("checkpoint")
                machine.wait_for(r"^\[stele\] generation \d+ committed.*, requested$", PATIENCE)
            machine.kill()
        machine = self.boot("interval=0")
        self.assertEqual(self.first_line(machine), (str(FORMAT_BOOT + 3), ""))
        machine.wait_for(r"^\[stele\] restored generation", PATIENCE)

    def test_a_store_that_needs_more_of_the_processor_is_refused(self):
        need_features(self.store, BASELINE | AVX | AVX512)
        before = self.store.read_bytes()
        machine = self.boot("interval=0")
        said = machine.wait_for(r"^\[stele\] cannot restore: (.*)$", PATIENCE)[1]
        self.assertEqual(said, "not-supported, the store needs avx512")
        self.assertEqual(machine.wait_exit(PATIENCE), STATUS_CANNOT_RESTORE)
        self.assertEqual(before, self.store.read_bytes(), "a refused boot writes nothing")
        # On the right machine it is the first boot: the refused one does not count.
        need_features(self.store, BASELINE | AVX)
        machine = self.boot("interval=0")
        self.assertEqual(self.first_line(machine), (str(FORMAT_BOOT + 1), ""))
        machine.wait_for(r"^\[stele\] restored generation", PATIENCE)

    def compute(self, processor, rounds_before):
        """Boots, and pulls the plug when the compute loop, which checks its vector registers in each round,
        is further than it was and a checkpoint has that. The rounds then, and the components in its frame."""
        machine = self.boot("interval=0", processor)
        machine.wait_for(r"^\[stele\] restored generation", PATIENCE)
        rounds = 0
        while rounds <= rounds_before + 1:
            rounds = int(machine.wait_for(r"^compute: (\d+) rounds, ok", PATIENCE)[1])
            self.assertGreaterEqual(rounds, rounds_before)
        machine.send_line("checkpoint")
        machine.wait_for(r"^\[stele\] generation \d+ committed.*, requested$", PATIENCE)
        machine.kill()
        content = json.loads(self.stele("inspect", self.store, "compute", "--hex", "--json"))["content"]
        line = bytes.fromhex(content.get(f"{FRAME_XSTATE_BV:03x}", "00" * 8))
        return rounds, int.from_bytes(line[:8], "little")

    def test_a_baseline_store_moves_between_processors(self):
        rounds = 0
        # Without XSAVE twice, with everything, without again: the frame has one form on all of them.
        for processor in ("qemu64", "qemu64", "max", "qemu64"):
            with self.subTest(processor=processor, rounds=rounds):
                rounds, components = self.compute(processor, rounds)
                self.assertEqual(components, BASELINE)

    def test_a_store_for_avx_runs_where_it_is(self):
        self.stele("format", self.store, "--force", "--size", "64M", "--system", SYSTEM, "--processor", "avx")
        self.assertIn("processor    avx\n", self.stele("info", self.store))
        rounds, components = self.compute("max", 0)
        self.assertEqual(components, BASELINE | AVX)
        before = self.store.read_bytes()
        machine = self.boot("interval=0", "qemu64")
        said = machine.wait_for(r"^\[stele\] cannot restore: (.*)$", PATIENCE)[1]
        self.assertEqual(said, "not-supported, the store needs avx")
        self.assertEqual(machine.wait_exit(PATIENCE), STATUS_CANNOT_RESTORE)
        self.assertEqual(before, self.store.read_bytes(), "a refused boot writes nothing")
        self.compute("max", rounds)

    def change_frame(self, process, offset, value):
        """A word of a process in the newest checkpoint, with every hash made right."""
        frame = int(json.loads(self.stele("inspect", self.store, process, "--json"))["object"], 16)
        store = ForgedStore(self.store)
        store.change(frame, lambda content: struct.pack_into("<Q", content, offset, value))

    def test_a_vector_state_that_no_processor_takes_is_that_processs_fault(self):
        for offset, value in ((FRAME_XSTATE_BV, BASELINE | AVX), (FRAME_XCOMP_BV, 1)):
            self.stele("format", self.store, "--force", "--size", "64M", "--system", SYSTEM)
            self.change_frame("compute", offset, value)
            for processor in ("max", "qemu64"):
                with self.subTest(offset=hex(offset), processor=processor):
                    machine = self.boot("interval=0", processor)
                    machine.wait_for(r"process \w+ 'compute' faulted: bad register state", PATIENCE)
                    machine.trouble = None  # it was that fault; the others go on
                    machine.wait_for("^counter: ", PATIENCE)
                    machine.kill()

    def test_a_component_that_is_not_marked_is_initialised(self):
        self.compute("max", 0)
        self.change_frame("compute", FRAME_XSTATE_BV, 0x1)
        for processor in ("max", "qemu64"):
            with self.subTest(processor=processor):
                machine = self.boot("interval=0", processor)
                # Its SSE registers are zero now, though their old values stand in the frame.
                machine.wait_for("^compute: self-check FAILED", PATIENCE)
                machine.kill()

    def test_a_byte_on_the_serial_line_commits_and_ends(self):
        machine = self.boot("interval=0 lines=10")
        machine.wait_for(r"^\[stele\] restored generation", PATIENCE)
        machine.wait_for("^counter: ", PATIENCE)
        before = self.newest_live(machine)
        machine.send(CONTROL_O)
        generation = int(machine.wait_for(r"^\[stele\] generation (\d+) committed.*, requested$",
                                          PATIENCE)[1])
        machine.wait_for(r"^\[stele\] off$", PATIENCE)
        self.assertEqual(machine.wait_exit(PATIENCE), STATUS_OFF)
        self.assertGreater(generation, before)
        self.assertEqual(self.info()["generation"], generation)

    def boot_with_relay(self):
        command = [BUILD / "disk-tools" / "stele", "boot", self.store, "--direct", "--memory", "64",
                   "--interval", "0", "--append", "lines=10"]
        machine = Machine(command, self.folder, arguments=None)
        self.addCleanup(machine.close)
        machine.wait_for(r"^\[stele\] restored generation", PATIENCE)
        machine.wait_for("^counter: ", PATIENCE)
        return machine

    def test_shutdown_commits_and_waits_until_the_machine_is_off(self):
        machine = self.boot_with_relay()
        said = self.stele("shutdown", self.store).splitlines()
        # The store is free again: this would be refused while the machine has it.
        self.assertIn("clean", self.stele("check", self.store))
        generation = self.info()["generation"]
        self.assertRegex(said[0], rf"^\[stele\] generation {generation} committed, .*, requested$")
        self.assertEqual(said[1:], ["[stele] off"])
        self.assertEqual(machine.wait_exit(PATIENCE), 0)
        machine = self.boot_with_relay()
        name, _ = schema.validate_document(self.stele("shutdown", self.store, "--json"))
        self.assertEqual(name, "shutdown")
        self.assertEqual(machine.wait_exit(PATIENCE), 0)

    def test_shutdown_of_a_machine_that_dies_first_fails(self):
        machine = self.boot_with_relay()
        # Stopped, the machine answers nobody; then its plug is pulled while `stele shutdown` waits.
        relay = machine.process.pid
        child = int(Path(f"/proc/{relay}/task/{relay}/children").read_text())
        os.kill(child, signal.SIGSTOP)
        asked = subprocess.Popen([str(BUILD / "disk-tools" / "stele"), "shutdown", str(self.store)],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(asked.kill)
        with self.assertRaises(subprocess.TimeoutExpired):
            asked.wait(1)
        os.kill(child, signal.SIGKILL)
        output, errors = asked.communicate(timeout=PATIENCE)
        self.assertEqual((asked.returncode, output), (8, ""), errors)
        self.assertIn("ended before the checkpoint was committed", errors)
        self.assertEqual(machine.wait_exit(PATIENCE), 0)

    def newest_live(self, machine):
        """The generation that the console knows to be committed."""
        machine.send_line("status")
        return int(machine.wait_for(r"^\[stele\] generation (\d+) committed", PATIENCE)[1])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BUILD = Path(sys.argv.pop(1))
    unittest.main()
