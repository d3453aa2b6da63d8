# SPDX-License-Identifier: Apache-2.0
"""Makes a store look newer or older than the tool: changes a field of every root slot and repairs the slot's
hash."""

import struct

MASK = (1 << 64) - 1
PRIME = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
ROOT_SLOT_SEED = 0x746F6F722E6C7473
SLOT_BYTES, HASHED_FROM = 512, 24
FIELDS = {"revision": (24, "<I"), "incompat": (32, "<Q")}


def rotate(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK


def scrambled(word):
    return rotate(word * PRIME[1] & MASK, 31) * PRIME[0] & MASK


def xxh64(data, seed):
    """XXH64 of a multiple of 8 bytes, at least 32."""
    lanes = [(seed + PRIME[0] + PRIME[1]) & MASK, (seed + PRIME[1]) & MASK, seed, (seed - PRIME[0]) & MASK]
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    stripes = len(words) // 4 * 4
    for at in range(0, stripes, 4):
        for i in range(4):
            lanes[i] = rotate((lanes[i] + words[at + i] * PRIME[1]) & MASK, 31) * PRIME[0] & MASK
    total = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
    for lane in lanes:
        total = ((total ^ scrambled(lane)) * PRIME[0] + PRIME[3]) & MASK
    total = (total + len(data)) & MASK
    for word in words[stripes:]:
        total = (rotate(total ^ scrambled(word), 27) * PRIME[0] + PRIME[3]) & MASK
    total = (total ^ (total >> 33)) * PRIME[1] & MASK
    total = (total ^ (total >> 29)) * PRIME[2] & MASK
    return total ^ (total >> 32)


def make_newer(content, kind, value=0x40):
    offset, form = FIELDS[kind]
    for base in (0, len(content) - 8192):
        for slot in (base, base + 4096):
            struct.pack_into(form, content, slot + offset, value)
            body = bytes(content[slot + HASHED_FROM:slot + SLOT_BYTES])
            low, high = xxh64(body, ROOT_SLOT_SEED), xxh64(body, ROOT_SLOT_SEED ^ MASK)
            struct.pack_into("<QQ", content, slot + 8, low, high)
