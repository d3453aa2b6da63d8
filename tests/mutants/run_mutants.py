#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the campaign with planted bugs: each patch in this folder is put into a copy of the tree, built, and
sent through power cuts, where it must lose or spoil an acknowledged checkpoint. A bug that survives fails.

A patch begins with lines "Rule: R9", "Expect: lost wrong" (kinds of failure of the campaign, any of them) and
a sentence what the bug is."""
import argparse
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
LEFT_OUT = {".git", "build", "__pycache__"}
VERDICT = re.compile(r"^campaign: (PASS|FAIL)[^(\n]*(?:\(([^)]*)\))?", re.MULTILINE)
TARGETS = ("stele", "resident", "kernel", "apps", "forgetting-disk")


@dataclass
class Mutant:
    name: str
    path: Path
    expected: set
    rule: str

    @staticmethod
    def read(path):
        head = path.read_text().split("\n--- ", 1)[0]
        fields = dict(re.findall(r"^(\w+): (.*)$", head, re.MULTILINE))
        return Mutant(path.stem, path, set(fields["Expect"].split()), fields["Rule"])


class Workshop:
    """A copy of the tree with its own build, kept between runs: only what a patch touches is built."""

    def __init__(self, options):
        self.options = options
        self.tree, self.build = options.folder / "tree", options.folder / "build"

    def synchronise(self):
        """Makes the copy equal to the sources; files that are equal keep their time."""
        wanted = set()
        for path in SOURCE.rglob("*"):
            relative = path.relative_to(SOURCE)
            if LEFT_OUT & set(relative.parts) or not path.is_file():
                continue
            wanted.add(relative)
            copy = self.tree / relative
            if not copy.exists() or copy.read_bytes() != path.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
        for copy in list(self.tree.rglob("*")):
            if copy.is_file() and copy.relative_to(self.tree) not in wanted:
                copy.unlink()

    def patch(self, mutant):
        self.run("patch", "-p1", "--no-backup-if-mismatch", "--fuzz=0", "-d", self.tree, "-i", mutant.path)

    def compile(self):
        if not (self.build / "build.ninja").exists():
            self.run("cmake", "-G", "Ninja", "-S", self.tree, "-B", self.build,
                     "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", "-DCMAKE_BUILD_TYPE=" + self.options.build_type)
        self.run("ninja", "-C", self.build, f"-j{self.options.jobs}", *self.options.targets)

    @staticmethod
    def run(*command):
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if result.returncode != 0:
            output = result.stdout[-4000:] + result.stderr[-2000:]
            raise RuntimeError(f"{' '.join(map(str, command))}\n{output}")

    def campaign(self):
        """(exit status, kinds of failure, output)"""
        script = self.tree / "tests" / "system" / "campaign.py"
        command = [sys.executable, "-B", script, "--build", self.build, "--cuts", self.options.cuts,
                   "--seed", self.options.seed, "--until-failure"]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900)
        verdict = VERDICT.search(result.stdout)
        kinds = set(re.findall(r"[a-z]+", verdict[2] or "")) if verdict else set()
        return result.returncode, kinds, result.stdout + result.stderr


def attack(workshop, mutant):
    """Whether the campaign catches the planted bug (or, without one, passes)."""
    start = time.monotonic()
    workshop.synchronise()
    if mutant is not None:
        workshop.patch(mutant)
    workshop.compile()
    status, kinds, output = workshop.campaign()
    seconds = time.monotonic() - start
    if mutant is None:
        print(f"no bug planted: campaign exit {status}, {seconds:.0f} s", flush=True)
        caught = status == 0
    else:
        caught = status == 1 and bool(kinds & mutant.expected)
        word = "caught" if caught else "SURVIVED"
        found = " ".join(sorted(kinds)) or "nothing"
        print(f"{mutant.name} ({mutant.rule}): {word}, campaign found {found}, {seconds:.0f} s", flush=True)
    if not caught or workshop.options.verbose:
        print(output, flush=True)
    return caught


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants (default: all)")
    parser.add_argument("--folder", type=Path, default=SOURCE / "build" / "mutants", help="copy and build")
    parser.add_argument("--build-type", default="RelWithDebInfo")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-baseline", action="store_true", help="do not run the tree without a bug first")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    mutants = [Mutant.read(path) for path in sorted(HERE.glob("*.patch"))]
    if unknown := set(options.names) - {mutant.name for mutant in mutants}:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in mutants if not options.names or mutant.name in options.names]
    workshop = Workshop(options)
    survivors = [] if options.no_baseline or attack(workshop, None) else ["the tree without a bug fails"]
    survivors += [mutant.name for mutant in chosen if not attack(workshop, mutant)]
    print(f"mutants: {'FAIL, ' + ', '.join(survivors) if survivors else 'PASS'}, {len(chosen)} planted bugs")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
