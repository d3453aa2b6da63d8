// SPDX-License-Identifier: Apache-2.0
// Recovery: directories since the base into memory, what is live in each segment,
// and the boot's own root slots.
#include "recovery.hpp"

#include "directory_codec.hpp"
#include "record.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

// The records from the newest back to the base, as far as the walk from the root slot did not meet them.
Result<> Recovery::load_chain() {
    while (chain_.size() > 0 && chain_.newest().generation > newest_.generation) chain_.drop_newest();
    if (chain_.size() == 0) chain_.add_newer(newest_);
    while (chain_.size() > 1 && chain_[1].generation <= newest_.base) chain_.drop_oldest();
    while (chain_.oldest().generation > newest_.base && !chain_.oldest().parent[0].none()) {
        if (chain_.full())
            return base::fail(chain_.size() < Directories::at_most ? Error::no_memory : Error::corrupt);
        auto const& child = chain_.oldest();
        CommitRecord parent;
        TRY(read_record(child.parent, child.parent_hash, child.generation, parent));
        // History is one line, from newer to older.
        if (parent.generation >= child.generation) return base::fail(Error::corrupt);
        chain_.add_older(parent);
    }
    TRY(load_directories());
    state_.base = newest_.base;
    state_.map = newest_.map;
    state_.table = newest_.table;
    state_.checkpoints = newest_.checkpoints;
    state_.map_nodes = newest_.map_nodes;
    state_.readable_from = newest_.readable_from;
    if (!state_.map.none()) state_.migration.assume_unswept();
    return {};
}

// Oldest first, some at once: most are short, and what takes time is to wait for the device.
Result<> Recovery::load_directories() {
    Parts parts;
    std::size_t taken = 0; // of `parts`
    for (std::size_t i = 0; i < chain_.size(); ++i) {
        auto const& record = chain_[i];
        auto const entries = record.generation <= newest_.base ? 0 : record.directory_entries;
        auto const room = state_.directories.allocate(entries);
        if (!room) return base::fail(Error::no_memory);
        if (entries > 0) {
            if (taken == parts.size()) {
                read_directories(i, parts);
                taken = 0;
            }
            auto const good = taken < parts.size() && take_directory(record, parts[taken], *room);
            ++taken;
            if (!good) {
                if (!TRY(load_directory(record, *room, true))) {
                    note(store::Finding::directory, store::Finding::directory, record.directory[0],
                         record.directory_hash.low, record.generation);
                    return base::fail(Error::corrupt);
                }
                parts.clear(); // what was read stood in the same memory
                taken = 0;
            }
        }
        state_.directories.publish(record, entries);
    }
    return {};
}

// The first copies of the next directories that are in one run, as many as the scratch memory holds.
void Recovery::read_directories(std::size_t from, Parts& parts) {
    parts.clear();
    std::size_t used = 0;
    for (auto i = from; i < chain_.size() && !parts.full(); ++i) {
        auto const& record = chain_[i];
        if (record.directory_entries == 0) continue;
        auto const run = record.directory[0];
        if (!record.directory[1].none() || used + run.bytes() > state_.scratch.size()) break;
        parts.push_back({run.offset(), state_.scratch.subspan(used, run.bytes())});
        used += run.bytes();
    }
    io_.read_all(parts.span());
}

bool Recovery::take_directory(CommitRecord const& record, store::ReadPart const& part,
                              std::span<DirectoryEntry> entries) const {
    if (!part.good) return false;
    DirectoryDecoder decoder;
    decoder.start(entries, record.directory_bytes, geometry_);
    return decoder.feed(part.into) && decoder.finished() && decoder.entries() == entries.size() &&
           decoder.hash() == record.directory_hash;
}

// Entries above the base are pins of checkpoints that have their directories.
bool Recovery::retained_fits() const {
    for (auto const& entry : state_.retained.entries()) {
        if (entry.generation > newest_.generation) return false;
        if (entry.generation < state_.base) continue;
        if (!is_pin(entry)) return false;
        bool known = false;
        for (std::size_t i = 0; i < state_.directories.size(); ++i)
            known = known || state_.directories[i].record.generation == entry.generation;
        if (!known) return false;
    }
    return true;
}

Result<> Recovery::load_checkpoints() {
    auto const& table = newest_.checkpoints;
    if (table.none()) return {};
    auto error = Error::corrupt;
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const place = table.place[copy];
        auto const bytes = state_.scratch.first(place.bytes());
        auto const read = io_.read(place.offset(), bytes);
        if (read && store::hash64(HashSeed::checkpoint_table, bytes) == table.hash &&
            state_.retained.decode(state_.store, bytes) && retained_fits())
            return {};
        state_.retained.clear();
        if (!read) error = Error::io;
        ++state_.report.copies_used;
        note(copy == 0 ? store::Finding::single_copy : store::Finding::checkpoint_table,
             store::Finding::checkpoint_table, place, table.hash, newest_.generation);
    }
    return base::fail(error);
}

