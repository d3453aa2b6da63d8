// SPDX-License-Identifier: Apache-2.0
// `check`: everything that can be reached from the root slots is read and verified, in every copy.
#include <checkpoint/offline.hpp>

#include "map_cursor.hpp"
#include "record.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;
using store::Corruption;
using store::Finding;

namespace {

class Checker {
public:
    Checker(EngineState& state, store::BlockDevice& device, CheckListener& listener, BlockVerifier* verifier)
        : state_(state), io_(device), listener_(listener), verifier_(verifier) {}

    Result<CheckResult> run() {
        state_.segments.forget_fold(); // its counters serve to recount what the map refers to
        for (auto const& entry : state_.retained.entries())
            if (entry.generation < state_.directories[0].record.generation)
                views_.push_back(Generation(entry.generation));
        for (std::size_t i = 0; i < state_.directories.size(); ++i)
            if (auto const at = state_.directories[i].generation(); state_.readable(at)) views_.push_back(at);
        for (auto const view : views_)
            if (view.raw() <= state_.base) points_.push_back(view.raw());
        if (points_.empty()) points_.push_back(state_.base);
        result_.checkpoints = views_.size();
        slots();
        log();
        TRY(map());
        TRY(frames());
        space();
        return result_;
    }

private:
    void slots();
    void log();
    void record_copies(CommitRecord const& record);
    void directory_copies(CommitRecord const& record);
    bool directory_good(std::array<Extent, directory_extents> const& runs, CommitRecord const& record);
    Result<> map();
    Result<> walk(TwinRef const& ref, std::optional<std::uint16_t> level, std::size_t depth);
    void count_leaf(base::ConstBytes node);
    void gone_block(LeafEntry const& version, std::uint64_t end);
    std::uint64_t superseded(abi::FrameId frame) const;
    Result<> frames();
    template <class Each>
    Result<bool> each_block(Each each);
    Result<> verify(DirectoryEntry const& block);
    std::optional<std::uint64_t> hash_of(DirectoryEntry const& entry);
    Result<std::optional<DirectoryEntry>> seen(abi::FrameId frame, Generation at);
    Result<> name_damage(DirectoryEntry const& block, Corruption& corruption);
    void space();
    void checkpoint_table();
    std::size_t views() const { return views_.size(); }
    void damage(Corruption const& corruption) {
        ++result_.findings;
        listener_.report(corruption);
    }
    void damage(Finding finding, Finding part, std::uint64_t offset, std::uint64_t want, std::uint64_t got,
                std::uint64_t generation) {
        Corruption corruption;
        corruption.finding = finding;
        corruption.part = part;
        corruption.offset = offset;
        corruption.want = want;
        corruption.got = got;
        corruption.generation = generation;
        damage(corruption);
    }

