#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzzers: every corpus again and a fixed number of inputs from a fixed seed (what ./run test does),
or each target for some time from a seed of its own (./run crash --fuzz SECONDS), which keeps what it finds.

A finding is one line that makes it happen again: the target and the file of the input."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Inputs of a target in the smoke test: all of them together stay below a minute on a slow machine.
RUNS = {
    "root_slots": 6000,
    "record": 15000,
    "directory": 15000,
    "map_node": 8000,
    "checkpoint_table": 15000,
    "image_read": 700,
    "image_write": 1200,
    "system_description": 0, # what toml++ does depends on more than its input: new ones are for searches
    "program_file": 1500,
}
LONGEST_INPUT = 4200  # a map node with its header

# Leaks are not what is looked for, and looking for them needs ptrace, which a container may not give.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def targets(folder, only):
    names = sorted(path.name.removesuffix("_fuzz") for path in folder.glob("*_fuzz"))
    if unknown := set(only) - set(names):
        sys.exit(f"no such target: {', '.join(unknown)}; there are {', '.join(names)}")
    return [name for name in names if not only or name in only]


def options(name, artifacts):
    artifacts.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / f"{name}.dict"
    words = [f"-dict={dictionary}"] if dictionary.exists() else []
    return ["-detect_leaks=0", "-rss_limit_mb=0", f"-max_len={LONGEST_INPUT}",
            f"-artifact_prefix={artifacts}/{name}-", *words]


def run(command):
    return subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", check=False)


def finding(name, program, result):
    """The one line, and above it what the target said."""
    said = [line for line in result.stderr.splitlines()
            if re.search(r"is broken|^broken:|ERROR:|runtime error|SUMMARY|^ +#\d+ ", line)]
    file = re.search(r"Test unit written to (\S+-(?:crash|timeout|oom)-\w+)", result.stderr)
    again = f"{program} {file.group(1)}" if file else f"{program}, exit status {result.returncode}"
    return "\n".join(said[:25] + [f"{name}: FAIL, again: {again}"])


def smoke(name, folder, artifacts):
    """The same inputs in the same order each time: not steered by what is compared, for addresses are."""
    program = folder / f"{name}_fuzz"
    corpus = sorted((HERE / "corpus" / name).iterdir())
    if not corpus:
        return f"{name}: FAIL, its corpus is empty", False
    with tempfile.NamedTemporaryFile("w", suffix=".seeds") as seeds:
        seeds.write(",".join(map(str, corpus)))
        seeds.flush()
        result = run([program, *options(name, artifacts), f"-seed_inputs=@{seeds.name}", "-seed=1",
                      "-shuffle=0", "-use_cmp=0", "-use_memmem=0", "-timeout=600",
                      f"-runs={len(corpus) + RUNS[name]}"])
    done = re.search(r"^#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+)", result.stderr, re.M)
    if result.returncode != 0 or not done:
        return finding(name, program, result), False
    return f"{name}: {len(corpus)} inputs of the corpus, {done[1]} in all, coverage {done[2]} {done[3]}", True


def search(name, folder, artifacts, seconds, seed):
    """New inputs go to build/dev/fuzz/NAME; corpus/ is read only."""
    program = folder / f"{name}_fuzz"
    found = artifacts / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    result = run([program, *options(name, artifacts), f"-max_total_time={seconds}", f"-seed={seed}",
                  "-timeout=120", found, HERE / "corpus" / name])
    done = re.search(r"^#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\S+)", result.stderr, re.M)
    if result.returncode != 0 or not done:
        return finding(name, program, result), False
    return (f"{name}: {int(done[1]):,} inputs, {int(done[1]) // max(seconds, 1):,} a second, "
            f"coverage {done[2]}, seed {seed}"), True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="the build folder")
    parser.add_argument("--seconds", type=int, help="search so long in each target, two at a time")
    parser.add_argument("--seed", type=int, default=None, help="of the search; else one of the clock")
    parser.add_argument("--only", action="append", default=[], metavar="TARGET")
    arguments = parser.parse_args()
    folder = (arguments.build / "tests" / "fuzz").resolve()
    artifacts = (arguments.build / "fuzz").resolve()
    seed = arguments.seed or int(time.time()) % (1 << 31)

    def one(name):
        if arguments.seconds is None:
            return smoke(name, folder, artifacts)
        return search(name, folder, artifacts, arguments.seconds, seed)

    good = True
    with ThreadPoolExecutor(max_workers=2) as pool:
        for text, passed in pool.map(one, targets(folder, arguments.only)):
            print(text, flush=True)
            good = good and passed
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