// One node of the tree of moves and what is below it, into memory. Who only reads goes on without one that is
// lost: what it said of is lost too. `part`: its first copy, if that was read already.
Result<> Recovery::load_moves_node(MovesNode const& place, std::size_t depth, store::ReadPart const* part) {
    auto const list = state_.moves.next_nodes();
    if (moves_nodes_ == list.size()) return base::fail(Error::no_memory);
    list[moves_nodes_++] = place.ref.place;
    auto const memory = state_.scratch.subspan(scratch_path + depth * node_size, node_size);
    auto const there = part != nullptr && part->good &&
                       store::verify_node(part->into, {place.ref.hash, place.level, state_.store}, geometry_);
    auto const node =
        there ? Result<base::ConstBytes>(part->into) : read_node(state_, io_, place.ref, place.level, memory);
    auto const loaded = node ? load_moves_below(place, *node, depth) : base::fail(node.error);
    if (!loaded.failed() || loaded.error == Error::no_memory || !options_.read_only) return loaded;
    state_.report.damaged = true;
    state_.moves.lose(place.keys);
    return {};
}

// Leaves that follow each other, as many as there is scratch memory for beside a path.
void Recovery::read_moves_leaves(base::ConstBytes parent, std::size_t from, Parts& parts) {
    parts.clear();
    for (auto i = from; i < store::node_header(parent).count && !parts.full(); ++i) {
        auto const at = scratch_least + parts.size() * node_size;
        if (at + node_size > state_.scratch.size()) break;
        parts.push_back(
            {store::child_entry(parent, i).child.place[0].offset(), state_.scratch.subspan(at, node_size)});
    }
    io_.read_all(parts.span());
}

// The order of the keys shows that each node stands where it belongs.
Result<> Recovery::load_moves_below(MovesNode const& place, base::ConstBytes node, std::size_t depth) {
    auto const header = store::node_header(node);
    Parts leaves;
    std::size_t first_leaf = 0; // of `leaves`
    for (std::size_t i = 0; i < header.count; ++i) {
        if (header.level > 0) {
            if (header.level == 1 && i == first_leaf + leaves.size()) {
                first_leaf = i;
                read_moves_leaves(node, i, leaves);
            }
            auto const read = i >= first_leaf && i < first_leaf + leaves.size();
            auto const child = store::child_entry(node, i);
            auto const last = i + 1 == header.count;
            auto const end = last ? place.keys.end : store::child_entry(node, i + 1).first;
            TRY(load_moves_node(
                {child.child, static_cast<std::uint16_t>(header.level - 1), {child.first, end}}, depth + 1,
                read ? &leaves[i - first_leaf] : nullptr));
            continue;
        }
        auto const entry = store::leaf_entry(node, i);
        if (state_.moves.full()) return base::fail(Error::no_memory);
        auto const gone = entry.entry.absent();
        if ((entry.entry.zero() && !gone) || !state_.moves.note(entry)) return base::fail(Error::corrupt);
    }
    return {};
}

Result<> Recovery::load_moves() {
    state_.moves_root = newest_.moves;
    if (newest_.moves.none()) return {};
    moves_nodes_ = 0;
    state_.moves.begin();
    TRY(load_moves_node({newest_.moves, std::nullopt, {{}, {~std::uint64_t{0}, 0}}}, 0, nullptr));
    state_.moves.adopt(moves_nodes_);
    state_.report.blocks_gone = static_cast<std::uint32_t>(state_.moves.gone());
    return {};
}

Result<> Recovery::load_table() {
    if (newest_.table.none()) return {};
    auto const bytes = state_.scratch.first(newest_.table.place[0].bytes());
    auto error = Error::corrupt;
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const place = newest_.table.place[copy];
        auto const read = io_.read(place.offset(), bytes);
        if (!read || store::hash64(HashSeed::segment_table, bytes) != newest_.table.hash) {
            if (!read) error = Error::io;
            ++state_.report.copies_used;
            note(copy == 0 ? store::Finding::single_copy : store::Finding::segment_table,
                 store::Finding::segment_table, place, newest_.table.hash, newest_.generation);
            continue;
        }
        for (std::uint32_t i = 0; i < geometry_.segments; ++i) {
            auto const live = base::read<LiveSectors>(bytes, i * sizeof(LiveSectors));
            if (live > geometry_.sectors_per_segment()) return base::fail(Error::corrupt);
            state_.segments.set_map(i, live);
        }
        return {};
    }
    return base::fail(error);
}

namespace {

// The log wrote most blocks in the order of the entries: those beside each other are of one segment, and are
// counted together.
void count_blocks(EngineState& state, std::span<DirectoryEntry const> entries) {
    constexpr std::size_t at_once = 4096; // an extent's count has 16 bits
    auto const geometry = state.geometry;
    for (std::size_t i = 0; i < entries.size();) {
        auto const first = i;
        auto const segment = geometry.segment_of(entries[first].sector());
        while (++i < entries.size() && geometry.segment_of(entries[i].sector()) == segment) {}
        if (segment == 0) continue; // zero frames: no log is there
        for (auto left = i - first; left > 0;) {
            auto const part = std::min(left, at_once);
            auto const sectors = static_cast<std::uint32_t>(part) * sectors_per_frame;
            state.segments.add_log(Extent::make(entries[first].sector(), sectors));
            left -= part;
        }
    }
}

} // namespace

