// SPDX-License-Identifier: Apache-2.0
// An input as changes of a known store: the pieces, and what is done to them.
#include "forge.hpp"

#include <abi/disk/checkpoint_table.hpp>
#include <abi/disk/map_node.hpp>

#include <bit>

namespace fuzz {

using namespace abi::disk;

std::size_t Piece::bytes() const {
    std::size_t sum = 0;
    for (auto const run : copies[0]) sum += run.bytes();
    return sum;
}

Forge::Forge(KnownStore& known) : known_(known) {
    for (std::uint32_t slot = 0; slot < root_slot_count; ++slot) {
        auto const place = [&](std::uint32_t copy) {
            return Extent::make(geometry.slot_offset(slot, copy) / sector_size, 1);
        };
        add(PieceKind::slot, {place(0)}, {place(1)});
    }
    find_records();
}

void Forge::add(PieceKind kind, std::vector<Extent> first, std::vector<Extent> second) {
    pieces_[static_cast<std::size_t>(kind)].push_back({kind, {std::move(first), std::move(second)}});
}

std::vector<std::byte> Forge::content(Piece const& piece, std::size_t copy) const {
    std::vector<std::byte> bytes;
    auto const image = known_.disk.image();
    for (auto const run : piece.copies[copy]) {
        auto const part = image.subspan(run.offset(), run.bytes());
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
}

// The chain from the newest record back to the base, then what the newest refers to.
void Forge::find_records() {
    auto const image = known_.disk.image();
    auto newest = base::read<RootSlot>(image);
    auto const other = base::read<RootSlot>(image, root_slot_stride);
    if (other.sequence > newest.sequence) newest = other;
    auto const is_record = [&](Twin const& twin) {
        return base::read<std::uint64_t>(image, twin[0].offset()) == record_magic &&
               base::read<CommitRecord>(image, twin[0].offset()).self == twin;
    };
    auto place = newest.record;
    for (auto next = newest.next; is_record(next);) {
        auto const successor = base::read<CommitRecord>(image, next[0].offset());
        if (successor.parent != place) break;
        place = next;
        next = successor.next;
    }
    auto const first = base::read<CommitRecord>(image, place[0].offset());
    for (auto record = first;;) {
        add(PieceKind::record, {record.self[0]}, {record.self[1]});
        if (record.generation <= first.base || record.parent[0].none()) break;
        std::array<std::vector<Extent>, 2> runs;
        for (auto const run : record.directory)
            if (!run.none()) runs[0].push_back(run);
        for (auto const run : record.directory_copy)
            if (!run.none()) runs[1].push_back(run);
        if (!runs[0].empty()) add(PieceKind::directory, runs[0], runs[1]);
        if (!is_record(record.parent)) break;
        record = base::read<CommitRecord>(image, record.parent[0].offset());
    }
    if (!first.moves.none()) find_tree(first.moves);
    for (auto const& node : pieces(PieceKind::node)) note_moves(content(node));
    if (!first.map.none()) find_tree(first.map);
    if (!first.table.none()) add(PieceKind::segment_table, {first.table.place[0]}, {first.table.place[1]});
    if (!first.checkpoints.none())
        add(PieceKind::checkpoint_table, {first.checkpoints.place[0]}, {first.checkpoints.place[1]});
    for (auto const& directory : pieces(PieceKind::directory)) {
        auto const bytes = content(directory);
        for (std::size_t at = 0; at + 24 <= bytes.size();) {
            auto const entry = base::read<DirectoryEntry>(bytes, at);
            if (entry.frame().number() == 0) break;
            add_block(entry);
            at += entry.wire_size();
        }
    }
}

void Forge::add_block(DirectoryEntry const& entry) {
    if (!entry.zero()) add(PieceKind::block, {entry.place()});
}

void Forge::note_moves(base::ConstBytes node) {
    auto const header = base::read<NodeHeader>(node);
    for (std::size_t i = 0; header.level == 0 && i < header.count; ++i) {
        auto const entry = base::read<LeafEntry>(node, sizeof(NodeHeader) + i * sizeof(LeafEntry));
        moved_[entry.key()] = entry.entry.sector();
    }
}

// Children before their parent: so hashes are made right in this order.
void Forge::find_tree(TwinRef const& ref) {
    auto const node = known_.disk.image().subspan(ref.place[0].offset(), node_size);
    auto const header = base::read<NodeHeader>(node);
    for (std::size_t i = 0; i < header.count; ++i) {
        if (header.level == 0)
            add_block(base::read<LeafEntry>(node, sizeof(NodeHeader) + i * sizeof(LeafEntry)).entry);
        else find_tree(base::read<ChildEntry>(node, sizeof(NodeHeader) + i * sizeof(ChildEntry)).child);
    }
    add(PieceKind::node, {ref.place[0]}, {ref.place[1]});
}

Piece const* Forge::piece_of(std::size_t kind, std::size_t index) const {
    auto const& all = pieces_[kind % piece_kinds];
    return all.empty() ? nullptr : &all[index % all.size()];
}

void Forge::put(Piece const& piece, base::ConstBytes bytes, unsigned copies) {
    for (std::size_t copy = 0; copy < 2; ++copy) {
        if ((copies >> copy & 1) == 0) continue;
        std::size_t at = 0;
        for (auto const run : piece.copies[copy]) {
            if (at + run.bytes() > bytes.size()) return;
            known_.disk.forge(run.offset(), bytes.subspan(at, run.bytes()));
            at += run.bytes();
        }
    }
}

void Forge::edit_bytes(base::Bytes bytes, Edit const& edit) const {
    std::size_t const width = (edit.flags & 8) != 0 ? 2 : 8;
    auto const fields = bytes.size() / width;
    auto* const at = bytes.data() + edit.at % fields * width;
    std::uint64_t value = 0;
    std::memcpy(&value, at, width);
    switch (edit.how % 8) {
    case 0: value = edit.value; break;
    case 1: value += edit.value % 64 - 32; break;
    case 2: value ^= std::uint64_t{1} << edit.value % 64; break;
    case 3: std::memcpy(&value, bytes.data() + edit.other % fields * width, width); break;
    case 4: // where something else stands
        if (auto const* piece = piece_of(edit.value % 256, edit.other); piece != nullptr)
            value = piece->copies[edit.value >> 8 & 1].empty() ? piece->copies[0][0].word
                                                               : piece->copies[edit.value >> 8 & 1][0].word;
        break;
    case 5:
        std::memset(
            at, static_cast<int>(edit.value & 0xff),
            std::min<std::size_t>(edit.other, static_cast<std::size_t>(bytes.data() + bytes.size() - at)));
        return;
    case 6: // bytes of the piece over others of it
        std::memmove(at, bytes.data() + edit.other % fields * width,
                     std::min<std::size_t>({edit.value % 256, bytes.size() - edit.at % fields * width,
                                            bytes.size() - edit.other % fields * width}));
        return;
    default: value = edit.value % 512; break;
    }
    std::memcpy(at, &value, width);
}

// Both copies change alike, or the second becomes another than the first.
void Forge::change(Edit const& edit) {
    auto const* piece = piece_of(edit.kind, edit.index);
    if (piece == nullptr) return;
    auto bytes = content(*piece);
    edit_bytes(bytes, edit);
    put(*piece, bytes, (edit.flags & 4) != 0 ? 1 : 3);
}

void Forge::damage(Edit const& edit) {
    if (edit.kind % 8 == 7) {
        auto const sector = (edit.at + (std::uint64_t{edit.other} << 16)) % (geometry.bytes() / sector_size);
        if (edit.how % 2 == 0) return known_.disk.spoil(sector);
        std::array<std::byte, 8> const bytes = std::bit_cast<std::array<std::byte, 8>>(edit.value);
        return known_.disk.forge(sector * sector_size + edit.index % 64 * std::size_t{8}, bytes);
    }
    auto const* piece = piece_of(edit.kind % 8, edit.index);
    if (piece == nullptr) return;
    for (std::size_t copy = 0; copy < 2; ++copy) {
        if ((edit.flags >> (copy + 1) & 1) != 0 || piece->copies[copy].empty()) continue;
        if (edit.how % 16 == 15) {
            known_.disk.spoil(piece->copies[copy][0].first() + edit.at % piece->copies[copy][0].count());
            continue;
        }
        auto bytes = content(*piece, copy);
        edit_bytes(bytes, edit);
        put(*piece, bytes, 1U << copy);
    }
}

bool Forge::apply(std::span<Edit const> edits) {
    bool forged = false;
    for (auto const& edit : edits) {
        if ((edit.flags & 1) != 0 || edit.kind % 8 == 7) continue;
        change(edit);
        forged = true;
    }
    if (forged) repair();
    for (auto const& edit : edits)
        if ((edit.flags & 1) != 0 || edit.kind % 8 == 7) damage(edit);
    return forged;
}

std::vector<std::unique_ptr<Forge>> const& forges() {
    static auto const all = [] {
        std::vector<std::unique_ptr<Forge>> made;
        for (auto const& known : known_stores()) made.push_back(std::make_unique<Forge>(*known));
        return made;
    }();
    return all;
}

std::vector<Edit> edits_of(Input& input, std::size_t most) {
    std::vector<Edit> edits;
    while (!input.empty() && edits.size() < most) edits.push_back(input.take<Edit>());
    return edits;
}

} // namespace fuzz