    EngineState& state_;
    store::SyncIo io_;
    CheckListener& listener_;
    BlockVerifier* verifier_; // null: blocks are read one by one
    CheckResult result_;
    bool in_moves_ = false; // the walk is in the tree of moves, whose entries the map has too
    // The retained checkpoints, oldest first, and of which of them a block is damaged.
    base::FixedVector<Generation, history_at_most> views_;
    std::array<bool, history_at_most> broken_{};
    base::FixedVector<std::uint64_t, history_at_most> points_; // those that the map has, rising
    VersionGroup& group_ = state_.versions;
};

void Checker::slots() {
    auto const buffer = state_.scratch.first(sector_size);
    bool good[4] = {};
    std::uint64_t want[2] = {};
    std::uint64_t got[4] = {};
    for (std::uint32_t i = 0; i < 4; ++i) {
        auto const offset = state_.geometry.slot_offset(i / 2, i % 2);
        if (io_.read(offset, buffer)) {
            auto const found = store::decode_slot(buffer, i / 2);
            good[i] = found.valid() && found.slot.store == state_.store;
            got[i] = found.hash_found.low;
            if (good[i]) want[i / 2] = found.slot.hash.low;
        }
        listener_.progress(CheckPhase::slots, i + 1, 4);
    }
    // A slot is one sector: no power cut tears it, a bad copy is damage.
    for (std::uint32_t i = 0; i < 4; ++i)
        if (!good[i])
            damage(good[i ^ 1] ? Finding::single_copy : Finding::root_slot, Finding::root_slot,
                   state_.geometry.slot_offset(i / 2, i % 2), want[i / 2], got[i], 0);
}

void Checker::record_copies(CommitRecord const& record) {
    for (auto const place : record.self) {
        auto const sector = state_.scratch.first(sector_size);
        CommitRecord found;
        auto const readable = static_cast<bool>(io_.read(place.offset(), sector));
        if (readable && decode_record(sector, place, state_.geometry, found) && found.hash == record.hash)
            continue;
        damage(Finding::single_copy, Finding::record, place.offset(), record.hash.low,
               readable ? store::hash128(HashSeed::record, sector.subspan(record_hash_from)).low : 0,
               record.generation);
    }
}

bool Checker::directory_good(std::array<Extent, directory_extents> const& runs, CommitRecord const& record) {
    store::StreamHash hash(HashSeed::directory);
    std::uint64_t left = record.directory_bytes;
    auto const sector = state_.scratch.first(sector_size);
    for (auto const run : runs)
        for (std::uint32_t i = 0; i < run.count(); ++i) {
            if (!io_.read(run.offset() + i * sector_size, sector)) return false;
            for (std::size_t at = 0; at < sector_size && left > 0; at += 8, left -= 8)
                hash.add(base::read<std::uint64_t>(sector, at));
        }
    return left == 0 && hash.finish() == record.directory_hash;
}

void Checker::directory_copies(CommitRecord const& record) {
    ++result_.directories;
    for (auto const* runs : {&record.directory, &record.directory_copy})
        if (!directory_good(*runs, record))
            damage(Finding::single_copy, Finding::directory, (*runs)[0].offset(), record.directory_hash.low,
                   0, record.generation);
}

void Checker::log() {
    auto const& list = state_.directories;
    if (state_.report.torn) {
        result_.torn_commit = true;
        Corruption note;
        note.finding = Finding::torn_commit;
        note.generation = state_.report.torn_generation.raw();
        note.last_good = state_.newest().generation;
        listener_.report(note);
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto const& record = list[i].record;
        // The newest may lack a copy because the power went before its flush: whole, but not yet twice.
        auto const acknowledged = i + 1 < list.size() || state_.report.trusted_slot || state_.report.torn;
        if (acknowledged) record_copies(record);
        if (record.generation > state_.base && (acknowledged || state_.report.trusted_flushed))
            directory_copies(record);
        listener_.progress(CheckPhase::log, i + 1, list.size());
    }
}

// Both copies of a node, then what it points to. The copy that is good is used; both
// bad: the frames below are lost.
Result<> Checker::walk(TwinRef const& ref, std::optional<std::uint16_t> level, std::size_t depth) {
    auto const node = state_.scratch.subspan(scratch_path + depth * node_size, node_size);
    bool good[2] = {};
    for (std::size_t copy = 2; copy > 0; --copy) {
        auto const into = copy == 2 ? state_.scratch.subspan(scratch_node, node_size) : node;
        good[copy - 1] = io_.read(ref.place[copy - 1].offset(), into) &&
                         store::verify_node(into, {ref.hash, level, state_.store}, state_.geometry);
        state_.segments.fold_adds(ref.place[copy - 1]);
    }
    for (std::size_t copy = 0; copy < 2; ++copy)
        if (!good[copy])
            damage(good[1 - copy] ? Finding::single_copy : Finding::map_node, Finding::map_node,
                   ref.place[copy].offset(), ref.hash, 0, state_.base);
    if (!good[0] && !good[1]) return base::fail(Error::corrupt);
    if (!good[0]) TRY(io_.read(ref.place[1].offset(), node));
    listener_.progress(CheckPhase::map, ++result_.map_nodes, state_.map_nodes);
    auto const header = store::node_header(node);
    if (header.level > 0) {
        for (std::size_t i = 0; i < header.count; ++i)
            TRY(walk(store::child_entry(node, i).child, static_cast<std::uint16_t>(header.level - 1),
                     depth + 1));
        return {};
    }
    if (!in_moves_) count_leaf(node);
    return {};
}

// Versions of a frame that share a block refer to it once.
void Checker::count_leaf(base::ConstBytes node) {
    auto const header = store::node_header(node);
    for (std::size_t i = 0; i < header.count;) {
        group_.clear();
        auto const frame = store::leaf_entry(node, i).key().frame;
        for (; i < header.count && store::leaf_entry(node, i).key().frame == frame; ++i) {
            auto const version = store::leaf_entry(node, i);
            group_.add(state_.moves.placed(version));
            if (version.entry.zero() || !state_.moves.gone(version.key())) continue;
            auto const last = i + 1 == header.count || store::leaf_entry(node, i + 1).key().frame != frame;
            gone_block(version,
                       last ? superseded(version.entry.frame()) : store::leaf_entry(node, i + 1).birth);
        }
        group_.for_each_block(
            [this](LeafEntry const& version) { state_.segments.fold_adds(version.entry.place()); });
    }
}

// By whom the newest version in the map is.
std::uint64_t Checker::superseded(abi::FrameId frame) const {
    Generation birth;
    for (std::size_t i = 0; i < state_.directories.size(); ++i)
        if (state_.directories.find(frame, state_.directories[i].generation(), birth) != nullptr)
            return birth.raw();
    return VersionGroup::never;
}

// A version that lasts up to `end` and has no block any more: damage if a checkpoint sees it.
void Checker::gone_block(LeafEntry const& version, std::uint64_t end) {
    Corruption corruption;
    for (std::size_t i = 0; i < views(); ++i) {
        if (views_[i].raw() < version.birth || views_[i].raw() >= end) continue;
        broken_[i] = true;
        corruption.generation = views_[i].raw();
    }
    if (corruption.generation == 0) return;
    corruption.finding = Finding::frame_hash;
    corruption.frame = version.entry.frame();
    corruption.offset = version.entry.place().offset();
    corruption.want = version.entry.hash;
    result_.frames_damaged += corruption.generation == state_.newest().generation ? 1U : 0U;
    damage(corruption);
}

Result<> Checker::map() {
    for (auto const* root : {&state_.map, &state_.moves_root}) {
        in_moves_ = root == &state_.moves_root;
        if (root->none()) continue;
        auto const walked = walk(*root, std::nullopt, 0);
        // Findings say what is lost; the frames that can be reached are still verified.
        if (walked.failed() && walked.error != Error::corrupt) return walked;
    }
    return {};
}

std::optional<std::uint64_t> Checker::hash_of(DirectoryEntry const& entry) {
    if (verifier_ != nullptr && verifier_->is_good(entry)) return entry.hash;
    auto const block = state_.scratch.subspan(scratch_block, abi::frame_size);
    if (!io_.read(entry.place().offset(), block)) return std::nullopt;
    return store::frame_hash(entry.frame(), entry.type(), block);
}

// What a checkpoint sees of a frame.
Result<std::optional<DirectoryEntry>> Checker::seen(abi::FrameId frame, Generation at) {
    Generation birth;
    if (auto const* entry = state_.directories.find(frame, at, birth); entry != nullptr)
        return std::optional(*entry);
    auto const found = find_in_map(state_, io_, frame, at);
    if (found) return std::optional(found->entry);
    if (found.error == Error::io) return base::fail(Error::io);
    return std::optional<DirectoryEntry>();
}

// A damaged block is wrong in every checkpoint that sees it. The newest before them that has another, whole,
// content of the frame is its last good one.
Result<> Checker::name_damage(DirectoryEntry const& block, Corruption& corruption) {
    corruption.generation = state_.base;
    auto first = views();
    for (std::size_t i = 0; i < views(); ++i) {
        auto const entry = TRY(seen(block.frame(), views_[i]));
        if (!entry || entry->zero() || entry->place() != block.place()) continue;
        broken_[i] = true;
        first = std::min(first, i);
        corruption.generation = views_[i].raw();
    }
    result_.frames_damaged += corruption.generation == state_.newest().generation ? 1U : 0U;
    for (auto i = first == views() ? 0 : first; i > 0; --i) {
        auto const entry = TRY(seen(block.frame(), views_[i - 1]));
        if (!entry) break;
        if (!entry->zero() && hash_of(*entry) != entry->hash) continue;
        corruption.last_good = views_[i - 1].raw();
        break;
    }
    return {};
}

Result<> Checker::verify(DirectoryEntry const& block) {
    auto const found = hash_of(block);
    ++result_.blocks_verified;
    if (found == block.hash) return {};
    Corruption corruption;
    corruption.finding = found ? Finding::frame_hash : Finding::device;
    corruption.frame = block.frame();
    corruption.offset = block.place().offset();
    corruption.want = block.hash;
    corruption.got = found.value_or(0);
    TRY(name_damage(block, corruption));
    damage(corruption);
    return {};
}

// Every block that some view refers to, once for each frame, in the order of frames and then of directories:
// `each(DirectoryEntry const&)` gives a Result. False: the map cannot be read to its end.
template <class Each>
Result<bool> Checker::each_block(Each each) {
    auto const& list = state_.directories;
    result_.frames = 0;
    MapCursor map(state_, io_);
    auto at = map.start();
    while (at && !map.finished()) {
        // Frame by frame; not those versions that are waiting to be swept.
        group_.clear();
        auto const frame = map.current().entry.frame();
        for (; at && !map.finished() && map.current().entry.frame() == frame && group_.size() < leaf_capacity;
             at = map.advance())
            group_.add(map.current());
        if (!group_.newest().entry.absent() && list.find(frame) == nullptr) ++result_.frames;
        group_.keep_seen_by(points_.span());
        Result<> done;
        group_.for_each_block([&](LeafEntry const& version) {
            if (done) done = each(version.entry);
        });
        if (!done) return base::fail(done.error);
    }
    for (std::size_t i = 0; i < list.size(); ++i)
        for (auto const& entry : list.entries(i)) {
            if (list.find(entry.frame()) == &entry) ++result_.frames;
            if (entry.zero()) continue;
            auto const known = entry.shared() && i > 0 ? TRY(seen(entry.frame(), list[i - 1].generation()))
                                                       : std::optional<DirectoryEntry>();
            if (!known || known->zero() || known->place() != entry.place()) TRY(each(entry));
        }
    return static_cast<bool>(at);
}

Result<> Checker::frames() {
    if (verifier_ != nullptr) {
        TRY(each_block([this](DirectoryEntry const& block) {
            verifier_->add(block);
            return Result<>();
        }));
        verifier_->finish();
    }
    auto const& list = state_.directories;
    std::uint64_t total = state_.map_nodes * leaf_capacity / 2;
    for (std::size_t i = 0; i < list.size(); ++i) total += list[i].count;
    auto const whole = TRY(each_block([&](DirectoryEntry const& block) {
        auto const verified = verify(block);
        listener_.progress(CheckPhase::frames, result_.blocks_verified,
                           std::max(total, result_.blocks_verified));
        return verified;
    }));
    // A node that is bad in both copies was reported by the walk: the frames below it cannot be counted.
    if (!whole) std::fill(broken_.begin(), broken_.end(), true);
    for (std::size_t i = 0; i < views(); ++i) result_.checkpoints_readable += broken_[i] ? 0U : 1U;
    return {};
}

void Checker::checkpoint_table() {
    auto const& table = state_.checkpoints;
    if (table.none()) return;
    bool good[2] = {};
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const place = table.place[copy];
        auto const bytes = state_.scratch.first(place.bytes());
        good[copy] =
            io_.read(place.offset(), bytes) && store::hash64(HashSeed::checkpoint_table, bytes) == table.hash;
        state_.segments.fold_adds(place);
    }
    for (std::size_t copy = 0; copy < 2; ++copy)
        if (!good[copy])
            damage(good[1 - copy] ? Finding::single_copy : Finding::checkpoint_table,
                   Finding::checkpoint_table, table.place[copy].offset(), table.hash, 0,
                   state_.newest().generation);
    // Whole, and yet none: its entries break a rule.
    if (good[0] && good[1] && state_.retained.empty())
        damage(Finding::checkpoint_table, Finding::checkpoint_table, table.place[0].offset(), table.hash,
               table.hash, state_.newest().generation);
}