// References of the chain and of unmigrated checkpoints; then each segment gets its state.
void Recovery::count_log() {
    auto& s = state_;
    for (std::size_t i = 0; i < s.directories.size(); ++i) {
        auto const& record = s.directories[i].record;
        for (auto const extent : record.self) s.segments.add_log(extent);
        if (record.generation <= s.base) continue;
        for (auto const extent : record.directory)
            if (!extent.none()) s.segments.add_log(extent);
        for (auto const extent : record.directory_copy)
            if (!extent.none()) s.segments.add_log(extent);
        count_blocks(s, s.directories.entries(i));
    }
    s.segments.settle(newest_.generation);
}

namespace {

bool has_block(DirectoryEntry const& entry) { return !entry.zero() && !entry.shared(); }

// The blocks that the newest checkpoint wrote, the same bytes at the same places; neighbours together.
Result<> write_blocks_again(EngineState& state, store::SyncIo& io) {
    auto const entries = state.directories.entries(state.directories.size() - 1);
    auto const at_once = state.scratch.size() / abi::frame_size;
    for (std::size_t i = 0; i < entries.size();) {
        if (!has_block(entries[i])) {
            ++i;
            continue;
        }
        std::size_t run = 1;
        while (i + run < entries.size() && run < at_once && has_block(entries[i + run]) &&
               entries[i + run].sector() == entries[i].sector() + run * sectors_per_frame)
            ++run;
        auto const bytes = state.scratch.first(run * abi::frame_size);
        TRY(io.read(entries[i].place().offset(), bytes));
        for (std::size_t k = 0; k < run; ++k, ++i) {
            auto const block = bytes.subspan(k * abi::frame_size, abi::frame_size);
            auto const& entry = entries[i];
            // Recovery found them good; what rots meanwhile is left for whoever reads it.
            if (store::frame_hash(entry.frame(), entry.type(), block) != entry.hash) continue;
            TRY(io.write(entry.place().offset(), block));
        }
    }
    return {};
}

// The newest record and its directory, the same bytes at the same places.
Result<> write_metadata_again(EngineState& state, store::SyncIo& io) {
    auto const& record = state.newest();
    auto const entries = state.directories.entries(state.directories.size() - 1);
    auto const sector = state.scratch.first(sector_size);
    if (record.generation > state.base) {
        for (auto const* runs : {&record.directory, &record.directory_copy}) {
            DirectoryEncoder encoder;
            encoder.start(entries);
            for (auto const run : *runs)
                for (std::uint32_t i = 0; i < run.count(); ++i) {
                    encoder.fill(sector);
                    TRY(io.write(run.offset() + i * sector_size, sector));
                }
        }
    }
    // As it stands there: its hash covers what this code does not know, too.
    auto error = Error::corrupt;
    for (auto const good : record.self) {
        CommitRecord found;
        auto const read = io.read(good.offset(), sector);
        if (!read) error = read.error;
        if (!read || !decode_record(sector, good, state.geometry, found) || found.hash != record.hash)
            continue;
        for (auto const place : record.self) TRY(io.write(place.offset(), sector));
        return {};
    }
    return base::fail(error);
}

} // namespace

Result<> begin_boot(EngineState& state, store::SyncIo& io) {
    auto& known = state.roots.known();
    auto& report = state.report;
    std::uint32_t highest = report.generation.boot();
    for (auto const& slot : known)
        if (slot.valid) highest = std::max(highest, slot.slot.boot);
    if (highest >= Generation::Boot::maximum) return base::fail(Error::limit_reached);
    report.boot = highest + 1;
    report.boots_without_commit = report.boot - report.generation.boot() - 1;
    if (!report.trusted_slot) {
        // What was read and verified may be in the device's cache only, even after a flush if that is the one
        // that failed, and a copy of its metadata may be missing because the power went: both must be mended
        // before a slot says "acknowledged". (Where the record says that its data was flushed first, it was.)
        if (report.verified_frames) TRY(write_blocks_again(state, io));
        TRY(write_metadata_again(state, io));
        TRY(io.flush());
    }
    auto const sector = state.scratch.first(sector_size);
    for (int turn = 0; turn < 2; ++turn) {
        auto slot = state.roots.compose();
        store::encode_slot(slot, sector);
        slot.hash = base::read<RootSlot>(sector).hash;
        for (std::uint32_t copy = 0; copy < 2; ++copy)
            TRY(io.write(state.geometry.slot_offset(slot.slot, copy), sector));
        TRY(io.flush());
        state.roots.set_durable(slot.slot, slot);
        state.counters.bytes_rooted += 2 * sector_size;
    }
    return {};
}

} // namespace checkpoint
