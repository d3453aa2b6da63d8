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
        if (list[i].generation() == at) return true;
    return false;
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
    auto ref = s.map;
    std::optional<std::uint16_t> level;
    while (!ref.none()) {
        auto const node = TRY(read_node(s, io, ref, level, s.scratch.subspan(scratch_node, node_size)));
        MapKey const key{frame.number(), at.raw()};
        auto const header = store::node_header(node);
        if (header.level == 0) {
            auto const found = store::find_in_leaf(node, key);
            if (found) return info_of(found->entry, found->birth);
            break;
        }
        auto const child = store::child_for(node, key);
        if (!child) break;
        ref = child->child;
        level = static_cast<std::uint16_t>(header.level - 1);
    }
    return base::fail(Error::absent);
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
    while (!map.finished() || !changes.finished()) {
        auto const old = map.finished() ? ~std::uint64_t{0} : map.current().entry.frame().number();
        auto const fresh = changes.finished() ? ~std::uint64_t{0} : changes.current().entry.frame().number();
        FrameInfo info;
        if (fresh <= old) {
            info = info_of(changes.current().entry, changes.current().birth.raw());
            changes.advance();
        }
        // Of several births of one frame the newest not after `at` counts; a change
        // since the base beats them all.
        for (bool first = fresh > old;
             !map.finished() && map.current().entry.frame().number() == old && fresh >= old;
             TRY(map.advance())) {
            if (fresh == old) continue;
            if (first || map.current().birth <= at.raw())
                info = info_of(map.current().entry, map.current().birth);
            first = false;
        }
        if (!each(context, info)) return {};
    }
    return {};
}

} // namespace checkpoint