// The table says what the walk counted.
void Checker::space() {
    auto const& table = state_.table;
    checkpoint_table();
    if (!table.none())
        for (auto const place : table.place) state_.segments.fold_adds(place);
    for (std::size_t copy = 0; copy < 2 && !table.none(); ++copy) {
        auto const place = table.place[copy];
        store::Finding finding = Finding::none;
        auto const bytes = state_.scratch.first(place.bytes());
        auto const good =
            io_.read(place.offset(), bytes) && store::hash64(HashSeed::segment_table, bytes) == table.hash;
        if (!good) finding = Finding::single_copy;
        for (std::uint32_t i = 0; good && i < state_.segments.size(); ++i) {
            auto const counted = state_.segments[i].change;
            if (counted == base::read<LiveSectors>(bytes, i * sizeof(LiveSectors))) continue;
            result_.space_balances = false;
            finding = Finding::segment_table;
        }
        if (finding != Finding::none)
            damage(finding, Finding::segment_table, place.offset(), table.hash,
                   store::hash64(HashSeed::segment_table, bytes), state_.newest().generation);
        listener_.progress(CheckPhase::space, copy + 1, 2);
    }
}

} // namespace

Result<CheckResult> OfflineStore::check(CheckListener& listener, BlockVerifier* verifier) {
    Checker checker(engine_.state(), *device_, listener, verifier);
    return checker.run();
}

} // namespace checkpoint
