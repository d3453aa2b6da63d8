# SPDX-License-Identifier: Apache-2.0
"""Each function starts machines, or programs, and returns named values; figures.py makes a table of them."""
import json
import re
import statistics
import subprocess
import time

import descriptions
from machine import MachineError
from stand import NotMeasured, figure, first_line, parse_line

CALLS = ["known", "kernel-call", "kernel-call-stub", "null-call", "capability-copy", "round-trip",
         "round-trip-stub", "round-trip-4", "round-trip-8", "round-trip-32", "one-way", "one-way-4",
         "round-trip-capability", "event-round-trip", "two-yields-alone", "yields-there-and-back",
         "page-fault", "page-fault-deep", "kept-fault", "kept-fault-mapped", "process-creation",
         "mutation-transient", "mutation-first", "mutation-second", "mutation-settled", "page-hash"]


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


def in_us(ticks, per_us):
    return ticks if isinstance(ticks, Exception) else tuple(each / per_us for each in ticks)


def calls(stand):
    """The paths of the kernel in instructions and in time, F10 in time."""
    values = {}

    def counted():
        with stand.boot_calls(icount=True) as machine:
            return {f"{name}-instructions": value for name, value in of_calls(call_lines(machine), CALLS)}

    def timed():
        with stand.boot_calls(icount=False) as machine:
            found = call_lines(machine)
            per_us = found["clock"]["ticks-per-ms"] / 1000
            return {f"{name}-us": in_us(value, per_us) for name, value in of_calls(found, CALLS)}

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
    if found["stop-ticks"][0] == 0:
        raise NotMeasured("Checkpoint.counters tells no length of the stop")
    return found


def wait_for_load(machine, sleepers):
    """Until the program that measures is warm, and everything that is to stand still does."""
    machine.wait_for(r"bench: checkpoints ready", 120)
    missing = sleepers - sum("bench: sleeper ready" in line for line in machine.lines[:machine.cursor])
    for _ in range(missing):
        machine.wait_for(r"bench: sleeper ready", 120)


def stop_instructions(stand, name, memory=128, sleepers=0, size="256M", **load):
    """Under -icount, where a millisecond is a million instructions."""
    pause_us = 10_000 if load["dirty"] > 64 else 3000  # long enough to dirty all pages: checked below
    # The grants of what stands still are withdrawn after seven: the median is of those that follow.
    system = descriptions.checkpoints(sleepers=sleepers, count=20, pause_us=pause_us, **load)
    image = stand.format(name, system, size)
    with stand.boot(image, words="interval=0", memory=memory, icount=True) as machine:
        wait_for_load(machine, sleepers)
        machine.send_line("go")
        found = checkpoint_lines(machine)
    image.unlink()
    frames = found["sums"]["frozen"] / found["sums"]["takes"]
    if frames < load["dirty"]:
        raise NotMeasured(f"{frames:.0f} frames a snapshot: the load did not dirty all its pages")
    return {name: found["stop-ticks"], f"{name}-frames": frames}


BIG_MACHINE = {"memory": 512, "size": "512M"}
# P1, P2 and P3: the same program under loads of different size.
STOPS = {
    "stop-1": {"dirty": 1},
    "stop-64": {"dirty": 64},
    "stop-1024": {"dirty": 1024},
    "stop-64-1024-mib": {"dirty": 64, "memory": 1024},
    "stop-64-objects": {"dirty": 64, "sleepers": 8, "sleeper_pages": 200},
    "stop-64-processes": {"dirty": 64, "sleepers": 81},
    "stop-64-clean-16-mib": {"dirty": 64, "sleepers": 8, "sleeper_pages": 512, **BIG_MACHINE},
    "stop-64-clean-256-mib": {"dirty": 64, "sleepers": 8, "sleeper_pages": 8192, "shared_pages": 512,
                              **BIG_MACHINE},
}
QUICK_STOPS = ["stop-64"]


def stops(stand):
    values = {}
    for name in QUICK_STOPS if stand.quick else STOPS:
        attempt(values, [name, f"{name}-frames"],
                lambda name=name: stop_instructions(stand, name, **STOPS[name]))
    return values


