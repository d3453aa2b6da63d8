// SPDX-License-Identifier: Apache-2.0
// Migration: folds the oldest directories into a new object map, keeps of each frame the versions that a
// retained checkpoint sees, and moves live blocks out of victims (cleaning.cpp), in one pass over the map in
// key order. Nothing in force is touched: the new map counts when a commit record names it.
//
//   idle ─due─► walking ⇄ reading a node, moving a block ─► tables ─► writing ─flush─► ready
//   ready ─named by a commit─► idle
//
//   Subtrees without a change are linked as they are. A sweep visits every leaf: to empty segments
//   (`victims`), to bring moves into the map (moves.hpp), and to drop the versions that nobody sees any more.
//   A pass that does nothing but empty segments is a relocation: it writes no leaf, but a new tree of moves,
//   and gives up the blocks that no checkpoint sees.
//   After the switch the folded directories go, their superseded blocks and old nodes are free by that
//   generation. Changes of what is retained (time_travel.cpp) are passes too: `hold` keeps others from
//   beginning.
#pragma once

#include "directory_merge.hpp"
#include "read_ahead.hpp"
#include "retained.hpp"
#include "retention.hpp"
#include "version_group.hpp"

#include <abi/disk/map_node.hpp>
#include <abi/error.hpp>
#include <base/fixed_vector.hpp>
#include <base/result.hpp>
#include <store/map_builder.hpp>

#include <utility>

namespace checkpoint {

struct EngineState;

class Migration {
public:
    struct Buffers {
        base::Bytes path;    // tables: node_levels nodes of the old map
        base::Bytes builder; // tables: store::MapBuilder::memory_size
        base::Bytes node;    // tables: one node
        base::Bytes ahead;   // I/O: slots of a node or frame each
    };
    explicit Migration(EngineState& state) : state_(state), ahead_(state) {}
    void init(Buffers const& buffers);

    bool step();
    void after_commit(); // of the caller
    void read_done(std::uint16_t slot, abi::Error error);
    bool wants_flush() const;
    bool covered_by_flush() const { return phase_ == Phase::writing && written(); }
    void flush_done(); // of a flush submitted when covered_by_flush() was true
    void flush_failed() { poisoned_ = true; }

    // A durable new map waits to be named by the next commit.
    bool ready() const { return phase_ == Phase::ready; }
    std::uint64_t new_base() const { return target_; }
    std::uint64_t readable_from() const { return readable_from_; }
    abi::disk::TwinRef new_map() const;
    abi::disk::TwinRef new_moves() const;
    abi::disk::TwinRef const& new_table() const { return new_table_; }
    abi::disk::TwinRef const& new_checkpoints() const { return new_checkpoints_; }
    std::uint64_t new_map_nodes() const;
    // The commit that names it is acknowledged.
    void switched(std::uint64_t generation);
    // An empty commit of ours failed.
    void empty_commit_failed();

    bool idle() const { return phase_ == Phase::idle; }
    // A commit waits for this many free segments, or for entries: history is dropped if
    // need be, segments are emptied.
    void hurry(std::uint32_t segments);
    static constexpr std::uint32_t for_entries = 0xffffffff;
    bool urgent() const { return urgent_; }
    // Why everything that was tried for the waiting commit gave nothing: no_space, io, corrupt; none: it may
    // still help. The answer is given once: the next commit has it all tried again.
    abi::Error take_exhausted() { return std::exchange(exhausted_, abi::Error::none); }
    bool due() const;
    // Bandwidth: bytes that may be read and written; no limit before the first grant.
    void grant(std::uint64_t bytes);
    bool resting() const;
    // Recovery: versions that nobody sees may be in the map.
    void assume_unswept() { unswept_ = 1; }

    // No pass begins by itself, none is named by itself.
    void hold(bool held) { held_ = held; }
    // No pass drops this checkpoint while somebody is about to pin it or to go back to it; none:
    // Generation().
    void keep(Generation at) { kept_ = at.raw(); }
    // The pass under way leaves nothing of that checkpoint.
    bool drops(Generation at) const;
    // A pass of its own, while held and idle: the same map with another checkpoint table, made from the one
    // in force by changes of this draft ...
    Retained& draft();
    void begin_change();
    // ... or with every frame as it was at `to`, from generation `as` on.
    void begin_rollback(Generation to, Generation as);
    // Such a pass cannot be named.
    void give_up(abi::Error why) { discard(why); }
    // Why the last pass was given up; none: it was not.
    abi::Error failure() const { return stalled_; }
    // Names what is ready, or sets free what waits for a later checkpoint, by an empty commit.
    bool commit_nothing();

private:
    enum class Phase : std::uint8_t { idle, walking, reading, moving, tables, writing, ready };
    struct Level {
        abi::disk::TwinRef ref;
        std::uint16_t level = 0;
        std::size_t at = 0;
        std::size_t count = 0;
        std::uint64_t end = 0; // first frame number that is not below this node
        std::size_t ahead = 0; // entries that were looked at ahead
    };
    // What becomes of the moves in force.
    enum class Fate : std::uint8_t { kept, folded, made_anew };
    struct Restore {
        std::uint64_t to = 0;
        std::uint64_t as = 0; // 0: no rollback
    };

