# SPDX-License-Identifier: Apache-2.0
"""Changes a frame of the newest checkpoint and repairs every hash above it: block, directory, commit record,
root slot. Only the rules of objects can then tell that something is wrong."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "reader"))
import stele_format as form  # noqa: E402
import stele_reader  # noqa: E402

HASH, SLOT_RECORD_HASH, RECORD_DIRECTORY_HASH = 8, 128, 144  # offsets in slot and record


class ForgedStore:
    def __init__(self, path):
        self.path = path
        reader = stele_reader.Reader(path)
        reader.read()
        self.newest, self.geometry = reader.newest, reader.geometry
        reader.close()

    def read(self, file, offset, size):
        file.seek(offset)
        return bytearray(file.read(size))

    @staticmethod
    def write(file, offset, data):
        file.seek(offset)
        file.write(data)

    def change(self, frame, change):
        """`change(content)` edits the 4096 bytes of a frame that the newest checkpoint wrote itself."""
        with open(self.path, "r+b") as file:
            for runs in self.newest.directories:
                new_directory = self.change_directory(file, [run for run in runs if run], frame, change)
                change = lambda content: None  # noqa: E731 the second copy refers to the same block
            record = self.seal_record(file, form.hash128(new_directory, form.SEED_DIRECTORY))
            self.seal_slots(file, record)

    def change_directory(self, file, runs, frame, change):
        places = [(form.first_of(run) * form.SECTOR, form.count_of(run) * form.SECTOR) for run in runs]
        data = bytearray(b"".join(self.read(file, *place) for place in places))
        at = 0
        while True:
            name, where = struct.unpack_from("<2Q", data, at)
            if name & ((1 << 48) - 1) == frame:
                break
            at += 16 if name >> 56 & form.ZERO else 24
        offset = (where & ((1 << 40) - 1)) * form.SECTOR
        block = self.read(file, offset, form.BLOCK)
        change(block)
        self.write(file, offset, block)
        struct.pack_into("<Q", data, at + 16, form.xxh64(bytes(block), frame | (name >> 48 & 255) << 56))
        for offset, size in places:
            self.write(file, offset, data[:size])
            rest, data = data[size:], data[:size]
            assert not rest, "a directory of one run"
        return bytes(data[:self.newest.directory_bytes])

    def seal_record(self, file, directory_hash):
        for place in self.newest.self:
            offset = form.first_of(place) * form.SECTOR
            sector = self.read(file, offset, form.SECTOR)
            struct.pack_into("<2Q", sector, RECORD_DIRECTORY_HASH, *directory_hash)
            record_hash = form.hash128(bytes(sector[24:]), form.SEED_RECORD)
            struct.pack_into("<2Q", sector, HASH, *record_hash)
            self.write(file, offset, sector)
        return record_hash

    def seal_slots(self, file, record_hash):
        for index in (0, 1):
            for copy in (0, 1):
                offset = self.geometry.slot_offset(index, copy)
                sector = self.read(file, offset, form.SECTOR)
                if struct.unpack_from("<2Q", sector, SLOT_RECORD_HASH) != self.newest.hash:
                    continue
                struct.pack_into("<2Q", sector, SLOT_RECORD_HASH, *record_hash)
                struct.pack_into("<2Q", sector, HASH, *form.hash128(bytes(sector[24:]), form.SEED_SLOT))
                self.write(file, offset, sector)
