// SPDX-License-Identifier: Apache-2.0
// Making an empty store.
#include <checkpoint/format.hpp>

#include "record.hpp"

#include <abi/revision.hpp>
#include <checkpoint/generation.hpp>
#include <checkpoint/limits.hpp>
#include <store/root_slots.hpp>
#include <store/sync_io.hpp>

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;
using abi::Error;

std::uint32_t segment_shift_for(std::uint64_t bytes) {
    auto shift = segment_shift_default;
    while (shift < segment_shift_max && bytes >> shift > Limits().segments) ++shift;
    return shift;
}

namespace {

// A store that stood here is none any more before anything of it is overwritten: cut in between, its root
// slots would name what is gone.
base::Result<> forget_slots(store::SyncIo& io, store::Geometry const& geometry, base::Bytes sector) {
    std::fill(sector.begin(), sector.end(), std::byte{0});
    for (std::uint32_t index = 0; index < root_slot_count; ++index)
        for (std::uint32_t copy = 0; copy < 2; ++copy)
            TRY(io.write(geometry.slot_offset(index, copy), sector));
    return io.flush();
}

} // namespace

// Checkpoint 1: no frames, an empty map; its record at the front of segment 1, the
// copy at the front of segment 2.
base::Result<> format(store::BlockDevice& device, base::Bytes buffer, FormatOptions const& options) {
    auto const shift =
        options.segment_shift != 0 ? options.segment_shift : segment_shift_for(device.capacity());
    store::Geometry const geometry{shift, device.capacity() >> shift};
    if (!geometry.valid() || options.label.size() >= label_size || buffer.size() < 4096)
        return base::fail(Error::bad_argument);
    store::SyncIo io(device);
    auto const sector = buffer.first(sector_size);
    TRY(forget_slots(io, geometry, sector));
    CommitRecord record;
    record.store = options.store;
    record.nonce = options.nonce;
    record.generation = Generation(0, 1).raw();
    for (std::uint32_t copy = 0; copy < 2; ++copy) {
        record.self[copy] = Extent::make(geometry.first_sector(1 + copy), 1);
        record.next[copy] = Extent::make(geometry.first_sector(1 + copy) + 1, 1);
    }
    record.directory_hash = store::StreamHash(HashSeed::directory).finish();
    record.flags = static_cast<std::uint64_t>(RecordFlag::flushed_first);
    record.time_ns = options.created_ns;
    record.bytes_written = 2 * sector_size;
    record.abi_revision = options.abi_revision;
    encode_record(record, sector);
    for (auto const place : record.self) TRY(io.write(place.offset(), sector));
    TRY(io.flush());

    RootSlot slot;
    slot.format_revision = abi::format_revision;
    slot.abi_revision = options.abi_revision;
    slot.store = options.store;
    slot.segment_shift = geometry.segment_shift;
    slot.segments = geometry.segments;
    slot.nonce = options.nonce;
    slot.generation = record.generation;
    slot.record_hash = record.hash;
    slot.record = record.self;
    slot.next = record.next;
    slot.created_ns = options.created_ns;
    slot.interval_ms = options.interval_ms;
    slot.retain = options.retain;
    slot.retain_tenths = options.retain_tenths;
    slot.retain_seconds = options.retain_seconds;
    slot.migration_kib_s = options.migration_kib_s;
    slot.processor_features = options.processor_features;
    std::copy(options.label.begin(), options.label.end(), slot.label.begin());
    for (std::uint32_t index = 0; index < root_slot_count; ++index) {
        slot.slot = index;
        slot.sequence = index + 1;
        store::encode_slot(slot, sector);
        for (std::uint32_t copy = 0; copy < 2; ++copy)
            TRY(io.write(geometry.slot_offset(index, copy), sector));
    }
    return io.flush();
}

} // namespace checkpoint