    bool spent() const { return limited_ && !urgent_ && !held_ && budget_ <= 0; }
    void charge(std::size_t bytes) { budget_ -= static_cast<std::int64_t>(bytes); }
    void charge_io();
    bool go_on();
    bool fold_is_due() const;
    std::size_t unpinned_allowed(std::size_t directories) const;
    bool space_is_needed() const;
    bool start(std::size_t directories);
    bool start_relocation();
    void choose_fate(std::uint64_t entries);
    void prepare(std::size_t directories, std::uint64_t target);
    void set_points();
    void begin_walk();
    std::uint32_t low_water() const;
    std::uint32_t high_water() const;
    std::uint32_t benefit(std::uint32_t index, bool folding) const;
    std::uint64_t room_to_move(std::uint32_t free) const;
    std::uint32_t choose_victims(bool folding, std::uint64_t room);
    bool walk();
    bool walk_leaf(Level& level, base::ConstBytes node);
    bool walk_inner(Level& level, base::ConstBytes node);
    bool leaf_is_unchanged(Level const& level, base::ConstBytes node, std::uint64_t& pinned);
    void gather(Level* level, base::ConstBytes node);
    bool take_group();
    void settle_group();
    bool relocating() const { return fate_ == Fate::made_anew; }
    bool sees_gone() const;
    void find_superseder(std::uint64_t frame);
    bool empty_out(abi::disk::LeafEntry const& version);
    bool move_block(abi::disk::LeafEntry const& version);
    bool change_below(std::uint64_t end) const;
    std::uint64_t pinned_block(VersionGroup const& group) const;
    bool must_visit(abi::disk::ChildEntry const& child, std::uint16_t level, std::uint64_t end) const;
    void visit(abi::disk::TwinRef const& ref);
    void read(abi::disk::Extent place);
    bool verified(AheadSlot& slot, std::uint64_t hash, std::optional<std::uint16_t> level) const;
    bool node_fits(base::ConstBytes node) const;
    void arrived(AheadSlot& slot);
    void node_arrived(AheadSlot& slot);
    void block_arrived(AheadSlot& slot);
    void look_ahead();
    void look_ahead_in_leaf(base::ConstBytes node, std::size_t& at);
    void look_ahead_below(std::size_t depth);
    void leave(Level const& level);
    bool write_tables();
    bool write_checkpoints();
    base::Result<bool> reserve_twice(std::uint32_t sectors, abi::disk::Twin& places,
                                     std::array<base::Bytes, 2>& memory);
    bool written() const;
    void discard(abi::Error why);
    void help_out();
    bool free_pending();
    base::Bytes node_memory(std::size_t depth) const;

    EngineState& state_;
    Buffers buffers_;
    store::MapBuilder builder_;
    DirectoryMerge changes_;
    DirectoryMerge superseding_; // beside a relocation: what the directories have, all of them
    std::uint64_t superseded_ = VersionGroup::never; // by whom the group's newest version is
    std::array<DirectoryMerge, abi::disk::node_levels> changes_ahead_; // of each node of the path
    ReadAhead ahead_;
    abi::disk::Extent awaited_; // while reading or moving
    base::FixedVector<Level, abi::disk::node_levels> path_;
    Phase phase_ = Phase::idle;
    bool urgent_ = false;
    bool begun_urgent_ = false; // the pass under way was begun in need
    bool held_ = false;
    std::uint64_t kept_ = 0; // a generation
    bool limited_ = false;
    std::int64_t budget_ = 0;   // bytes; below zero after a piece that was larger than what was left
    std::uint64_t charged_ = 0; // of what the streams have sent
    std::uint32_t needed_ = 0;
    abi::Error exhausted_ = abi::Error::none;
    abi::Error stalled_ = abi::Error::none; // why the last fold was given up: it is not tried again at once
    bool nothing_to_gain_ = false;          // since the last commit
    bool short_of_space_ = false;           // a commit waits for more than the pass gains by cleaning
    bool cleaning_ = false;                 // there are victims
    bool sweeping_ = false;                 // every leaf is visited
    Fate fate_ = Fate::kept;
    bool flush_now_ = false;
    std::size_t folded_ = 0;   // directories
    std::uint64_t target_ = 0; // generation of the new base
    std::uint64_t readable_from_ = 0;
    Restore restore_;
    Retained retained_; // beside the new map
    // Whose views of the new map count: retained checkpoints up to the base, and the base; those that are
    // pins.
    base::FixedVector<std::uint64_t, abi::disk::checkpoints_at_most + 1> points_;
    base::FixedVector<std::uint64_t, abi::disk::pins_at_most> pins_;
    bool pins_above_ = false;         // ... of unmigrated checkpoints: what they share is not counted here
    std::uint64_t pinned_blocks_ = 0; // counted: of the newest versions, those that a pin sees too
    std::size_t dropped_ = 0;         // checkpoints that go with this pass
    std::size_t unswept_ = 0;         // ... that went since every leaf was last visited
    std::uint64_t dropped_frames_ = 0, unswept_frames_ = 0; // that those changed, at most
    VersionGroup group_;
    bool grouping_ = false; // a group is under way
    bool settled_ = false;  // ... and its blocks stand where they will
    std::size_t fresh_ = 0; // moves that this relocation has added
    abi::disk::TwinRef reading_;
    std::uint8_t copy_ = 0;
    std::optional<std::uint16_t> level_wanted_;
    std::uint64_t first_ = 0;    // the node's keys lie from this frame ...
    std::uint64_t end_ = 0;      // ... up to this one
    AheadSlot* moved_ = nullptr; // has the block at hand, verified
    abi::disk::LeafEntry moving_;
    abi::disk::TwinRef new_table_;
    abi::disk::TwinRef new_checkpoints_;
    bool checkpoints_written_ = false;
    std::uint64_t nodes_left_ = 0;
    bool poisoned_ = false; // a flush failed meanwhile: what was written may be lost
    // segments there were when segments were last emptied in need without a fold
    std::uint64_t emptying_at_ = 0;
    bool slots_asked_ = false;       // to move on, for the sake of a relocation
    std::uint64_t relocated_at_ = 0; // ... when they were last emptied by a relocation
};

} // namespace checkpoint
