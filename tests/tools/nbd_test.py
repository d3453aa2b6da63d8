#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A store on an NBD export, over a UNIX socket: made, booted, killed, booted again and checked on qemu-nbd,
whose process is killed and started again while the machine runs; and what is said when a server fails."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ARGUMENTS = None
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import nbd_server  # noqa: E402
from golden_test import make_program  # noqa: E402

DONE, FAILED, IN_USE = 0, 8, 75


def stele(*words, seconds=200):
    return subprocess.run([ARGUMENTS.stele, *map(str, words)], capture_output=True, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL)


class NbdTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def refused(self, result, code, word, *parts):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2, result.stderr)
        self.assertTrue(lines[0].startswith(f"stele: error[{word}]: "), lines[0])
        for part in parts:
            self.assertIn(part, lines[0])


class QemuNbd(NbdTest):
    def serve(self, form="raw"):
        """Starts the server; its process identifier stands in a file when the socket takes connections."""
        pid_file = self.folder / "pid"
        pid_file.unlink(missing_ok=True)
        self.server = subprocess.Popen(
            ["qemu-nbd", "--persistent", "--shared=8", f"--format={form}", f"--socket={self.socket}",
             f"--pid-file={pid_file}", self.image], stdin=subprocess.DEVNULL)
        self.addCleanup(self.end_server, self.server)
        while not pid_file.exists():
            self.assertIsNone(self.server.poll())
            threading.Event().wait(0.05)

    @staticmethod
    def end_server(server):
        server.kill()
        server.wait()

    def boot(self):
        """The machine, when it has said that it goes on from a checkpoint."""
        machine = subprocess.Popen([ARGUMENTS.stele, "boot", self.uri, "--direct", "--memory", "64",
                                    "--interval", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.addCleanup(self.end_machine, machine)
        lines = []
        for raw in machine.stdout:
            lines.append(raw.decode(errors="replace").rstrip())
            if re.search(r"migrator: generation \d+, boot \d+", lines[-1]):
                self.reader = threading.Thread(target=machine.stdout.read)
                self.reader.start()
                return machine
        raise AssertionError("no machine:\n" + "\n".join(lines))

    def end_machine(self, machine):
        stele("kill", self.uri)
        machine.kill()
        machine.wait()
        self.reader.join()
        machine.stdin.close()
        machine.stdout.close()

    def checkpoint(self):
        result = stele("checkpoint", self.uri)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return int(re.search(r"generation (\d+) committed", result.stdout)[1])

    def generation(self):
        return json.loads(stele("info", self.uri, "--json").stdout)["generation"]

    def test_format_boot_kill_boot_check(self):
        self.image, self.socket = self.folder / "export.img", self.folder / "nbd.sock"
        self.uri = f"nbd+unix:///?socket={self.socket}"
        with open(self.image, "wb") as file:
            file.truncate(64 << 20)
        form = ("format", self.uri, "--size", "64M", "--system", ARGUMENTS.source / "images/demo.toml")
        self.refused(stele(*form), FAILED, "io", "connect")
        self.serve()
        self.assertEqual(stele(*form).returncode, DONE)
        self.refused(stele(*form), FAILED, "exists", "holds a Stele store")
        self.refused(stele(*form[:3], "65M", *form[4:], "--force"), FAILED, "no-space", "64.0 MiB only")
        self.assertEqual(stele("check", self.uri).returncode, DONE)
        self.assertEqual(stele("ps", f"{self.uri}@1", "--json").returncode, DONE)

        machine = self.boot()
        self.refused(stele("info", self.uri), IN_USE, "in-use", f"{self.uri} is in use by qemu-system")
        self.refused(stele(*form, "--force"), IN_USE, "in-use")
        first = self.checkpoint()
        self.assertEqual(stele("info", self.uri, "--live").returncode, DONE)
        self.end_server(self.server)
        self.serve()
        second = self.checkpoint()  # the machine waited for its disk
        self.assertGreater(second, first)
        self.assertEqual(stele("kill", self.uri).returncode, DONE)
        machine.wait()

        self.assertEqual(self.generation(), second)
        checked = stele("check", self.uri)
        self.assertEqual(checked.returncode, DONE, checked.stdout)
        machine = self.boot()
        self.assertGreater(self.checkpoint(), second)
        self.assertEqual(stele("shutdown", self.uri).returncode, DONE)
        machine.wait()
        checked = stele("check", self.uri)
        self.assertEqual(checked.returncode, DONE, checked.stdout)
        self.end_server(self.server)
        self.refused(stele("check", self.uri), FAILED, "io", "connect")

    def test_a_qcow2_image(self):
        self.image, self.socket = self.folder / "export.qcow2", self.folder / "nbd.sock"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", self.image, "64M"], check=True)
        self.refused(stele("info", self.image), FAILED, "not-a-store", "qcow2 image")
        self.serve("qcow2")
        uri = f"nbd+unix:///?socket={self.socket}"
        made = stele("format", uri, "--size", "64M", "--system", ARGUMENTS.source / "images/demo.toml")
        self.assertEqual(made.returncode, DONE, made.stderr)
        self.assertEqual(stele("check", uri).returncode, DONE)


class FaultyServer(NbdTest):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.programs = Path(temporary.name)
        make_program(cls.programs / "spin.elf")
        made = stele(*cls.format_words(cls.programs / "good.img"))
        assert made.returncode == DONE, made.stderr
        cls.good = (cls.programs / "good.img").read_bytes()

    @classmethod
    def format_words(cls, store, *more):
        return ("format", store, "--size", "16M", "--system", HERE / "golden/system.toml", "--programs",
                cls.programs, *more)

    def server(self, *arguments, **options):
        server = nbd_server.NbdServer(self.folder / f"{len(os.listdir(self.folder))}.sock", *arguments,
                                      **options)
        self.addCleanup(server.close)
        return server

    def test_an_export_that_makes_nothing_durable_is_read_only(self):
        for flags, why in ((0, "neither FLUSH nor FUA"),
                           (nbd_server.SEND_FLUSH | nbd_server.READ_ONLY, "for reading only")):
            server = self.server(self.good, flags=flags)
            self.assertEqual(stele("check", server.uri).returncode, DONE)
            self.refused(stele(*self.format_words(server.uri, "--force")), FAILED, "read-only", why)
            self.refused(stele("boot", server.uri, "--print"), FAILED, "read-only", why)
            self.assertEqual(server.content, self.good)

    def test_writes_are_made_durable_by_what_the_export_has(self):
        for flags in (nbd_server.SEND_FLUSH, nbd_server.SEND_FUA):
            server = self.server(bytes(16 << 20), flags=flags)
            made = stele(*self.format_words(server.uri))
            self.assertEqual(made.returncode, DONE, made.stderr)
            flushes = [seen for seen in server.seen if seen[0] == nbd_server.FLUSH]
            unforced = [seen for seen in server.seen if seen == (nbd_server.WRITE, 0)]
            self.assertEqual((bool(flushes), bool(unforced)), (flags == nbd_server.SEND_FLUSH,) * 2)
            self.assertEqual(stele("check", server.uri).returncode, DONE)

    def test_a_server_that_dies_is_an_error_of_the_device(self):
        whole = self.server(self.good)
        self.assertEqual(stele("check", whole.uri, "--jobs", "2").returncode, DONE)
        count = len(whole.seen)
        self.assertGreater(count, 20)
        for verb in (("check", "--jobs", "1"), ("check", "--jobs", "2"), ("ps",)):
            for left in (0, 1, 5, 12) + ((count - 1,) if verb[-1] == "2" else ()):
                with self.subTest(f"{verb}, {left} requests"):
                    server = self.server(self.good, requests=left)
                    self.refused(stele(verb[0], server.uri, *verb[1:]), FAILED, "io", server.uri)

    def test_format_over_a_server_that_dies(self):
        whole = self.server(bytes(16 << 20))
        self.assertEqual(stele(*self.format_words(whole.uri)).returncode, DONE)
        for left in (0, 3, 10, len(whole.seen) - 1):
            server = self.server(bytes(16 << 20), requests=left)
            self.refused(stele(*self.format_words(server.uri)), FAILED, "io", server.uri)

    def test_a_silent_server_is_given_up(self):
        self.refused(stele("info", self.server(self.good, silent=True).uri), FAILED, "io",
                     "does not answer within")

    def test_an_export_that_is_no_store(self):
        self.refused(stele("info", self.server(bytes(1 << 20)).uri), FAILED, "not-a-store")
        other = self.server(b"dear reader\n".ljust(16 << 20, b"\0"))
        self.refused(stele(*self.format_words(other.uri)), FAILED, "exists", "is not empty")
        self.assertTrue(other.content.startswith(b"dear reader"))
        self.assertEqual(stele(*self.format_words(other.uri, "--force")).returncode, DONE)
        self.assertEqual(stele("check", other.uri).returncode, DONE)

    def test_an_older_store_at_the_end_of_the_export_is_not_found(self):
        longer = self.server(bytes(32 << 20))
        words = self.format_words(longer.uri, "--force")
        made = stele(*words[:3], "32M", *words[4:])
        self.assertEqual(made.returncode, DONE, made.stderr)
        self.assertNotEqual(longer.content[-8192:], bytes(8192))
        self.assertEqual(stele(*words).returncode, DONE)
        self.assertEqual(longer.content[-8192:], bytes(8192))
        self.assertEqual(stele("check", longer.uri).returncode, DONE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--source", type=Path, required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
