#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent reader of Stele stores, written from docs/format.md alone. Needs Python only, never writes.

    stele_reader.py [--json] [--frames] [--quick] [--ranges] [--at GENERATION] STORE

Exit codes: 0 all verifies, 4 damage found, 8 not a readable store. A newest commit that was cut is no
damage."""
import argparse
import json
import os
import struct
import sys

sys.dont_write_bytecode = True  # a reader leaves nothing behind
from stele_format import (  # noqa: E402
    ABSENT, BLOCK, FLUSHED_FIRST, GONE, KNOWN, PINNED, REVISION, ROLLBACK, SECTOR, SEED_CHECKPOINTS,
    SEED_DIRECTORY, SEED_NODE, SEED_RECORD, SEED_TABLE, SHARED, ZERO, Entry, Geometry, Record, Refusal, Slot,
    count_of, first_of, hash128, xxh64)
from reader_report import describe, print_lines  # noqa: E402


class Reader:
    def __init__(self, path):
        self.file = open(path, "rb")
        self.size = os.fstat(self.file.fileno()).st_size
        if self.size == 0:
            self.size = self.file.seek(0, 2)
        self.findings = []
        self.torn = None

    def close(self):
        self.file.close()

    def at(self, offset, size):
        self.file.seek(offset)
        data = self.file.read(size)
        return data + bytes(size - len(data))

    def extent(self, extent):
        return self.at(first_of(extent) * SECTOR, count_of(extent) * SECTOR)

    def damage(self, code, **what):
        self.findings.append({"code": code, **what})

    @staticmethod
    def refuse_others(slots):
        if any(slot.revision > REVISION or slot.incompat & ~KNOWN for slot in slots):
            raise Refusal("newer-format")
        if any(slot.revision < REVISION for slot in slots):
            raise Refusal("older-format")

    # Section 3 and step 1 of section 9.
    def find_slot(self):
        copies = {}
        for index in (0, 1):
            copies[index, 0] = Slot(self.at(index * BLOCK, SECTOR), index)
        valid = [s for s in copies.values() if s.valid]
        if not valid:
            for shift in range(14, 25):
                guess = Geometry(shift, self.size >> shift)
                if not guess.valid():
                    continue
                for index in (0, 1):
                    slot = Slot(self.at(guess.slot_offset(index, 1), SECTOR), index)
                    if slot.valid and slot.geometry.slot_offset(index, 1) == guess.slot_offset(index, 1):
                        valid.append(slot)
                if valid:
                    break
        if not valid:
            magic = any(s.magic == b"STELEST0" for s in copies.values())
            raise Refusal("bad-superblock" if magic else "not-a-store")
        self.refuse_others(valid)
        self.geometry = max(valid, key=lambda s: s.sequence).geometry
        if self.geometry.bytes > self.size:
            raise Refusal("truncated")
        for index in (0, 1):
            offset = self.geometry.slot_offset(index, 1)
            slot = copies[index, 1] = Slot(self.at(offset, SECTOR), index)
            slot.valid = slot.valid and slot.geometry.slot_offset(index, 1) == offset
        self.refuse_others([s for s in copies.values() if s.valid])
        for (index, copy), slot in copies.items():
            if not slot.valid:
                self.damage("root-slot", offset=self.geometry.slot_offset(index, copy))
        self.slot = max((s for s in copies.values() if s.valid), key=lambda s: s.sequence)

    def record_at(self, place):
        sector = self.extent(place)[:SECTOR]
        record = Record(sector)
        if record.magic != 0x3064636552656C74 or hash128(sector[24:], SEED_RECORD) != record.hash:
            return None
        single = record.self + record.next + (record.parent if record.parent[0] else ())
        if any(count_of(e) != 1 or not self.geometry.in_log(e) for e in single) or place not in record.self:
            return None
        if record.store != self.slot.store or record.flags & ~7:
            return None
        back = bool(record.flags & ROLLBACK)
        if (record.base != record.generation if back else record.base >= record.generation):
            return None
        if bool(record.restores) != back or record.directory_bytes % 8:
            return None
        if not 16 * record.directory_entries <= record.directory_bytes <= 24 * record.directory_entries:
            return None
        for runs in record.directories:
            used = [e for e in runs if e]
            if list(runs[:len(used)]) != used or not all(self.geometry.in_log(e) for e in used):
                return None
            if sum(count_of(e) for e in used) != (record.directory_bytes + SECTOR - 1) // SECTOR:
                return None
        return record

    def record_of(self, twin, wanted):
        """The record with this hash, from either place; what is missing is damage."""
        good = None
        for place in twin:
            record = self.record_at(place)
            if record is not None and record.hash == wanted:
                good = good or record
            else:
                self.damage("record", offset=first_of(place) * SECTOR)
        if good is None:
            raise Refusal("corrupt")
        return good

    def directory_copy(self, record, runs):
        data = b"".join(self.extent(e) for e in runs if e)[:record.directory_bytes]
        if hash128(data, SEED_DIRECTORY) != record.directory_hash:
            return None
        entries, words, i = {}, struct.unpack("<%dQ" % (len(data) // 8), data), 0
        while i < len(words):
            size = 2 if words[i] >> 56 & ZERO else 3
            entries[words[i] & ((1 << 48) - 1)] = (words[i], words[i + 1], words[i + 2] if size == 3 else 0)
            i += size
        return entries if len(entries) == record.directory_entries else None

    def directory(self, record, settled):
        """Entries by frame; `settled`: acknowledged, so that a bad copy is damage."""
        copies = [self.directory_copy(record, runs) for runs in record.directories]
        for copy, runs in zip(copies, record.directories):
            if copy is None and settled:
                self.damage("directory", offset=first_of(runs[0]) * SECTOR, generation=record.counter())
        for copy in copies:
            if copy is not None:
                return copy
        return None

    def block_good(self, entry):
        frame, kind = entry[0] & ((1 << 48) - 1), entry[0] >> 48 & 255
        block = self.at((entry[1] & ((1 << 40) - 1)) * SECTOR, BLOCK)
        return xxh64(block, frame | kind << 56) == entry[2]

    # Steps 2 to 4 of section 9.
    def find_newest(self):
        slot = self.slot
        newest, parent, following = self.record_of(slot.record, slot.record_hash), None, slot.next
        while True:
            found = None
            for place in following:
                record = self.record_at(place)
                if (record is not None and record.self == following and record.parent_hash == newest.hash and
                        record.generation > newest.generation and
                        (record.boot() > slot.boot or
                         record.boot() == slot.boot and record.nonce == slot.nonce)):
                    found = record
                    break
            if found is None:
                break
            parent, newest, following = newest, found, found.next
        self.settled = parent is None or bool(newest.flags & FLUSHED_FIRST)
        if not self.settled:
            entries = self.directory(newest, False)
            whole = entries is not None and all(
                entry[0] >> 56 & (ZERO | SHARED) or self.block_good(entry) for entry in entries.values())
            if not whole:
                self.torn, newest, self.settled = newest, parent, True
        self.newest = newest

    # Section 9, content.
    def load_chain(self):
        chain, record = [self.newest], self.newest
        while record.generation > self.newest.base and record.parent[0]:
            record = self.record_of(record.parent, record.parent_hash)
            chain.append(record)
        chain.reverse()
        self.chain = []
        for record in chain:
            if record.generation <= self.newest.base:
                self.chain.append((record, {}))
                continue
            entries = self.directory(record, self.settled or record is not self.newest)
            if entries is None:
                raise Refusal("corrupt")
            self.chain.append((record, entries))

    def load_map(self):
        self.leaves, self.live_sectors = [], [0] * self.geometry.segments
        self.nodes, self.ranges = 0, []
        self.moves = None  # while its own tree is read
        if self.newest.moves[0][0]:
            self.walk(self.newest.moves, None)
        self.moves, self.leaves = {(frame, birth): entry for frame, birth, entry in self.leaves}, []
        if self.newest.map[0][0]:
            self.walk(self.newest.map, None)
        for (frame, birth, _), (after, later, _) in zip(self.leaves, self.leaves[1:]):
            if (frame, birth) >= (after, later):
                self.damage("map-node", frame="0x%x" % frame)

    # Section 8.
    def load_checkpoints(self):
        """Retained checkpoints that the table keeps, oldest first."""
        self.table = []
        places, wanted = self.newest.checkpoints
        if not places[0]:
            return
        good = None
        for place in places:
            self.count_live(place, "checkpoint table")
            data = self.extent(place)
            if xxh64(data, SEED_CHECKPOINTS) == wanted:
                good = good or data
            else:
                self.damage("checkpoint-table", offset=first_of(place) * SECTOR)
        if good is None:
            raise Refusal("corrupt")
        magic, store0, store1, count = struct.unpack_from("<Q2QI", good)
        if magic != 0x31746E696F706B63 or (store0, store1) != self.slot.store or 64 + count * 120 > len(good):
            raise Refusal("corrupt")
        self.table = [Entry(good, 64 + i * Entry.SIZE) for i in range(count)]
        order = [e.generation for e in self.table]
        if order != sorted(set(order)) or order and order[-1] > self.newest.generation:
            raise Refusal("corrupt")
        if any(bool(e.name) != bool(e.flags & PINNED) or e.generation > self.newest.base and not e.name
               for e in self.table):
            raise Refusal("corrupt")

    def retained(self):
        """Every checkpoint that can be looked at, newest first: records, and entries of the table."""
        kept = {entry.generation for entry in self.table}
        known = {record.generation: record for record, _ in self.chain
                 if record.generation >= self.newest.readable_from or record.generation in kept}
        for entry in self.table:
            if entry.generation in known:
                known[entry.generation].name = entry.name
            else:
                known[entry.generation] = entry
        return [known[generation] for generation in sorted(known, reverse=True)]

    def count_live(self, extent, what):
        self.live_sectors[first_of(extent) >> (self.geometry.shift - 9)] += count_of(extent)
        self.mark(extent, what)

    def mark(self, extent, what):
        self.ranges.append((first_of(extent) * SECTOR, count_of(extent) * SECTOR, what))

    def walk(self, ref, level):
        places, wanted = ref
        node = None
        for place in places:
            self.count_live(place, "moves node" if self.moves is None else "map node")
            data = self.extent(place)
            if len(data) == BLOCK and xxh64(data, SEED_NODE) == wanted:
                node = node or data
            else:
                self.damage("map-node", offset=first_of(place) * SECTOR)
        if node is None:
            return
        self.nodes += 1
        magic, found_level, count, store0, store1 = struct.unpack_from("<IHH2Q", node)
        if magic != 0x65646F6E or (store0, store1) != self.slot.store or level not in (None, found_level):
            self.damage("map-node", offset=first_of(places[0]) * SECTOR)
            return
        counted = set()  # versions of one frame may share a block; they stand in one leaf
        for i in range(count):
            if found_level == 0:
                name, where, hashed, birth = struct.unpack_from("<4Q", node, 64 + 32 * i)
                frame = name & ((1 << 48) - 1)
                moved = self.moves.get((frame, birth)) if self.moves else None
                if moved and moved[0] >> 56 & ABSENT:
                    name |= GONE << 56  # no block any more: whoever sees it is damaged
                elif moved:
                    where = moved[1]
                sector = where & ((1 << 40) - 1)
                if i == 0 and self.leaves and self.leaves[-1][0] == frame:
                    self.damage("map-node", offset=first_of(places[0]) * SECTOR)
                self.leaves.append((frame, birth, (name, where, hashed)))
                has_block = self.moves is not None and not name >> 56 & (ZERO | GONE)
                if has_block and (frame, sector) not in counted:
                    counted.add((frame, sector))
                    self.count_live(sector | 8 << 48, "block of frame 0x%x" % frame)
            else:
                _, _, place0, place1, hashed, _ = struct.unpack_from("<6Q", node, 64 + 48 * i)
                self.walk(((place0, place1), hashed), found_level - 1)

    def check_table(self):
        places, wanted = self.newest.table
        if not places[0]:
            return
        for place in places:
            self.count_live(place, "segment table")
        for place in places:
            data = self.extent(place)
            counts = list(struct.unpack_from("<%dH" % self.geometry.segments, data))
            if xxh64(data, SEED_TABLE) != wanted or counts != self.live_sectors:
                self.damage("segment-table", offset=first_of(place) * SECTOR)

    def view(self, generation):
        """All frames at a retained checkpoint: frame -> (entry, birth)."""
        frames = {}
        for frame, birth, entry in self.leaves:
            if birth <= generation:
                frames[frame] = (entry, birth)
        for record, entries in self.chain:
            if record.generation <= generation:
                for frame, entry in entries.items():
                    frames[frame] = (entry, record.generation)
        return {frame: found for frame, found in frames.items() if not found[0][0] >> 56 & ABSENT}

    def live_ranges(self):
        """Bytes that something refers to, as (offset, length, what): the rest may hold anything."""
        for index in (0, 1):
            for copy in (0, 1):
                self.ranges.append((self.geometry.slot_offset(index, copy), SECTOR, "root slot %d" % index))
        for place in self.newest.table[0]:
            if place:
                self.mark(place, "segment table")
        for record, entries in self.chain:
            for place in record.self:
                self.mark(place, "record of %d" % record.counter())
            if record.generation <= self.newest.base:
                continue
            for runs in record.directories:
                left = record.directory_bytes  # the hash does not cover the padding
                for place in (e for e in runs if e):
                    size = min(left, count_of(place) * SECTOR)
                    self.ranges.append((first_of(place) * SECTOR, size, "directory of %d" % record.counter()))
                    left -= size
            for frame, (name, where, _) in entries.items():
                if not name >> 56 & ZERO:
                    self.mark(where & ((1 << 40) - 1) | 8 << 48, "block of frame 0x%x" % frame)
        return sorted(set(self.ranges))

    def verify(self, frames):
        good = 0
        for _, (entry, birth) in sorted(frames.items()):
            if entry[0] >> 56 & ZERO or not entry[0] >> 56 & GONE and self.block_good(entry):
                good += 1
            else:
                self.damage("frame-hash", frame="0x%x" % (entry[0] & ((1 << 48) - 1)),
                            offset=(entry[1] & ((1 << 40) - 1)) * SECTOR, birth=birth & ((1 << 42) - 1))
        return good

    def read(self):
        self.find_slot()
        self.find_newest()
        self.load_chain()
        self.load_map()
        self.load_checkpoints()
        self.check_table()


def main():
    parser = argparse.ArgumentParser(description="Reads and verifies a Stele store; independent of its code.")
    parser.add_argument("store")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--frames", action="store_true", help="list every frame of the newest checkpoint")
    parser.add_argument("--quick", action="store_true", help="do not read the frames' blocks")
    parser.add_argument("--ranges", action="store_true", help="list the bytes that something refers to")
    parser.add_argument("--at", type=int, help="generation (counter) to list and verify; default the newest")
    options = parser.parse_args()
    try:
        reader = Reader(options.store)
        reader.read()
        generation = reader.newest.generation
        if options.at is not None:
            known = [one.generation for one in reader.retained() if one.counter() == options.at]
            if not known:
                raise Refusal("no-such-checkpoint")
            generation = known[0]
        frames = reader.view(generation)
        verified = None if options.quick else reader.verify(frames)
    except (Refusal, OSError) as error:
        word = str(error) if isinstance(error, Refusal) else "io"
        if options.json:
            print(json.dumps({"schema": "stele.reader/1", "error": word}))
        else:
            print("stele_reader: error[%s]: %s" % (word, options.store), file=sys.stderr)
        return 4 if word == "corrupt" else 8
    result = describe(reader, frames, verified, options.frames)
    if options.ranges:
        result["ranges"] = reader.live_ranges()
    if options.json:
        print(json.dumps(result))
    else:
        print_lines(result, reader.findings)
    return 4 if reader.findings else 0


if __name__ == "__main__":
    sys.exit(main())