def disk_counts(machine):
    """Completed flushes and written bytes of the store's device, as QEMU counts them."""
    for device in machine.qmp("query-blockstats"):
        if device["stats"]["wr_operations"] + device["stats"]["rd_operations"] > 0:
            return device["stats"]["flush_operations"], device["stats"]["wr_bytes"]
    raise NotMeasured("QEMU knows no device with operations")


def migrator_counts(machine):
    """Migrator.counters, by the line that the console prints on Ctrl-B."""
    machine.send(b"\x02")
    line = machine.wait_for(r"\[stele\] counters: .*", 10)[0]
    return {key: int(value) for key, value in re.findall(r"([a-z-]+) (\d+)", line)}


def snapshot_downtime(machine):
    """How long QEMU stops this machine for a background snapshot, in whole milliseconds."""
    machine.qmp("migrate", uri="exec:cat >/dev/null")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        told = machine.qmp("query-migrate")
        if told.get("status") == "completed":
            return told["downtime"]
        if told.get("status") == "failed":
            raise NotMeasured("QEMU cannot take a background snapshot here")
        machine.pump(0.05)
    raise NotMeasured("QEMU's background snapshot does not end")


def background_snapshots(machine):
    """P5's anchor: the shortest of three, for a busy host makes them longer."""
    background = {"capability": "background-snapshot", "state": True}
    machine.qmp("migrate-set-capabilities", capabilities=[background])
    least_ms = min(snapshot_downtime(machine) for _ in range(3))
    if least_ms == 0:
        raise NotMeasured("QEMU tells a stop of less than a millisecond")
    return {"background-snapshot-us": least_ms * 1000}


def wall_checkpoints(stand, dirty, count):
    """P6, P18, user progress, in real time: everything counted between two quiet moments; P5's anchor."""
    anchor = {}
    image = stand.format(f"wall-{dirty}", descriptions.checkpoints(dirty, count=count))
    with stand.boot(image, words="interval=0", memory=128) as machine:
        wait_for_load(machine, 0)
        before, migrator_before = disk_counts(machine), migrator_counts(machine)
        machine.send_line("go")
        found = checkpoint_lines(machine)
        machine.wait_for(r"bench: done ready", 30)
        after, migrator_after = disk_counts(machine), migrator_counts(machine)
        per_us = kernel_clock(machine)[0] / 1000
        if dirty == 64 and not stand.quick:
            attempt(anchor, ["background-snapshot-us"], lambda: background_snapshots(machine))
    image.unlink()
    takes = found["sums"]["takes"]
    commits = migrator_after["commits"] - migrator_before["commits"]
    if takes == 0 or commits == 0:
        raise NotMeasured("no checkpoint was committed")

    def rise(key):
        return migrator_after[key] - migrator_before[key]
    return {**anchor, f"stop-{dirty}-us": in_us(found["stop-ticks"], per_us),
            f"commit-{dirty}-us": in_us(found["commit-ticks"], per_us),
            f"frames-{dirty}": found["sums"]["frozen"] / takes,
            f"rounds-in-flight-{dirty}": found["rounds-in-flight"],
            f"user-us-in-flight-{dirty}": found["sums"]["user-ns-in-flight"] / takes / 1000,
            f"flushes-per-commit-{dirty}": (after[0] - before[0]) / commits,
            f"migrator-flushes-per-commit-{dirty}": rise("flushes") / commits,
            f"interrupts-per-commit-{dirty}": rise("interrupts") / commits}


WALL_NAMES = ["stop-{}-us", "commit-{}-us", "frames-{}", "rounds-in-flight-{}", "user-us-in-flight-{}",
              "flushes-per-commit-{}", "migrator-flushes-per-commit-{}", "interrupts-per-commit-{}"]


def kernel_clock(machine):
    """Ticks of the processor's counter in a millisecond, and at the kernel's first instructions."""
    for line in machine.lines:
        if match := re.search(r"(\d+) ticks a millisecond, entered at tick (\d+)", line):
            return int(match[1]), int(match[2])
    raise NotMeasured("the kernel does not tell its clock")


