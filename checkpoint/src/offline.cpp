// SPDX-License-Identifier: Apache-2.0
// Reading a store that nobody runs.
#include <checkpoint/offline.hpp>

#include "directory_merge.hpp"
#include "map_cursor.hpp"
#include "recovery.hpp"

#include <cstring>

namespace checkpoint {

using namespace abi::disk;

Result<> OfflineStore::open(store::BlockDevice& device, Memory memory, Limits const& limits,
                            store::CorruptionSink* findings) {
    device_ = &device;
    OpenOptions options;
    options.limits = limits;
    options.read_only = true;
    options.findings = findings;
    return engine_.open(device, memory, options);
}

std::array<SlotState, 4> OfflineStore::slots(store::BlockDevice& device, base::Bytes buffer) {
    std::array<SlotState, 4> result;
    store::SyncIo io(device);
    store::Geometry geometry;
    bool known = false;
    auto const read = [&](std::uint32_t index, std::uint32_t copy, std::uint64_t offset) {
        auto& state = result[index * 2 + copy];
        auto const sector = buffer.first(sector_size);
        if (offset + sector_size <= device.capacity() && io.read(offset, sector))
            state = store::decode_slot(sector, index);
        state.index = index;
        state.copy = copy;
        state.offset = offset;
        if (!state.valid()) return;
        geometry = {state.slot.segment_shift, state.slot.segments};
        known = true;
    };
    for (std::uint32_t i = 0; i < root_slot_count; ++i) read(i, 0, i * root_slot_stride);
    if (!known) geometry = {segment_shift_default, device.capacity() >> segment_shift_default};
    if (geometry.bytes() < root_slot_count * root_slot_stride) return result;
    for (std::uint32_t i = 0; i < root_slot_count; ++i) read(i, 1, geometry.slot_offset(i, 1));
    return result;
}

bool OfflineStore::has(Generation at) const {
    auto const& list = engine_.state().directories;
    for (std::size_t i = 0; i < list.size(); ++i)
        if (list[i].generation() == at) return engine_.state().readable(at);
    return engine_.state().retained.find(at) != nullptr;
}

namespace {

FrameInfo info_of(DirectoryEntry const& entry, std::uint64_t birth) {
    return {entry.frame(),
            entry.type(),
            entry.mark(),
            entry.live(),
            entry.zero(),
            Generation(birth),
            entry.zero() ? 0 : entry.place().offset(),
            entry.hash};
}

} // namespace

Result<FrameInfo> OfflineStore::find(Generation at, abi::FrameId frame) {
    auto& s = engine_.state();
    if (!has(at)) return base::fail(Error::no_such_checkpoint);
    Generation birth;
    if (auto const* entry = s.directories.find(frame, at, birth); entry != nullptr)
        return info_of(*entry, birth.raw());
    store::SyncIo io(*device_);
    auto const found = TRY(find_in_map(s, io, frame, at));
    return info_of(found.entry, found.birth);
}

Result<FrameInfo> OfflineStore::read(Generation at, abi::FrameId frame,
                                     std::span<std::byte, abi::frame_size> content,
                                     store::Corruption* corruption) {
    auto& s = engine_.state();
    auto const info = TRY(find(at, frame));
    if (info.zero) {
        std::memset(content.data(), 0, content.size());
        return info;
    }
    auto const block = s.scratch.subspan(scratch_block, abi::frame_size);
    store::SyncIo io(*device_);
    TRY(io.read(info.offset, block));
    auto const got = store::frame_hash(frame, info.type, block);
    if (got != info.hash) {
        if (corruption != nullptr) {
            *corruption = {};
            corruption->finding = store::Finding::frame_hash;
            corruption->frame = frame;
            corruption->offset = info.offset;
            corruption->want = info.hash;
            corruption->got = got;
            corruption->generation = at.raw();
        }
        return base::fail(Error::corrupt);
    }
    std::memcpy(content.data(), block.data(), content.size());
    return info;
}

namespace {

// The newest version of the next frame of the map that is not younger than `at`, if there is one.
Result<std::optional<LeafEntry>> next_of_map(MapCursor& map, std::uint64_t at) {
    while (!map.finished()) {
        auto const frame = map.current().entry.frame();
        std::optional<LeafEntry> seen;
        for (; !map.finished() && map.current().entry.frame() == frame; TRY(map.advance()))
            if (map.current().birth <= at) seen = map.current();
        if (seen && !seen->entry.absent()) return seen;
    }
    return std::optional<LeafEntry>();
}

} // namespace

Result<> OfflineStore::visit(Generation at, bool (*each)(void*, FrameInfo const&), void* context) {
    auto& s = engine_.state();
    if (!has(at)) return base::fail(Error::no_such_checkpoint);
    std::size_t count = 0;
    while (count < s.directories.size() && s.directories[count].generation() <= at) ++count;
    DirectoryMerge changes;
    changes.start(s.directories, count);
    store::SyncIo io(*device_);
    MapCursor map(s, io);
    TRY(map.start());
    auto old = TRY(next_of_map(map, at.raw()));
    while (old || !changes.finished()) {
        auto const frame = old ? old->entry.frame().number() : ~std::uint64_t{0};
        auto const fresh = changes.finished() ? ~std::uint64_t{0} : changes.frame().number();
        // A change since the base beats what the map has.
        auto const info = fresh <= frame ? info_of(changes.current().entry, changes.current().birth.raw())
                                         : info_of(old->entry, old->birth);
        if (fresh <= frame) changes.advance();
        if (frame <= fresh) old = TRY(next_of_map(map, at.raw()));
        if (!each(context, info)) return {};
    }
    return {};
}

} // namespace checkpoint
