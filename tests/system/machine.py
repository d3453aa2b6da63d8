# SPDX-License-Identifier: Apache-2.0
"""A machine in QEMU as a test sees it: lines of its serial console, a keyboard, and a plug to pull."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

# Any of these lines ends a test at once; the console protocol promises that they mean trouble.
TROUBLE = re.compile(r"^panic|FAILED|contract violated|^\[stele\] cannot restore|"
                     r"\[kernel\] process \w+ '.*' faulted")
STATUS_OFF, STATUS_CANNOT_RESTORE = 33, 35  # isa-debug-exit: value 0x10 and 0x11, as (value << 1) | 1
UEFI_FIRMWARE = "/usr/share/ovmf/OVMF.fd"  # package ovmf
ERASE_LINE = "\x1b[K"
TRANSCRIPT_LINES = 40


class MachineError(Exception):
    """The machine did not do what was expected; the text ends with the transcript's tail."""


def qemu_command(disk, *, kernel=None, resident=None, words="", iso=None, uefi=False, memory=64, extra=(),
                 write_log=None):
    """The command line. `disk`: an image file, or ("nbd", socket). `write_log`: an empty file for the log of
    all writes to the image file. Started from `kernel`, or from `iso` by the BIOS or UEFI; then GRUB
    reads the words from an OEM string, or shows its menu when there are none."""
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", str(memory),
               "-nodefaults", "-display", "none", "-no-reboot",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if iso is not None:
        command += ["-cdrom", str(iso), "-vga", "std", "-boot", "d"]
        if words:
            command += ["-smbios", "type=11,value=stele-boot " + words.replace(",", ",,")]
        if uefi:
            command += ["-bios", UEFI_FIRMWARE]
    else:
        command += ["-kernel", str(kernel), "-initrd", str(resident), "-append", words]
    if isinstance(disk, tuple):
        command += ["-blockdev", f"driver=nbd,server.type=unix,server.path={disk[1]},node-name=store"]
    else:
        command += ["-blockdev", f"driver=file,filename={disk},node-name=file"]
        if write_log is None:
            command += ["-blockdev", "driver=raw,file=file,node-name=store"]
        else:
            command += ["-blockdev", f"driver=file,filename={write_log},node-name=log",
                        "-blockdev",
                        "driver=blklogwrites,file=file,log=log,log-sector-size=512,node-name=store"]
    # Merged requests would hide reorderings; legacy virtio is not what the driver speaks.
    command += ["-device", "virtio-blk-pci,drive=store,disable-legacy=on,request-merging=off,werror=report,"
                           "rerror=report"]
    return command + [str(word) for word in extra]


def console_arguments(serial, qmp):
    return ["-chardev", f"socket,id=console,path={serial},server=off", "-serial", "chardev:console",
            "-qmp", f"unix:{qmp},server=on,wait=off"]


