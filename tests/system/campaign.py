#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power-cut campaign: boots the machine again and again on a disk that forgets, drops, tears and reorders
what was not flushed, cuts the power at pseudo-random instants, and holds every restart to what had been
acknowledged."""
import argparse
import concurrent.futures
import json
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path

from forgetting_disk import DiskError
from machine import MachineError
from oracle import LostState, Oracle, WrongState
from trial import KillTrial, Plan, Trial
from worlds import SOURCE, SteleWorld, StoreDamaged

FAILURES = (LostState, WrongState, StoreDamaged, MachineError, DiskError, subprocess.SubprocessError)
KINDS = {LostState: "lost", WrongState: "wrong", StoreDamaged: "damaged"}  # others: "trouble"
SHARES = (("pending", 0.8), ("torn", 0.3), ("recovery", 0.1))  # 40, 15 and 5 of 50; of fewer cuts half of it
ROW = "{:>6} {:<31} {:>7} {:>7} {:>7} {:>6} {:>6} {:>5} {:>5} {:>5} {:>5} {:>7} {:>5}  {}"
HEADER = ROW.format("cut", "plan", "acked", "rest.", "newest", "pend.w", "torn.w", "reord", "kept", "drop",
                    "share", "flushes", "s", "notes")
COLUMNS = ("pending_writes", "torn_writes", "reordered_writes", "kept_sectors", "dropped_sectors",
           "keep_probability", "completed_flushes")


def copy_sparse(source, target):
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True)


def marks(facts):
    """What a cut was: the campaign demands enough of each."""
    report = facts["report"]
    return [name for name, holds in (
        ("pending", report.get("pending_writes", 0) > 0),
        ("torn", report.get("kept_sectors", 0) > 0 and report.get("dropped_sectors", 0) > 0 and
         not facts["first_commit"]),
        ("recovery", facts["first_commit"]), ("stepped-back", facts["torn_record"])) if holds]


class Campaign:
    def __init__(self, options, world, program, folder):
        self.options, self.world, self.program = options, world, program
        self.folder = Path(folder)
        self.print_lock = threading.Lock()
        self.cuts, self.failures = [], []
        self.stop = threading.Event()

    def say(self, text):
        with self.print_lock:
            print(text, flush=True)

    def run(self):
        options = self.options
        label = "SIGKILL, the weak baseline: blind to a missing flush" if options.kill else "forgetting disk"
        self.say(f"campaign: seed {options.seed}, {options.cuts} cuts, {options.lanes} at a time, {label}")
        self.say(HEADER)
        source = random.Random(options.seed)
        plans = [plan for _ in range(0, options.cuts, 10) for plan in Plan.deck(source, self.world.starts)]
        plans = plans[:options.cuts]
        with concurrent.futures.ThreadPoolExecutor(options.lanes) as pool:
            lanes = [pool.submit(self.lane, lane, [*plans[lane::options.lanes], Plan.last_boot(source)])
                     for lane in range(options.lanes)]
            for lane in lanes:
                lane.result()

    def lane(self, lane, plans):
        """One image through cuts in sequence, then a last boot that is not cut but verified."""
        folder = self.folder / f"lane{lane}"
        folder.mkdir()
        image, oracle = folder / "store.img", None
        for number, plan in enumerate(plans):
            if self.stop.is_set():
                return
            if oracle is None:
                image.unlink(missing_ok=True)
                self.world.format(image)
                oracle = Oracle()
            if not self.trial(f"{lane}.{number}", image, oracle, plan, folder):
                oracle = None

    def trial(self, name, image, oracle, plan, folder):
        before, before_oracle = folder / "before.img", asdict(oracle)
        copy_sparse(image, before)
        kind = KillTrial if self.options.kill else Trial
        trial = kind(self.world, self.program, image, oracle, plan, folder, self.options.patience)
        try:
            facts = trial.run()
        except FAILURES as problem:
            self.fail(name, problem, trial, before, before_oracle, image)
            return False
        if plan.cuts:
            self.cuts.append(facts)
        self.say(self.row(name, facts))
        return True

    def row(self, name, facts):
        report = [facts["report"].get(key, 0) for key in COLUMNS]
        return ROW.format(name, facts["plan"], facts["acknowledged"], facts["restored"] or "-",
                          facts["newest"], *report, f"{facts['seconds']:.1f}", " ".join(marks(facts)))

    def fail(self, name, problem, trial, before, before_oracle, image):
        """Keeps all that is needed to look at the case and to run it again."""
        kind = KINDS.get(type(problem), "trouble")
        keep = self.options.failures / f"seed{self.options.seed}-cut{name}"
        shutil.rmtree(keep, ignore_errors=True)
        keep.mkdir(parents=True)
        copy_sparse(before, keep / "before.img")
        copy_sparse(image, keep / "after.img")
        facts = trial.facts()
        case = {"kind": kind, "problem": str(problem), "facts": facts, "oracle_before": before_oracle,
                "plan": asdict(trial.plan)}
        (keep / "case.json").write_text(json.dumps(case, indent=1))
        if trial.machine is not None:
            trial.machine.save_transcript(keep / "console.txt")
        self.failures.append(kind)
        script = Path(__file__).resolve().relative_to(SOURCE)
        replay = " ".join([str(script), *self.options.setting, "--replay", str(keep)])
        self.say(f"{name:>6} {facts['plan']:<27} FAILED ({kind}): {problem}\n       replay: {replay}")
        if self.options.until_failure:
            self.stop.set()

    def verdict(self, seconds):
        """Prints the sums; the exit status. A campaign whose cuts did not bite proves nothing and fails."""
        count = len(self.cuts)
        sums = {name: sum(name in marks(facts) for facts in self.cuts) for name, _ in SHARES}
        total = {key: sum(facts["report"].get(key, 0) for facts in self.cuts) for key in (
            "pending_sectors", "kept_sectors", "dropped_sectors", "torn_writes", "reordered_writes")}
        self.say("\n{} cuts: {pending} with pending writes, {torn} with a torn newest commit, {recovery} in "
                 "recovery or the first commit after a boot".format(count, **sums))
        self.say("sectors: {pending_sectors} pending, {kept_sectors} kept, {dropped_sectors} dropped; "
                 "writes: {torn_writes} torn, {reordered_writes} reordered".format(**total))
        run = f"seed {self.options.seed}, {seconds:.0f} s"
        least = {name: round(share * count * (1 if count >= 50 else 0.5)) for name, share in SHARES}
        short = [] if self.options.kill or self.failures else [
            f"{name} {sums[name]} of at least {least[name]}" for name in least if sums[name] < least[name]]
        if self.failures:
            kinds = ", ".join(f"{self.failures.count(kind)} {kind}" for kind in sorted(set(self.failures)))
            self.say(f"campaign: FAIL, {len(self.failures)} failures ({kinds}), {run}")
            return 1
        if short or count < self.options.cuts:
            self.say(f"campaign: FAIL, the cuts did not bite: {'; '.join(short)}, {run}")
            return 2
        self.say(f"campaign: PASS, 0 acknowledged checkpoints lost in {count} cuts, {run}")
        return 0


def replay(options, world, program):
    """Checks the image of a failed case again, then runs the same plan on it once more."""
    case = json.loads((options.replay / "case.json").read_text())
    oracle = Oracle(**case["oracle_before"])
    oracle.facts = [tuple(fact) for fact in oracle.facts]
    oracle.stored = tuple(oracle.stored)
    print(f"replay: {case['kind']}: {case['problem']}", flush=True)
    with tempfile.TemporaryDirectory(prefix="stele-replay-") as folder:
        image = Path(folder) / "store.img"
        for name in ("before", "after"):
            copy_sparse(options.replay / f"{name}.img", image)
            try:
                print(f"{name}.img: clean, newest generation {world.check(image).newest}")
            except StoreDamaged as problem:
                print(f"{name}.img: {problem}")
        copy_sparse(options.replay / "before.img", image)
        kind = KillTrial if options.kill else Trial
        trial = kind(world, program, image, oracle, Plan(**case["plan"]), folder)
        try:
            print(json.dumps(trial.run(), indent=1))
        except FAILURES as problem:
            print(f"replay: FAILED again: {problem}")
            return 1
    print("replay: passed this time (instants differ between runs)")
    return 0


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=SOURCE / "build" / "dev")
    parser.add_argument("--machine", type=Path, help="build of kernel and residents (default: --build)")
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="default: drawn, and printed")
    parser.add_argument("--lanes", type=int, default=2, help="machines at a time")
    parser.add_argument("--kill", action="store_true", help="SIGKILL instead of power cuts (weak baseline)")
    parser.add_argument("--memory", type=int, default=64, help="MiB of the machine")
    parser.add_argument("--interval", type=int, default=10, help="ms between checkpoints")
    parser.add_argument("--words", default="", help="further boot words")
    parser.add_argument("--system", type=Path, default=SOURCE / "images" / "campaign.toml")
    parser.add_argument("--firmware", action="store_true",
                        help="one trial of ten starts through GRUB by the BIOS, one by UEFI")
    parser.add_argument("--programs", type=Path, help="folder of the system's programs")
    parser.add_argument("--patience", type=float, default=1, help="factor of the time a step may take")
    parser.add_argument("--until-failure", action="store_true", help="stop at the first failure")
    parser.add_argument("--replay", type=Path, help="folder of a failed case")
    parser.add_argument("--failures", type=Path, default=None, help="where failed cases are kept")
    options = parser.parse_args(arguments)
    options.setting = [word for name, value in (
        ("--build", options.build), ("--machine", options.machine), ("--memory", options.memory),
        ("--interval", options.interval), ("--system", options.system), ("--programs", options.programs),
        ("--words", shlex.quote(options.words)))
        if value not in (None, "''") for word in (name, str(value))] + ["--kill"] * options.kill
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    if options.failures is None:
        options.failures = options.build / "campaign-failures"
    return options


def run(options, world, program):
    if missing := world.missing() + ([] if program.exists() else [str(program)]):
        print(f"campaign: not built: {', '.join(missing)}", file=sys.stderr)
        return 8
    if options.replay:
        return replay(options, world, program)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stele-campaign-") as folder:
        campaign = Campaign(options, world, program, folder)
        campaign.run()
        return campaign.verdict(time.monotonic() - start)


def main():
    options = parse(sys.argv[1:])
    world = SteleWorld(options.build, system=options.system, machine=options.machine, memory=options.memory,
                       words=options.words, interval=options.interval, firmware=options.firmware,
                       programs=options.programs)
    return run(options, world, options.build / "tests" / "support" / "forgetting_disk" / "forgetting-disk")


if __name__ == "__main__":
    sys.exit(main())
