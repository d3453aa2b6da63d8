#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demonstration: format, boot, work, pull the plug, boot again, look inside. An oracle outside the
machine compares what was seen before and after; its verdict is the exit status. With --break the store is
made to forget."""
import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import STATUS_OFF, Machine, MachineError
from oracle import LostState, Oracle, WrongState
from worlds import SOURCE

NOTES = ("buy milk", "this line was never saved, and there is no save")
STEP_SECONDS = 180  # the host may take many seconds for one flush


class DemoFailed(Exception):
    pass


class Demo:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.stele = options.build / "disk-tools" / "stele"
        self.store = options.store or options.build / "demo.img"
        self.oracle = Oracle()
        self.start = time.monotonic()
        self.machine = None
        self.shown = 0

    # The telling ------------------------------------------------------------
    def chapter(self, text):
        print(f"\n=== {text}   [{time.monotonic() - self.start:.0f} s]", flush=True)

    def say(self, text):
        print(f"--- {text}", flush=True)

    def stele_command(self, *words):
        """Runs and shows one `stele` command."""
        command = [str(self.stele), *map(str, words)]
        print(f"$ {shlex.join(['stele', *command[1:]])}", flush=True)
        result = subprocess.run(command, capture_output=True, text=True, timeout=STEP_SECONDS)
        print(result.stdout + result.stderr, end="", flush=True)
        if result.returncode != 0:
            raise DemoFailed(f"stele {words[0]}: exit {result.returncode}")
        return result.stdout

    def stele_json(self, *words):
        """The same for the oracle's eyes only."""
        command = [self.stele, *map(str, words), "--json"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=STEP_SECONDS)
        if result.returncode != 0:
            raise DemoFailed(f"stele {words[0]} --json: exit {result.returncode}: {result.stderr}")
        return json.loads(result.stdout)

    # The machine ------------------------------------------------------------
    def boot(self):
        words = ["boot", str(self.store), "--memory", str(self.options.memory)]
        print(f"$ {shlex.join(['stele', *words])}", flush=True)
        self.machine = Machine([self.stele, *words], self.folder, arguments=None, name="demo")
        self.shown = 0
        self.oracle.begin_boot()

    def follow(self, done, what):
        """Shows the console and feeds the oracle until `done`, called with each line, is true."""
        end = time.monotonic() + STEP_SECONDS
        while True:
            while self.shown < len(self.machine.lines):
                line = self.machine.lines[self.shown]
                self.shown += 1
                print(f"  | {line}", flush=True)
                self.oracle.observe(line)
                if done(line):
                    return
            if self.machine.trouble or self.machine.closed or time.monotonic() > end:
                raise self.machine.error(f"waited for {what}")
            self.machine.pump(end - time.monotonic())

    def wait(self, pattern, count=1):
        seen = []

        def done(line):
            if re.search(pattern, line):
                seen.append(line)
            return len(seen) >= count
        self.follow(done, f"/{pattern}/")

    def type(self, text):
        self.say(f"typing: {text}")
        if text not in ("list", "checkpoint", "status", "off"):
            self.oracle.will_type(text)
        self.machine.send_line(text)

    def pull_the_plug(self):
        pid = self.machine.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if len(children) != 1:
            raise DemoFailed(f"stele boot has {len(children)} children, expected the machine alone")
        program = Path(f"/proc/{children[0]}/comm").read_text().strip()
        print(f"$ kill -9 {children[0]}   # {program}", flush=True)
        os.kill(int(children[0]), signal.SIGKILL)
        self.machine.wait_exit()
        self.follow_rest()

    def follow_rest(self):
        """What the machine had said before it died."""
        for line in self.machine.lines[self.shown:]:
            print(f"  | {line}", flush=True)
            self.oracle.observe(line)
        self.shown = len(self.machine.lines)
        self.machine.close()

    # The story ------------------------------------------------------------
    def format(self):
        system = os.path.relpath(SOURCE / "images" / "demo.toml")
        self.stele_command("format", self.store, "--size", "256M", "--system", system, "--force")

    def first_life(self):
        self.boot()
        self.wait(r"^\[stele\] restored generation")
        self.wait("^counter: ", 3)
        self.wait("^compute: ", 2)
        self.say("a notepad: what is typed lives in its memory and nowhere else")
        for text in NOTES:
            self.type(text)
            self.wait(r"^notepad: \d+: ")
        self.say("checkpoints come by themselves, on request from the console, and from outside")
        self.type("checkpoint")
        self.wait(r"^\[stele\] generation \d+ committed.*, requested$")
        self.stele_command("checkpoint", self.store)
        self.wait("^counter: ", 2)
        last = self.oracle.acknowledged
        self.follow(lambda line: self.oracle.acknowledged >= last + 3, "three more generations")
        self.wait("^counter: ")

    def second_life(self):
        self.boot()
        self.wait(r"^\[stele\] restored generation")
        self.wait("^counter: ", 2)
        self.wait("^compute: ", 2)
        self.type("list")
        self.follow(lambda line: self.oracle.notes_known, "the notepad's list")
        self.type("off")
        self.wait(r"^\[stele\] off")
        status = self.machine.wait_exit()
        self.follow_rest()
        if status not in (0, STATUS_OFF):
            raise DemoFailed(f"the machine ended with status {status} after `off`")

    def look_inside(self):
        self.stele_command("info", self.store)
        self.stele_command("history", self.store, "-n", 5)
        self.stele_command("ps", self.store)
        self.stele_command("inspect", self.store, "notepad")
        self.stele_command("check", self.store)

    def judge(self, before):
        """Compares both lives; `before` is what the oracle had seen when the plug was pulled."""
        after, restored = self.oracle.seen, self.oracle.restored
        check = self.stele_json("check", self.store)
        names = {process["name"] for process in self.stele_json("ps", self.store)["processes"]}
        rows = [("acknowledged, then restored generation", before["acknowledged"], restored),
                ("counter before, after", before["seen"]["counter"], after["counter"]),
                ("compute rounds before, after", before["seen"]["compute"], after["compute"]),
                ("notepad lines before, after", len(NOTES), len(self.oracle.notes))]
        for text, *values in rows:
            print(f"  {text:<42} {values[0]:>12} {values[1]:>12}")
        if self.oracle.notes != list(NOTES):
            raise DemoFailed(f"the notepad holds {self.oracle.notes}, typed was {list(NOTES)}")
        if min(self.oracle.floors.get("counter", 0), self.oracle.floors.get("compute", 0)) == 0:
            raise DemoFailed("the restored generation does not contain the work that was acknowledged")
        if not check["clean"]:
            raise DemoFailed("stele check is not clean")
        if missing := {"counter", "compute", "notepad"} - names:
            raise DemoFailed(f"stele ps does not show {', '.join(sorted(missing))}")

    def run(self):
        self.chapter("1  A store from a description: nobody knows these programs but the file")
        self.format()
        self.chapter("2  The first life")
        self.first_life()
        self.chapter("3  The plug is pulled, in the middle of work")
        self.pull_the_plug()
        before = {"acknowledged": self.oracle.acknowledged, "seen": dict(self.oracle.seen)}
        if self.options.breaking:
            self.say("--break: the store is formatted again; the oracle must notice")
            self.format()
        self.chapter("4  The second life: every process goes on")
        self.second_life()
        self.chapter("5  What the store tells, offline")
        self.look_inside()
        self.chapter("6  The verdict, from outside the machine")
        self.judge(before)
        print(f"demo: PASS, nothing acknowledged was lost, {time.monotonic() - self.start:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=SOURCE / "build" / "dev")
    parser.add_argument("--memory", type=int, default=64, help="MiB of the machine")
    parser.add_argument("--store", type=Path, help="default: demo.img in the build folder")
    parser.add_argument("--break", dest="breaking", action="store_true", help="the store forgets: must fail")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stele-demo-") as folder:
        demo = Demo(options, folder)
        try:
            demo.run()
            return 0
        except (DemoFailed, LostState, WrongState, MachineError, subprocess.SubprocessError) as problem:
            kind = "lost state" if isinstance(problem, (LostState, WrongState)) else "failed"
            print(f"demo: FAIL ({kind}): {problem}", flush=True)
            return 1
        finally:
            if demo.machine is not None:
                demo.machine.close()


if __name__ == "__main__":
    sys.exit(main())
