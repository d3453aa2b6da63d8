// SPDX-License-Identifier: Apache-2.0
// Migration: folds the oldest directories into a new object map, and moves live blocks out of sparse
// segments, in one pass over the map in key order. Nothing in force is touched: the new map counts when a
// commit record names it.
//
//   idle ─due─► walking ⇄ reading a node, moving a block ─► table ─► writing ─flush─► ready
//   ready ─named by a commit─► idle
//
//   Subtrees without a change are linked as they are. A pass that empties segments (`victims`) visits every
//   leaf. After the switch the folded directories go, their superseded blocks and old nodes are free by that
//   generation.
#pragma once

#include "directory_merge.hpp"

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
        base::Bytes read;    // I/O: one node or frame
    };
    explicit Migration(EngineState& state) : state_(state) {}
    void init(Buffers const& buffers);

    bool step();
    void after_commit(); // of the caller
    void read_done(abi::Error error);
    bool wants_flush() const;
    bool covered_by_flush() const { return phase_ == Phase::writing && written(); }
    void flush_done(); // of a flush submitted when covered_by_flush() was true
    void flush_failed() { poisoned_ = true; }

    // A durable new map waits to be named by the next commit.
    bool ready() const { return phase_ == Phase::ready; }
    std::uint64_t new_base() const { return target_; }
    abi::disk::TwinRef new_map() const { return builder_.root(); }
    abi::disk::TwinRef const& new_table() const { return new_table_; }
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

private:
    enum class Phase : std::uint8_t { idle, walking, reading, moving, table, writing, ready };
    struct Level {
        abi::disk::TwinRef ref;
        std::uint16_t level = 0;
        std::size_t at = 0;
        std::size_t count = 0;
        std::uint64_t end = 0; // first frame number that is not below this node
    };

    std::size_t choose_directories() const;
    bool start(std::size_t directories);
    std::uint64_t choose_victims();
    bool walk();
    bool walk_leaf(Level& level, base::ConstBytes node);
    bool walk_inner(Level& level, base::ConstBytes node);
    bool leaf_is_unchanged(Level const& level, base::ConstBytes node) const;
    bool add_change();
    bool add_old(abi::disk::LeafEntry const& entry);
    bool must_visit(abi::disk::ChildEntry const& child, std::uint16_t level, std::uint64_t end) const;
    void visit(abi::disk::TwinRef const& ref);
    void submit_read(abi::disk::Extent place);
    void node_arrived(abi::Error error);
    void block_arrived(abi::Error error);
    void leave(Level const& level);
    bool write_table();
    bool written() const;
    void discard(abi::Error why);
    void help_out();
    bool free_pending();
    bool commit_nothing();
    base::Bytes node_memory(std::size_t depth) const;

    EngineState& state_;
    Buffers buffers_;
    store::MapBuilder builder_;
    DirectoryMerge changes_;
    base::FixedVector<Level, abi::disk::node_levels> path_;
    Phase phase_ = Phase::idle;
    bool urgent_ = false;
    bool begun_urgent_ = false; // the pass under way was begun in need
    std::uint32_t needed_ = 0;
    abi::Error exhausted_ = abi::Error::none;
    abi::Error stalled_ = abi::Error::none; // why the last fold was given up: it is not tried again at once
    bool sweeping_ = false;                 // victims exist: every leaf is visited
    bool flush_now_ = false;
    std::size_t folded_ = 0;   // directories
    std::uint64_t target_ = 0; // generation of the newest of them
    abi::disk::TwinRef reading_;
    std::uint8_t copy_ = 0;
    std::optional<std::uint16_t> level_wanted_;
    std::uint64_t end_ = 0;
    bool moved_ready_ = false; // the block of the entry at hand is in the read buffer, verified
    bool unmovable_ = false;   // ... is not readable: its entry stays as it is
    abi::disk::LeafEntry moving_;
    abi::disk::TwinRef new_table_;
    std::uint64_t nodes_left_ = 0;
    bool poisoned_ = false; // a flush failed meanwhile: what was written may be lost
    // segments there were when segments were last emptied in need without a fold
    std::uint64_t emptying_at_ = 0;
};

} // namespace checkpoint
