# SPDX-License-Identifier: Apache-2.0
"""Each function starts machines, or programs, and returns named values; figures.py makes the table of them."""
import json
import re
import statistics
import subprocess
import time

import descriptions
from machine import MachineError
from stand import NotMeasured, figure, first_line, parse_line

CALLS = ["kernel-call", "kernel-call-stub", "null-call", "round-trip", "round-trip-stub", "page-fault",
         "page-fault-deep", "page-hash"]


def attempt(values, names, measure):
    """Stores what `measure` returns, or for each name why there is nothing."""
    try:
        values.update(measure())
    except (NotMeasured, MachineError, subprocess.SubprocessError, OSError) as error:
        values.update({name: NotMeasured(first_line(error)) for name in names if name not in values})


def call_lines(machine):
    """All lines between the two markers, by name; a figure that failed is an exception object."""
    machine.wait_for(r"bench: begin", 60)
    start = machine.cursor
    machine.wait_for(r"bench: end", 120)
    found = {}
    for line in machine.lines[start:machine.cursor - 1]:
        match = re.search(r"bench: (\S+)", line)
        if match is None:
            continue
        try:
            found[match[1]] = parse_line(line)[1]
        except NotMeasured as error:
            found[match[1]] = error
    return found


def of_calls(found, names):
    for name in names:
        line = found.get(name, NotMeasured("the program printed no such line"))
        yield name, line if isinstance(line, Exception) else (line["median"], line["p99"])


def calls(stand):
    """F2, F4, F5 in instructions, F10 in time."""
    values = {}

    def counted():
        with stand.boot_calls(icount=True) as machine:
            return {f"{name}-instructions": value for name, value in of_calls(call_lines(machine), CALLS)}

    def timed():
        with stand.boot_calls(icount=False) as machine:
            found = call_lines(machine)
            result = {}
            per_us = found["clock"]["ticks-per-ms"] / 1000
            for name, value in of_calls(found, CALLS):
                result[f"{name}-us"] = value if isinstance(value, Exception) else tuple(t / per_us for t in value)
            return result

    attempt(values, [f"{name}-instructions" for name in CALLS], counted)
    attempt(values, [f"{name}-us" for name in CALLS], timed)
    return values


def checkpoint_lines(machine):
    """What bench-checkpoints prints: medians and 99th percentiles, and its sums."""
    found = {}
    for name in ("stop-ticks", "commit-ticks", "rounds-in-flight"):
        line = figure(machine, name, 120)
        found[name] = (line["median"], line["p99"])
    found["sums"] = figure(machine, "checkpoints")
    if found["sums"]["failures"] != 0:
        raise NotMeasured(f"{found['sums']['failures']} checkpoint calls failed")
    return found


def stop_instructions(stand, name, memory=128, **load):
    image = stand.format(name, descriptions.checkpoints(**load))
    with stand.boot(image, words="interval=0", memory=memory, icount=True) as machine:
        machine.wait_for(r"bench: checkpoints ready", 120)
        machine.send_line("go")
        found = checkpoint_lines(machine)
    image.unlink()
    if found["stop-ticks"][0] == 0:
        raise NotMeasured("Checkpoint.counters tells no length of the stop")
    return {name: found["stop-ticks"], f"{name}-frames": found["sums"]["frozen"] / found["sums"]["takes"]}


# P1 and P2: the same program under loads of different size.
STOPS = {
    "stop-1": {"dirty": 1},
    "stop-64": {"dirty": 64},
    "stop-1024": {"dirty": 1024},
    "stop-64-1024-mib": {"dirty": 64, "memory": 1024},
    "stop-64-objects": {"dirty": 64, "sleepers": 8, "sleeper_pages": 200},
    "stop-64-processes": {"dirty": 64, "sleepers": 81},
}


def stops(stand):
    values = {}
    for name, load in STOPS.items():
        attempt(values, [name, f"{name}-frames"], lambda name=name, load=load: stop_instructions(stand, name, **load))
    return values


def disk_counts(machine):
    """Completed flushes and written bytes of the store's device, as QEMU counts them."""
    for device in machine.qmp("query-blockstats"):
        if device["stats"]["wr_operations"] + device["stats"]["rd_operations"] > 0:
            return device["stats"]["flush_operations"], device["stats"]["wr_bytes"]
    raise NotMeasured("QEMU knows no device with operations")


def migrator_counts(machine):
    """Migrator.counters through the console's counters line; None when the console has none."""
    machine.send(b"\x02")
    try:
        line = machine.wait_for(r"\[stele\] counters: .*", 3)[0]
    except MachineError:
        return None
    return {key: int(value) for key, value in re.findall(r"([a-z-]+) (\d+)", line)}