class Machine:
    """Starts `command` and follows its console: on a socket whose `arguments` are added to the command, or,
    with `arguments=None`, on its standard input and output.

    `folder` holds the sockets. `lines` are all lines so far; a reader waits for lines, never for a time."""

    def __init__(self, command, folder, *, arguments=console_arguments, name="machine"):
        self.name = name
        self.folder = Path(folder)
        self.command = [str(word) for word in command]
        self.lines = []
        self.cursor = 0  # lines before it have been consumed by wait_for
        self.partial = b""
        self.closed = False
        self.trouble = None
        self.serial, self.qmp_path = None, self.folder / "qmp.sock"
        self.errors = open(self.folder / "stderr.txt", "w+b")
        if arguments is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=self.errors, bufsize=0)
            self.input, self.output = self.process.stdout.fileno(), self.process.stdin.fileno()
        else:
            self._start_with_socket(arguments)

    def _start_with_socket(self, arguments):
        path = self.folder / "serial.sock"
        path.unlink(missing_ok=True)
        self.input = None
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            listener.settimeout(20)
            self.command += arguments(path, self.qmp_path)
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.errors,
                                            stderr=self.errors)
            try:
                self.serial, _ = listener.accept()
            except TimeoutError:
                self.kill()
                raise self.error("did not open its serial line") from None
        self.input = self.output = self.serial.fileno()

    # Reading ------------------------------------------------------------
    def fileno(self):
        return self.input

    def pump(self, timeout, others=()):
        """Reads what the console prints, waiting for it or for one of `others` (returned when readable)."""
        watched = list(others) if self.closed else [self, *others]
        ready, _, _ = select.select(watched, [], [], max(0, timeout))
        if self in ready:
            ready.remove(self)
            self._read()
        return ready

    def _read(self):
        try:
            data = os.read(self.input, 65536)
        except ConnectionError:
            data = b""
        self.closed = not data
        *complete, self.partial = (self.partial + data).split(b"\n")
        for raw in complete:
            line = raw.decode("utf-8", "replace").rsplit(ERASE_LINE, 1)[-1].strip("\r")
            self.lines.append(line)
            if self.trouble is None and TROUBLE.search(line):
                self.trouble = line

    def drain(self):
        """All that a dead machine has still said."""
        while not self.closed:
            self._read()

    def wait_for(self, pattern, timeout=30, others=()):
        """The next line (after those waited for before) that matches; raises when in trouble, dead or late.

        Returns None when one of `others` became readable before."""
        expression = re.compile(pattern)
        end = time.monotonic() + timeout
        while True:
            while self.cursor < len(self.lines):
                line = self.lines[self.cursor]
                self.cursor += 1
                if match := expression.search(line):
                    return match
            if self.trouble is not None:
                raise self.error(f"trouble while waiting for /{pattern}/: {self.trouble}")
            if self.closed:
                raise self.error(f"ended (status {self.process.wait()}) while waiting for /{pattern}/")
            if time.monotonic() >= end:
                raise self.error(f"no line /{pattern}/ within {timeout} s")
            if self.pump(end - time.monotonic(), others):
                return None

    def error(self, text):
        self.errors.flush()
        stderr = (self.folder / "stderr.txt").read_text(errors="replace")
        tail = [f"  | {line}" for line in self.lines[-TRANSCRIPT_LINES:]]
        if self.partial:
            tail.append(f"  | {self.partial.decode('utf-8', 'replace')} (no line end)")
        tail += [f"  ! {line}" for line in stderr.splitlines()[-5:]]
        return MachineError("\n".join([f"{self.name}: {text}", *tail]))

    # Doing ------------------------------------------------------------
    def send_line(self, text):
        self.send(text.encode() + b"\r")

    def send(self, data):
        try:
            os.write(self.output, data)  # short lines: a pipe or socket takes them whole
        except (BrokenPipeError, ConnectionResetError):
            pass  # it is dead; the reader will notice

    def kill(self):
        """Pulls the plug: SIGKILL to the process that was started here. Then reads what it had said."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.input is not None:
            self.drain()

    def wait_exit(self, timeout=30):
        """The exit status, while the console is still read."""
        end = time.monotonic() + timeout
        while not self.closed and time.monotonic() < end:
            self.pump(end - time.monotonic())
        try:
            return self.process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self.error(f"did not end within {timeout} s") from None

    def qmp(self, command, **arguments):
        """One command of QEMU's machine protocol on a connection of its own; returns its result."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            while not self.qmp_path.exists() and self.process.poll() is None:
                self.pump(0.05)  # QEMU opens its console first
            connection.connect(str(self.qmp_path))
            stream = connection.makefile("rw")
            stream.readline()  # the greeting
            for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                answer = json.loads(stream.readline())
                while "event" in answer:
                    answer = json.loads(stream.readline())
            if "error" in answer:
                raise self.error(f"QMP {command}: {answer['error']}")
            return answer["return"]

    def save_transcript(self, path):
        Path(path).write_text("\n".join(self.lines) + "\n")

    def close(self):
        self.kill()
        for stream in (self.serial, self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
