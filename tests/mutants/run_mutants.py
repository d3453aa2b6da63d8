#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the campaign with planted bugs: each patch in this folder is put into a copy of the tree, whose
kernel and residents are built and sent through power cuts, where they must lose or spoil an acknowledged
checkpoint. A bug that survives fails. Disk and checker are those of the tree without a bug.

A hosted bug is killed by an assertion of its test, or by a contract of the product, a signal, a time-out:
which it was is told, for the last two say less. `--list` prints the bugs and their killers, and plants none.

A patch begins with "Rule: R9", then "Expect: lost wrong" (kinds of failure of the campaign, any of them) or
"Test: TARGET TESTS" (an executable and its --gtest_filter that must fail: a hosted bug, which costs seconds
where cuts cost most of a minute), then says what the bug is. "System: talk" sends images/talk.toml through
the cuts instead of images/campaign.toml."""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
LEFT_OUT = {".git", "build", "__pycache__"}
VERDICT = re.compile(r"^campaign: (PASS|FAIL)[^(\n]*(?:\(([^)]*)\))?", re.MULTILINE)
CASES_FAILED = re.compile(r"^\[  FAILED  \] ([A-Za-z][^\s,]*)", re.MULTILINE)
HOSTED_SECONDS = 240


@dataclass
class Mutant:
    name: str
    path: Path
    rule: str
    expected: set  # kinds of failure of the campaign
    test: list  # [target, filter] instead of the campaign
    system: str  # what the campaign runs

    @staticmethod
    def read(path):
        head = path.read_text().split("\n--- ", 1)[0]
        fields = dict(re.findall(r"^(\w+): (.*)$", head, re.MULTILINE))
        expected, test = fields.get("Expect", "").split(), fields.get("Test", "").split()
        if bool(expected) == bool(test):
            raise ValueError(f"{path.name}: one of Expect and Test")
        return Mutant(path.stem, path, fields["Rule"], set(expected), test, fields.get("System", "campaign"))


def files_of(folder):
    """Relative paths of the sources under `folder`."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = Path(place) / name
            if path.is_file():
                yield path.relative_to(folder)


class Workshop:
    """A copy of the tree with its own build, kept between runs: only what a patch touches is built."""

    def __init__(self, options):
        self.options = options
        self.tree = options.folder / "tree"
        self.build = self.tree / "build" / "dev"  # as far from the sources as the build without a bug
        # Then ccache knows what the patch does not touch, if it was told the same for that build.
        os.environ.update(CCACHE_BASEDIR=str(SOURCE), CCACHE_NOHASHDIR="true")

    def synchronise(self):
        """Makes the copy equal to the sources; files that are equal keep their time."""
        wanted = set(files_of(SOURCE))
        for relative in sorted(wanted):
            source, copy = SOURCE / relative, self.tree / relative
            content = source.read_bytes()
            if not copy.exists() or copy.read_bytes() != content:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)
        for relative in set(files_of(self.tree)) - wanted:
            (self.tree / relative).unlink()

    def patch(self, mutant, *how):
        how = ("-p1", "--no-backup-if-mismatch", "--fuzz=0", *how)
        self.run("patch", *how, "-d", self.tree, "-i", mutant.path)

    def compile(self, *targets):
        if not (self.build / "build.ninja").exists():
            self.run("cmake", "--preset", "dev", "-S", self.tree, f"-DPython3_EXECUTABLE={sys.executable}")
        self.run("ninja", "-C", self.build, f"-j{self.options.jobs}", *targets)

    @staticmethod
    def run(*command):
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if result.returncode != 0:
            output = result.stdout[-4000:] + result.stderr[-2000:]
            raise RuntimeError(f"{' '.join(map(str, command))}\n{output}")

    def campaign(self, system):
        """(exit status, kinds of failure, output)"""
        options = self.options
        command = [sys.executable, "-B", HERE.parent / "system" / "campaign.py", "--build", options.build,
                   "--machine", self.build, "--cuts", options.cuts, "--seed", options.seed, "--until-failure",
                   "--patience", 0.4, "--failures", options.folder / "failures",
                   "--system", SOURCE / "images" / f"{system}.toml"]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900)
        verdict = VERDICT.search(result.stdout)
        kinds = set(re.findall(r"[a-z]+", verdict[2] or "")) if verdict else set()
        return result.returncode, kinds, result.stdout + result.stderr

    def unit_test(self, target, tests):
        """(by what it was killed or "", cases that failed, output)"""
        program = next(path for path in (self.build / "tests").rglob(target) if path.is_file())
        command = [str(program), f"--gtest_filter={tests}", "--gtest_brief=1"]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=HOSTED_SECONDS)
        except subprocess.TimeoutExpired:
            return "a time-out", set(), f"{HOSTED_SECONDS} s were over"
        found = set(CASES_FAILED.findall(result.stdout))
        if result.returncode == -signal.SIGABRT:
            by = "a contract"
        elif result.returncode < 0:
            by = f"signal {-result.returncode}"
        else:
            by = "an assertion" if found else ""
        return by, found, result.stdout + result.stderr