def gap_line(stand, dirty, interval_ms, run_ms, icount=False):
    """One run of bench-gap, and the checkpoints of it as the store's history tells them."""
    image = stand.format(f"gap-{dirty}", descriptions.gap(dirty, run_ms, interval_ms != 0))
    with stand.boot(image, words=f"interval={interval_ms}", memory=128, icount=icount) as machine:
        machine.wait_for(r"bench: gap ready", 120)
        machine.send_line("go")
        line = figure(machine, "gap", 120)
    history = stand.history(image)
    image.unlink()
    return line, history


def gaps_of(line):
    if line["takes"] == 0 or line["gaps"] < line["takes"]:
        raise NotMeasured(f"{line['takes']} checkpoints, {line['gaps']} gaps")
    return line["median"], line["p99"]


def wall_gap(stand, dirty):
    """P1c as a program sees it, and P15 from the store's own history of the same run."""
    line, history = gap_line(stand, dirty, 20, 500 if stand.quick else 1500)
    per_us = line["ticks-per-ms"] / 1000
    whole = [entry for entry in history if entry["frames"] >= dirty and entry["boot"] > 1]
    if not whole:
        raise NotMeasured("no retained checkpoint holds all dirty pages")
    ratios = [each["bytesWritten"] / (each["frames"] * 4096) for each in whole]
    return {f"gap-{dirty}-us": in_us(gaps_of(line), per_us),
            f"bytes-{dirty}": statistics.median(ratios),
            f"bytes-{dirty}-frames": statistics.median(each["frames"] for each in whole)}


def counted_gap(stand):
    return {"gap-64-instructions": gaps_of(gap_line(stand, 64, 20, 500, icount=True)[0])}


def wall(stand):
    values = {}
    for dirty, count in ((64, 10),) if stand.quick else ((64, 100), (1, 60)):
        attempt(values, [name.format(dirty) for name in WALL_NAMES],
                lambda dirty=dirty, count=count: wall_checkpoints(stand, dirty, count))
    for dirty in (64,) if stand.quick else (1, 64, 1024):
        attempt(values, [f"gap-{dirty}-us", f"bytes-{dirty}"], lambda dirty=dirty: wall_gap(stand, dirty))
    attempt(values, ["gap-64-instructions"], lambda: counted_gap(stand))
    return values


def kept_once(stand, dirty, interval_ms):
    """Work done with checkpoints and without, in turns, each time on a new store."""
    run_ms = 1500
    with_them, without, per_second = [], [], []
    for _ in range(2):
        without.append(gap_line(stand, dirty, 0, run_ms)[0]["rounds"])
        line = gap_line(stand, dirty, interval_ms, run_ms)[0]
        with_them.append(line["rounds"])
        per_second.append(line["commits"] * 1000 / run_ms)
    if min(without) == 0:
        raise NotMeasured("the load made no round")
    rate, wanted = statistics.median(per_second), 1000 / interval_ms
    share = statistics.median(with_them) / statistics.median(without)
    judged = share if rate >= 0.9 * wanted else NotMeasured(
        f"{rate:.0f} checkpoints a second instead of {wanted:.0f}; at that rate {share:.2f} is kept")
    return {f"kept-{dirty}": judged, f"commits-per-second-{dirty}": rate}


def age_once(stand, dirty):
    """P20: of the newest commit, at each tenth of a millisecond, with as many commits as there can be."""
    image = stand.format(f"age-{dirty}", descriptions.age(dirty, 500))
    with stand.boot(image, words="interval=1", memory=128) as machine:
        machine.wait_for(r"bench: age ready", 120)
        machine.send_line("go")
        line = figure(machine, "age", 120)
    image.unlink()
    if line["commits"] == 0:
        raise NotMeasured("no checkpoint was committed")
    return {f"age-{dirty}-ms": (line["median"] / 1e6, line["p99"] / 1e6)}


