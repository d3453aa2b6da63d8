// SPDX-License-Identifier: Apache-2.0
// Every hash made right again, from the blocks up to the root slots, whatever the pointers are now.
#include "forge.hpp"

#include <abi/disk/checkpoint_table.hpp>
#include <abi/disk/map_node.hpp>

namespace fuzz {

using namespace abi::disk;

namespace {

bool on_disk(Extent place) {
    return place.count() > 0 && place.first() + place.count() <= geometry.bytes() / sector_size;
}

} // namespace

bool Forge::repair_ref(TwinRef& ref, HashSeed seed) const {
    auto const place = ref.place[0];
    if (!on_disk(place)) return false;
    ref.hash = store::hash64(seed, known_.disk.image().subspan(place.offset(), place.bytes()));
    return true;
}

bool Forge::repair_entry(DirectoryEntry& entry) const {
    if (entry.zero()) return false;
    auto const place = entry.place();
    if (!on_disk(place)) return false;
    auto const block = known_.disk.image().subspan(place.offset(), abi::frame_size);
    auto const hash = store::frame_hash(entry.frame(), entry.type(), block);
    if (entry.hash == hash) return false;
    entry.hash = hash;
    return true;
}

void Forge::repair_node(Piece const& piece) {
    auto node = content(piece);
    auto const header = base::read<NodeHeader>(node);
    auto const most = header.level == 0 ? leaf_capacity : child_capacity;
    for (std::size_t i = 0; i < std::min<std::size_t>(header.count, most); ++i) {
        auto const leaf_at = sizeof(NodeHeader) + i * sizeof(LeafEntry);
        auto const child_at = sizeof(NodeHeader) + i * sizeof(ChildEntry);
        if (header.level == 0) {
            auto entry = base::read<LeafEntry>(node, leaf_at);
            // Where a block stood before it was moved, there may be anything.
            auto const moved = moved_.find(entry.key());
            if (moved != moved_.end() && moved->second != entry.entry.sector()) continue;
            if (repair_entry(entry.entry)) base::write(base::Bytes(node), leaf_at, entry);
        } else {
            auto child = base::read<ChildEntry>(node, child_at);
            if (repair_ref(child.child, HashSeed::map_node)) base::write(base::Bytes(node), child_at, child);
        }
    }
    put(piece, node, 3);
}

void Forge::repair_directory(Piece const& piece) {
    auto bytes = content(piece);
    bool changed = false;
    for (std::size_t at = 0; at + 24 <= bytes.size();) {
        auto entry = base::read<DirectoryEntry>(bytes, at);
        if (repair_entry(entry)) {
            base::write(base::Bytes(bytes), at, entry);
            changed = true;
        }
        at += entry.wire_size();
    }
    if (changed) put(piece, bytes, 3);
}

void Forge::repair_record(Piece const& piece, Hash128& parent) {
    auto sector = content(piece);
    auto record = base::read<CommitRecord>(sector);
    if (record.parent_hash != Hash128{}) record.parent_hash = parent;
    std::vector<std::byte> directory;
    for (auto const run : record.directory) {
        if (!on_disk(run)) continue;
        auto const part = known_.disk.image().subspan(run.offset(), run.bytes());
        directory.insert(directory.end(), part.begin(), part.end());
    }
    auto const bytes = std::min<std::size_t>(record.directory_bytes, directory.size()) / 8 * 8;
    record.directory_hash = store::hash128(HashSeed::directory, base::ConstBytes(directory).first(bytes));
    repair_ref(record.map, HashSeed::map_node);
    repair_ref(record.moves, HashSeed::map_node);
    repair_ref(record.table, HashSeed::segment_table);
    repair_ref(record.checkpoints, HashSeed::checkpoint_table);
    base::write(base::Bytes(sector), 0, record);
    record.hash = store::hash128(HashSeed::record, base::ConstBytes(sector).subspan(record_hash_from));
    base::write(base::Bytes(sector), 0, record);
    parent = record.hash;
    put(piece, sector, 3);
}

void Forge::repair_slot(Piece const& piece) {
    auto sector = content(piece);
    auto slot = base::read<RootSlot>(sector);
    if (on_disk(slot.record[0])) {
        auto const record = base::read<CommitRecord>(known_.disk.image(), slot.record[0].offset());
        if (record.magic == record_magic) slot.record_hash = record.hash;
    }
    base::write(base::Bytes(sector), 0, slot);
    slot.hash = store::hash128(HashSeed::root_slot, base::ConstBytes(sector).subspan(root_slot_hash_from));
    base::write(base::Bytes(sector), 0, slot);
    put(piece, sector, 3);
}

void Forge::repair() {
    for (auto const& node : pieces(PieceKind::node)) repair_node(node);
    for (auto const& directory : pieces(PieceKind::directory)) repair_directory(directory);
    auto const& records = pieces(PieceKind::record); // newest first
    Hash128 parent;
    if (!records.empty()) parent = base::read<CommitRecord>(content(records.back())).parent_hash;
    for (auto at = records.rbegin(); at != records.rend(); ++at) repair_record(*at, parent);
    for (auto const& slot : pieces(PieceKind::slot)) repair_slot(slot);
}

} // namespace fuzz