def attack(workshop, mutant):
    """Whether the planted bug is caught (or, without one, the campaign passes)."""
    start = time.monotonic()
    if mutant is not None:
        workshop.patch(mutant)
    if mutant is not None and mutant.test:
        workshop.compile(mutant.test[0])
        built = time.monotonic()
        by, found, output = workshop.unit_test(*mutant.test)
        caught = bool(by)
    else:
        workshop.compile("kernel", "resident")
        built = time.monotonic()
        status, found, output = workshop.campaign(mutant.system if mutant is not None else "campaign")
        caught = status == 1 and bool(found & mutant.expected) if mutant is not None else status == 0
        by = "cuts" if caught else ""
    if mutant is not None:
        workshop.patch(mutant, "--reverse")
    times = f"build {built - start:.0f} s, run {time.monotonic() - built:.0f} s"
    if mutant is None:
        print(f"no bug planted: campaign exit {status}, {times}", flush=True)
    else:
        word = f"killed by {by}" if caught else "SURVIVED"
        found = " ".join(sorted(found)) or "no case named"
        print(f"{mutant.name} ({mutant.rule}): {word}, {found}, {times}", flush=True)
    if not caught or workshop.options.verbose:
        print(output, flush=True)
    return caught


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants (default: all)")
    parser.add_argument("--build", type=Path, default=SOURCE / "build" / "dev",
                        help="build without a bug: the `stele` command and the forgetting disk are its")
    parser.add_argument("--folder", type=Path, default=SOURCE / "build" / "mutants", help="copy and build")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-baseline", action="store_true", help="do not run the tree without a bug first")
    parser.add_argument("--hosted", action="store_true", help="only those that a hosted test kills")
    parser.add_argument("--list", action="store_true", help="print the bugs and their killers, plant none")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    mutants = [Mutant.read(path) for path in sorted(HERE.glob("*.patch"))]
    if unknown := set(options.names) - {mutant.name for mutant in mutants}:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in mutants if not options.names or mutant.name in options.names]
    if options.hosted:
        chosen = [mutant for mutant in chosen if mutant.test]
    if options.list:
        for mutant in chosen:
            killer = " ".join(mutant.test) or f"cuts: {' '.join(sorted(mutant.expected))}"
            print(f"{mutant.name:40} {mutant.rule:4} {killer}")
        return 0
    workshop = Workshop(options)
    start = time.monotonic()
    workshop.synchronise()  # also takes away what an interrupted run left
    survivors = [] if options.no_baseline or attack(workshop, None) else ["the tree without a bug fails"]
    survivors += [mutant.name for mutant in chosen if not attack(workshop, mutant)]
    verdict = f"FAIL, {', '.join(survivors)}" if survivors else "PASS"
    print(f"mutants: {verdict}, {len(chosen)} planted bugs, {time.monotonic() - start:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
