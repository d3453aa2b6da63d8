# SPDX-License-Identifier: Apache-2.0
"""Starts the forgetting disk (a process of its own) and talks to its control socket."""
import json
import select
import socket
import subprocess
import time
from pathlib import Path


class DiskError(Exception):
    pass


class ForgettingDisk:
    """One run of the disk: from power on to the cut, or to an orderly quit."""

    def __init__(self, program, image, folder, seed, arguments=()):
        self.socket = Path(folder) / "disk.sock"
        self.machine_disk = ("nbd", self.socket)
        self.control_path = Path(folder) / "disk.control"
        self.command = [str(program), "--image", str(image), "--socket", str(self.socket),
                        "--control", str(self.control_path), "--seed", str(seed), *map(str, arguments)]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE)
        self.buffer = b""
        self.cut_report = None
        if self.next_line(10).get("event") != "ready":
            raise DiskError("the forgetting disk did not start")
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(10)
        self.control.connect(str(self.control_path))

    def fileno(self):
        """For select: readable when a line (the cut's) is there."""
        return self.process.stdout.fileno()

    def next_line(self, timeout):
        """The next JSON line of the disk's output; an empty dictionary when none came in time."""
        end = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self], [], [], max(0, end - time.monotonic()))
            if not ready:
                return {}
            part = self.process.stdout.read1(65536)
            if not part:
                command = " ".join(self.command)
                raise DiskError(f"the forgetting disk ended (status {self.process.wait()}): {command}")
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\n", 1)
        fact = json.loads(line)
        if fact["event"] == "cut":
            self.cut_report = fact
        return fact

    def wait_for_cut(self, timeout):
        while self.cut_report is None:
            if not self.next_line(timeout):
                raise DiskError(f"no cut within {timeout} s")
        return self.cut_report

    def tell(self, command):
        self.control.sendall(command.encode() + b"\n")

    def stats(self):
        self.tell("stats")
        return json.loads(self.control.makefile().readline())

    def cut(self):
        self.tell("cut")
        return self.wait_for_cut(10)

    def quit(self):
        """Orderly: everything visible becomes durable."""
        if self.process.poll() is None:
            self.tell("quit")
            self.process.wait(10)
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.control.close()
