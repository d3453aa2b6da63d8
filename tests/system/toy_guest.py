#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A toy that plays the machine, so that the campaign itself can be tested: it speaks the console protocol on
a socket and keeps its state in a two-slot store on an NBD disk. With --bug it breaks its promises in a chosen
way."""
import argparse
import json
import random
import select
import socket
import struct
import sys
import time
import zlib

from nbd_client import FLUSH, WRITE, NbdClient

PROCESSES = 3  # that it says it has
FRAMES, FRAME = 12, 4096  # a slot: its frames, then a record of one sector
SLOT = FRAMES * FRAME + 4096
RECORD = struct.Struct("<4sQ13I")
BUGS = ("none", "no-flush", "early-ack", "trust-record", "stale", "old-content", "silent", "self-check")


def slot_offset(generation):
    return generation % 2 * SLOT


def encode(generation, state):
    """Frames, each with the generation in front (a causality check), and the record of their checksums."""
    text = json.dumps(state).encode().ljust((FRAME - 8) * FRAMES, b" ")
    share = FRAME - 8
    frames = [struct.pack("<Q", generation) + text[i * share:(i + 1) * share] for i in range(FRAMES)]
    return frames, record_of(generation, frames)


def record_of(generation, frames):
    sums = [zlib.crc32(frame) for frame in frames]
    body = RECORD.pack(b"TOY0", generation, *sums, 0)[:-4]
    return (body + struct.pack("<I", zlib.crc32(body))).ljust(512, b"\0")


def recover(read, verify=True, stale=False):
    """The newest whole (generation, state) of both slots, and whether a newer record was torn."""
    found, torn = [], False
    for slot in range(2):
        record = read(slot * SLOT + FRAMES * FRAME, 512)
        magic, generation, *_ = RECORD.unpack(record[:RECORD.size])
        if magic != b"TOY0":
            continue
        body, checksum = record[:RECORD.size - 4], record[RECORD.size - 4:RECORD.size]
        if zlib.crc32(body) != struct.unpack("<I", checksum)[0]:
            continue
        frames = [read(slot * SLOT + i * FRAME, FRAME) for i in range(FRAMES)]
        if verify and record_of(generation, frames) != record:
            torn = True
            continue
        found.append((generation, frames))
    if not found:
        return None
    generation, frames = (min if stale else max)(found, key=lambda entry: entry[0])
    mixed = any(struct.unpack("<Q", frame[:8])[0] != generation for frame in frames)
    text = b"".join(frame[8:] for frame in frames).rstrip(b" \0")
    try:
        state = json.loads(text)
    except ValueError:
        state, mixed = {"counter": 0, "notes": []}, True
    return generation, state, torn, mixed


def format_image(path):
    frames, record = encode(1, {"counter": 0, "notes": []})
    with open(path, "wb") as image:
        image.truncate(1 << 20)
        image.seek(slot_offset(1))
        image.write(b"".join(frames) + record)


class Toy:
    def __init__(self, disk, serial, interval, bug):
        self.disk = NbdClient(disk)
        self.serial = socket.socket(socket.AF_UNIX)
        self.serial.connect(serial)
        self.interval, self.bug, self.input = interval, bug, b""
        self.history = []

    def say(self, line):
        self.serial.sendall(b"\r\x1b[K" + line.encode() + b"\r\n")  # over the prompt

    def prompt(self, generation):
        self.serial.sendall(f"\r\x1b[K[generation {generation} survives] notepad> ".encode())

    def commit(self, generation, state):
        self.history.append(json.loads(json.dumps(state)))
        if self.bug == "old-content":
            state = self.history[max(0, len(self.history) - 40)]
        frames, record = encode(generation, state)
        base = slot_offset(generation)
        if self.bug == "early-ack":
            self.say(f"[stele] generation {generation} committed, {FRAMES} frames, age 0 ms")
        for i, frame in enumerate(frames):
            self.disk.submit(WRITE, base + i * FRAME, data=frame)
        self.disk.submit(WRITE, base + FRAMES * FRAME, data=record)
        for _ in range(FRAMES + 1):
            self.disk.reply()
        if self.bug != "no-flush":
            self.disk.call(FLUSH)
        if self.bug != "early-ack":
            self.say(f"[stele] generation {generation} committed, {FRAMES} frames, age 0 ms")
        self.prompt(generation)

    def keyboard(self, state):
        ready, _, _ = select.select([self.serial], [], [], 0)
        if ready:
            self.input += self.serial.recv(4096)
        while b"\r" in self.input:
            line, self.input = self.input.split(b"\r", 1)
            text = line.decode()
            if text == "list":
                for number, note in enumerate(state["notes"], 1):
                    self.say(f"notepad: {number}: {note}")
                self.say(f"notepad: end, {len(state['notes'])} lines")
            else:
                state["notes"].append(text)
                self.say(f"notepad: {len(state['notes'])}: {text}")

    def run(self):
        found = recover(self.disk.read, verify=self.bug != "trust-record", stale=self.bug == "stale")
        boot = struct.unpack("<Q", self.disk.read(2 * SLOT, 512)[:8])[0] + 1
        self.say(f"[stele] boot {boot}, 64 MiB memory")
        if found is None:
            self.say("[stele] cannot restore: corrupt")
            sys.exit(35)
        self.disk.write(2 * SLOT, struct.pack("<Q", boot).ljust(512, b"\0"))
        self.disk.flush()
        generation, state, torn, mixed = found
        self.say(f"[stele] restored generation {generation}, {PROCESSES} processes" +
                 (", after a torn newer record" if torn else ""))
        if mixed:
            self.say("churn: self-check FAILED: frames of different generations")
        self.prompt(generation)
        while True:
            start = time.monotonic()
            state["counter"] += random.randrange(1, 5)
            if self.bug == "self-check" and generation > 30:
                self.say("compute: self-check FAILED in round 30")
            if self.bug != "silent":
                self.say(f"counter: {state['counter']}")
            self.keyboard(state)
            generation += 1
            if self.bug != "silent":
                self.commit(generation, state)
            time.sleep(max(0, self.interval - (time.monotonic() - start)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--disk", required=True)
    parser.add_argument("--serial", required=True)
    parser.add_argument("--interval", type=float, default=0.005)
    parser.add_argument("--bug", choices=BUGS, default="none")
    options = parser.parse_args()
    try:
        Toy(options.disk, options.serial, options.interval, options.bug).run()
    except (ConnectionError, TimeoutError):
        pass


if __name__ == "__main__":
    main()
