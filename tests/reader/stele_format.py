# SPDX-License-Identifier: Apache-2.0
"""The structures of docs/format.md as an independent reader sees them: hashes, places, slots, records."""
import struct

SECTOR = 512
BLOCK = 4096
MASK = (1 << 64) - 1
P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
SEED_SLOT, SEED_RECORD, SEED_DIRECTORY = 0x746F6F722E6C7473, 0x7463657265722E73, 0x7465722D7269642E
SEED_NODE, SEED_TABLE = 0x65646F6E2D70616D, 0x656C626174676573
SEED_CHECKPOINTS = 0x656C626174706B63
REVISION = 1
TYPES = ("free", "data page", "capability page", "patt", "process", "endpoint", "schedule", "heap")
LIVE, ZERO, SHARED, ABSENT = 1, 2, 4, 16
GONE = 256  # never on the disk: what an entry without its block gets here
FLUSHED_FIRST, HOUSEKEEPING, ROLLBACK = 1, 2, 4
PINNED = 1
KNOWN = 2 | 8  # features in `incompat`: moves, gone blocks


class Refusal(Exception):
    """The store cannot be read; the word says why."""


def rotate(x, n):
    return ((x << n) | (x >> (64 - n))) & MASK


def xxh64(data, seed):
    """XXH64 of bytes whose length is a multiple of 8."""
    words = struct.unpack("<%dQ" % (len(data) // 8), data)
    whole = len(words) // 4 * 4
    if whole:
        a, b, c, d = (seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK
        for w0, w1, w2, w3 in zip(words[0:whole:4], words[1:whole:4], words[2:whole:4], words[3:whole:4]):
            a = (a + w0 * P2) & MASK
            b = (b + w1 * P2) & MASK
            c = (c + w2 * P2) & MASK
            d = (d + w3 * P2) & MASK
            a = (((a << 31) | (a >> 33)) & MASK) * P1 & MASK
            b = (((b << 31) | (b >> 33)) & MASK) * P1 & MASK
            c = (((c << 31) | (c >> 33)) & MASK) * P1 & MASK
            d = (((d << 31) | (d >> 33)) & MASK) * P1 & MASK
        h = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) & MASK
        for lane in (a, b, c, d):
            h = ((h ^ (rotate(lane * P2 & MASK, 31) * P1 & MASK)) * P1 + P4) & MASK
    else:
        h = (seed + P5) & MASK
    h = (h + len(data)) & MASK
    for word in words[whole:]:
        h = (rotate(h ^ (rotate(word * P2 & MASK, 31) * P1 & MASK), 27) * P1 + P4) & MASK
    h = (h ^ (h >> 33)) * P2 & MASK
    h = (h ^ (h >> 29)) * P3 & MASK
    return h ^ (h >> 32)


def hash128(data, seed):
    return (xxh64(data, seed), xxh64(data, seed ^ MASK))


def first_of(extent):
    return extent & ((1 << 48) - 1)


def count_of(extent):
    return extent >> 48


def counter_of(generation):
    return generation & ((1 << 42) - 1)


class Geometry:
    def __init__(self, shift, segments):
        self.shift, self.segments = shift, segments
        self.bytes = segments << shift if 0 <= shift < 64 else 0

    def valid(self):
        return 14 <= self.shift <= 24 and 16 <= self.segments < 1 << 31

    def in_log(self, extent):
        first, count = first_of(extent), count_of(extent)
        if count == 0:
            return False
        segment = first >> (self.shift - 9)
        return 1 <= segment < self.segments - 1 and (first + count - 1) >> (self.shift - 9) == segment

    def slot_offset(self, index, copy):
        return index * BLOCK if copy == 0 else self.bytes - 2 * BLOCK + index * BLOCK


class Slot:
    """A copy of a root slot: section 3."""

    def __init__(self, sector, index):
        (self.magic, low, high, self.revision, self.abi, self.incompat, self.ro_compat, self.compat, store0,
         store1, self.sequence, self.slot, self.shift, self.segments, self.boot, _, nonce0, nonce1,
         self.generation, record0, record1, place0, place1, next0, next1, self.created, self.label,
         self.interval, self.retain, self.features, self.retain_tenths, self.retain_seconds,
         self.migration_kib_s) = struct.unpack_from("<8s2Q2I3Q2QQ2IQ2I2QQ2Q2Q2QQ32s2IQ2HI", sector)
        self.hash, self.store, self.nonce = (low, high), (store0, store1), (nonce0, nonce1)
        self.record_hash, self.record, self.next = (record0, record1), (place0, place1), (next0, next1)
        geometry = Geometry(self.shift, self.segments)
        self.valid = (self.magic == b"STELEST0" and hash128(sector[24:], SEED_SLOT) == self.hash and
                      self.slot == index and geometry.valid() and self.generation != 0 and
                      all(geometry.in_log(e) and count_of(e) == 1 for e in self.record + self.next))
        self.geometry = geometry


class Record:
    """A commit record: section 4."""

    def __init__(self, sector):
        (self.magic, h0, h1, s0, s1, n0, n1, self.generation, p0, p1, self0, self1, parent0, parent1,
         next0, next1, self.flags, self.directory_bytes, self.directory_entries, d0, d1) = struct.unpack_from(
             "<Q2Q2Q2QQ2Q2Q2Q2QQ2I2Q", sector)
        self.hash, self.store, self.nonce, self.parent_hash = (h0, h1), (s0, s1), (n0, n1), (p0, p1)
        self.self, self.parent, self.next = (self0, self1), (parent0, parent1), (next0, next1)
        self.directory_hash = (d0, d1)
        runs = struct.unpack_from("<16Q", sector, 160)
        self.directories = (runs[:8], runs[8:])
        (self.base, m0, m1, mh, t0, t1, th, self.time, self.stop, self.clock, self.written, self.frames,
         self.processes, self.abi, _, c0, c1, ch, self.map_nodes, self.restores, v0, v1,
         vh) = struct.unpack_from("<Q3Q3Q4Q4I3Q2Q3Q", sector, 288)
        self.map, self.table, self.checkpoints = ((m0, m1), mh), ((t0, t1), th), ((c0, c1), ch)
        self.moves = ((v0, v1), vh)
        self.readable_from, = struct.unpack_from("<Q", sector, 456)
        self.name = ""

    def counter(self):
        return counter_of(self.generation)

    def boot(self):
        return self.generation >> 42


class Entry:
    """A checkpoint as the checkpoint table keeps it: section 8."""
    SIZE = 120

    def __init__(self, data, offset):
        (self.generation, h0, h1, self.time, self.stop, self.clock, self.written, self.frames, self.processes,
         self.flags, self.abi, self.restores, name) = struct.unpack_from("<Q2Q4Q4IQ32s", data, offset)
        self.hash, self.name = (h0, h1), name.rstrip(b"\0").decode("ascii", "replace")
        self.directory_entries = None

    def counter(self):
        return counter_of(self.generation)

    def boot(self):
        return self.generation >> 42