def wall_checkpoints(stand):
    """P6, P18, user progress: k = 64 over 8 spaces, plain TCG, everything counted between two quiet moments."""
    image = stand.format("wall", descriptions.checkpoints(64, count=100))
    with stand.boot(image, words="interval=0", memory=128) as machine:
        machine.wait_for(r"bench: checkpoints ready", 120)
        before, migrator_before = disk_counts(machine), migrator_counts(machine)
        machine.send_line("go")
        found = checkpoint_lines(machine)
        machine.wait_for(r"bench: done ready", 30)
        after, migrator_after = disk_counts(machine), migrator_counts(machine)
        per_us = ticks_per_ms(machine) / 1000
    image.unlink()
    takes = found["sums"]["takes"]
    values = {"stop-us": tuple(ticks / per_us for ticks in found["stop-ticks"]),
              "commit-us": tuple(ticks / per_us for ticks in found["commit-ticks"]),
              "rounds-in-flight": found["rounds-in-flight"],
              "user-us-in-flight": found["sums"]["user-ns-in-flight"] / takes / 1000,
              "flushes-per-commit": (after[0] - before[0]) / takes}
    if found["stop-ticks"][0] == 0:
        values["stop-us"] = NotMeasured("Checkpoint.counters tells no length of the stop")
    for name, key in (("migrator-flushes-per-commit", "flushes"), ("interrupts-per-commit", "interrupts")):
        if migrator_before is None or migrator_after is None:
            values[name] = NotMeasured("the console prints no counters line")
        else:
            commits = migrator_after["commits"] - migrator_before["commits"]
            values[name] = (migrator_after[key] - migrator_before[key]) / max(1, commits)
    return values


def ticks_per_ms(machine):
    for line in machine.lines:
        if match := re.search(r"(\d+) ticks a millisecond", line):
            return int(match[1])
    raise NotMeasured("the kernel does not tell its clock")


def wall_gap(stand, dirty):
    """P1c from the outside view, and P15 from the store's own history of the same run."""
    image = stand.format(f"gap-{dirty}", descriptions.gap(dirty, 1500))
    with stand.boot(image, words="interval=20", memory=128) as machine:
        machine.wait_for(r"bench: gap ready", 120)
        machine.send_line("go")
        line = figure(machine, "gap")
        per_us = line["ticks-per-ms"] / 1000
    ratios = [entry["bytesWritten"] / (entry["frames"] * 4096) for entry in stand.history(image)
              if entry["frames"] >= dirty and entry["boot"] > 0]
    image.unlink()
    values = {f"gap-{dirty}-us": (line["median"] / per_us, line["most"] / per_us)}
    values[f"bytes-{dirty}"] = (statistics.median(ratios) if ratios else
                                NotMeasured("no retained checkpoint holds all dirty pages"))
    return values


def wall(stand):
    values = {}
    attempt(values, ["stop-us", "commit-us", "rounds-in-flight", "user-us-in-flight", "flushes-per-commit",
                     "migrator-flushes-per-commit", "interrupts-per-commit"], lambda: wall_checkpoints(stand))
    for dirty in (1, 64, 1024):
        attempt(values, [f"gap-{dirty}-us", f"bytes-{dirty}"], lambda dirty=dirty: wall_gap(stand, dirty))
    return values


def restart_once(stand):
    """P21 and the frames fetched: a machine of 512 MiB with 10,000 written frames, cut and started again."""
    image = stand.format("restart", descriptions.filler(10_000), size="512M")
    with stand.boot(image, words="interval=50", memory=512) as machine:
        machine.wait_for(r"bench: filled", 120)
        machine.send(b"\x10")
        machine.wait_for(r"committed.*, requested", 60)
        machine.kill()
    with stand.boot(image, words="interval=50", memory=512) as machine:
        machine.wait_for(r"Stele, ABI revision", 30)
        start = time.monotonic()
        line = figure(machine, "resumed")
        length = time.monotonic() - start
        counts = migrator_counts(machine)
    image.unlink()
    values = {"restart-ms": length * 1000, "fetches-first-instruction": line["fetches"]}
    if counts is None:
        values["fetches-before-resume"] = NotMeasured("the console prints no counters line")
    else:
        values["fetches-before-resume"] = counts["fetches-before-resume"]
    return values


def restart(stand):
    values = {}
    attempt(values, ["restart-ms", "fetches-first-instruction", "fetches-before-resume"],
            lambda: restart_once(stand))
    return values


def engine_once(stand, pages, commits):
    stand.need(stand.engine)
    result = subprocess.run([stand.engine, stand.folder / "engine.img", str(pages), str(commits)],
                            capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise NotMeasured(result.stderr.strip() or f"bench-engine: exit {result.returncode}")
    found = json.loads(result.stdout)
    return {f"engine-{pages}-us": (found["commitUs"], found["commitUsP99"]),
            f"engine-{pages}-host-us": (found["hostUs"], found["hostUsP99"]),
            f"engine-{pages}-bytes": found["bytesPerCommit"] / (pages * 4096),
            f"engine-{pages}-flushes": found["flushesPerCommit"],
            "hash-native-us": found["hashUs"]}


def engine(stand):
    """P10N and P15N: the same engine, natively, on a file."""
    values = {}
    for pages, commits in ((1, 300), (64, 150), (1024, 30)):
        attempt(values, [f"engine-{pages}-{what}" for what in ("us", "host-us", "bytes", "flushes")] +
                ["hash-native-us"], lambda pages=pages, commits=commits: engine_once(stand, pages, commits))
    return values


STEPS = {"calls": calls, "stops": stops, "wall": wall, "restart": restart, "engine": engine}