def kept(stand):
    """P8 and P9: what a program gets done under frequent checkpoints; how many there were; and P20."""
    values = {}
    attempt(values, ["age-64-ms"], lambda: age_once(stand, 64))
    for dirty, interval_ms in ((64, 1), (256, 10)):
        attempt(values, [f"kept-{dirty}", f"commits-per-second-{dirty}"],
                lambda dirty=dirty, interval_ms=interval_ms: kept_once(stand, dirty, interval_ms))
    return values


RESTART_NAMES = ["restart-{}-ms", "restore-{}-ms", "fetches-{}", "fetches-before-resume-{}"]


def restart_once(stand, frames):
    """P21 and the frames fetched: a machine of 512 MiB that wrote `frames` frames, cut and started again."""
    image = stand.format("restart", descriptions.filler(frames), size="512M")
    with stand.boot(image, words="interval=50", memory=512) as machine:
        machine.wait_for(r"bench: filled", 120)
        # The second snapshot is later than the commit of the first, and the program has had time to wait for
        # its line.
        time.sleep(0.3)
        for _ in range(2):
            machine.send(b"\x10")
            machine.wait_for(r"committed.*, requested", 60)
        machine.kill()
    with stand.boot(image, words="interval=0", memory=512) as machine:
        line = figure(machine, "resumed")
        counts = migrator_counts(machine)
        per_ms, entered = kernel_clock(machine)
    image.unlink()
    return {f"restart-{frames}-ms": (line["ticks"] - entered) / per_ms,
            f"restore-{frames}-ms": counts["restore-ns"] / 1e6,
            f"fetches-{frames}": line["fetches"],
            f"fetches-before-resume-{frames}": counts["fetches-before-resume"]}


def restart(stand):
    values = {}
    for frames in (10_000,) if stand.quick else (1000, 10_000, 60_000):
        attempt(values, [name.format(frames) for name in RESTART_NAMES],
                lambda frames=frames: restart_once(stand, frames))
    return values


START_PROCESSES = 4  # as many as the demo has


def start_once(stand, icount):
    """F15: from the start of QEMU, or of the processor's counter, until the last process says so."""
    image = stand.format("start", descriptions.sleepers(START_PROCESSES))
    began = time.monotonic()
    with stand.boot(image, words="interval=0", memory=128, icount=icount) as machine:
        lines = [figure(machine, "sleeper") for _ in range(START_PROCESSES)]
        took_ms = (time.monotonic() - began) * 1000
        entered = kernel_clock(machine)[1]
    image.unlink()
    if not icount:
        return {"start-ms": took_ms}
    return {"start-million-instructions": max(line["ticks"] for line in lines) / 1e6,
            "firmware-million-instructions": entered / 1e6}


def start(stand):
    values = {}
    attempt(values, ["start-million-instructions", "firmware-million-instructions"],
            lambda: start_once(stand, icount=True))
    repeats = [values_of_start(stand) for _ in range(1 if stand.quick else 5)]
    measured = [each for each in repeats if not isinstance(each, Exception)]
    values["start-ms"] = statistics.median(measured) if measured else repeats[0]
    return values


def values_of_start(stand):
    values = {}
    attempt(values, ["start-ms"], lambda: start_once(stand, icount=False))
    return values["start-ms"]


def engine_once(stand, pages, commits):
    stand.need(stand.engine)
    result = subprocess.run([stand.engine, stand.folder / "engine.img", str(pages), str(commits)],
                            capture_output=True, text=True, timeout=120)
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
    for pages, commits in ((1, 30),) if stand.quick else ((1, 200), (64, 100), (1024, 20)):
        attempt(values, [f"engine-{pages}-{what}" for what in ("us", "host-us", "bytes", "flushes")] +
                ["hash-native-us"], lambda pages=pages, commits=commits: engine_once(stand, pages, commits))
    return values


# In this order; the longest is the last.
STEPS = {"calls": calls, "engine": engine, "wall": wall, "kept": kept, "start": start, "restart": restart,
         "stops": stops}
