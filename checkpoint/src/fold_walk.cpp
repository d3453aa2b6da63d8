// SPDX-License-Identifier: Apache-2.0
// The fold's pass over the old map: a path of nodes from the root, left to right,
// beside the sequence of changes.
#include "migration.hpp"
#include "state.hpp"

#include <store/map_node.hpp>

#include <cstring>

namespace checkpoint {

using namespace abi::disk;

namespace {

constexpr int turns_a_step = 512; // a step stays short: fetches and commits go first

} // namespace

base::Bytes Migration::node_memory(std::size_t depth) const {
    return buffers_.path.subspan(depth * node_size, node_size);
}

void Migration::visit(TwinRef const& ref) {
    reading_ = ref;
    copy_ = 0;
    phase_ = Phase::reading;
    submit_read(ref.place[0]);
}

void Migration::submit_read(Extent place) {
    state_.submit(Owner::fold, 0, store::Priority::background,
                  {store::RequestKind::read, 0, place.offset(), buffers_.read});
}

void Migration::read_done(Error error) {
    if (phase_ == Phase::reading) node_arrived(error);
    else block_arrived(error);
}

void Migration::node_arrived(Error error) {
    auto const good =
        error == Error::none &&
        store::verify_node(buffers_.read, {reading_.hash, level_wanted_, state_.store}, state_.geometry);
    if (!good) {
        store::Corruption report;
        report.finding = copy_ == 0 ? store::Finding::single_copy : store::Finding::map_node;
        report.part = store::Finding::map_node;
        report.offset = reading_.place[copy_].offset();
        report.want = reading_.hash;
        state_.report_finding(report);
        if (copy_ == 0) {
            copy_ = 1;
            submit_read(reading_.place[1]);
        } else {
            discard(error == Error::none ? Error::corrupt : Error::io);
        }
        return;
    }
    std::memcpy(node_memory(path_.size()).data(), buffers_.read.data(), node_size);
    auto const header = store::node_header(buffers_.read);
    path_.push_back({reading_, header.level, 0, header.count, end_});
    phase_ = Phase::walking;
}

void Migration::block_arrived(Error error) {
    auto const& entry = moving_.entry;
    auto const good =
        error == Error::none && store::frame_hash(entry.frame(), entry.type(), buffers_.read) == entry.hash;
    moved_ready_ = good;
    unmovable_ = !good;
    if (!good) {
        store::Corruption report;
        report.finding = error == Error::none ? store::Finding::frame_hash : store::Finding::device;
        report.frame = entry.frame();
        report.offset = entry.place().offset();
        report.want = entry.hash;
        state_.report_finding(report);
    }
    phase_ = Phase::walking;
}

bool Migration::walk() {
    bool moved = false;
    for (int turn = 0; turn < turns_a_step && phase_ == Phase::walking; ++turn) {
        if (builder_.out_of_space()) {
            discard(Error::no_space);
            return true;
        }
        bool progress = false;
        if (path_.empty()) {
            if (changes_.finished()) phase_ = Phase::table;
            progress = changes_.finished() || add_change();
        } else {
            auto& level = path_[path_.size() - 1];
            auto const node = node_memory(path_.size() - 1);
            progress = level.level == 0 ? walk_leaf(level, node) : walk_inner(level, node);
        }
        if (!progress) return moved;
        moved = true;
    }
    return moved;
}

// The newest entry of a frame that a folded directory has; the old one, if any, is dropped by walk_leaf.
bool Migration::add_change() {
    auto const& change = changes_.current();
    auto entry = change.entry;
    auto flags = entry.flags().without(EntryFlag::shared);
    entry.name = DirectoryEntry::Flags::set(entry.name, flags.raw());
    if (!builder_.add({entry, change.birth.raw()})) return false;
    if (!entry.zero()) state_.segments.fold_adds(entry.place());
    changes_.advance();
    return true;
}

bool Migration::add_old(LeafEntry const& old) {
    auto entry = old;
    auto& moved = state_.stream(Owner::moved);
    auto const victim = !old.entry.zero() && state_.segments.is_victim(old.entry.place()) && !unmovable_;
    if (victim && !moved_ready_) {
        moving_ = old;
        phase_ = Phase::moving;
        submit_read(old.entry.place());
        return true;
    }
    if (victim) {
        if (!moved.can_append(sectors_per_frame)) return false;
        auto const place = moved.append(buffers_.read);
        if (!place) {
            discard(Error::no_space);
            return true;
        }
        entry.entry.where = DirectoryEntry::Sector::set(entry.entry.where, place->first());
        // The entry must be taken now: room for it is made beforehand by the caller.
        auto const added = builder_.add(entry);
        invariant(added);
        state_.segments.fold_drops(old.entry.place());
        state_.segments.fold_adds(*place);
        ++state_.counters.frames_moved;
        moved_ready_ = false;
    } else if (!builder_.add(entry)) {
        return false;
    }
    unmovable_ = false;
    ++path_[path_.size() - 1].at;
    return true;
}

bool Migration::leaf_is_unchanged(Level const& level, base::ConstBytes node) const {
    if (!changes_.finished() && changes_.current().entry.frame().number() < level.end) return false;
    if (builder_.wants_more(0)) return false;
    auto const& segments = state_.segments;
    if (segments.is_victim(level.ref.place[0]) || segments.is_victim(level.ref.place[1])) return false;
    for (std::size_t i = 0; i < level.count; ++i) {
        auto const entry = store::leaf_entry(node, i).entry;
        if (!entry.zero() && segments.is_victim(entry.place())) return false;
    }
    return true;
}

// Returns false when a buffer must be written first, or a read must come back.
bool Migration::walk_leaf(Level& level, base::ConstBytes node) {
    if (level.at == 0 && path_.size() > 1 && leaf_is_unchanged(level, node)) {
        // The parent stepped past this child already.
        auto const& parent = path_[path_.size() - 2];
        auto const child = store::child_entry(node_memory(path_.size() - 2), parent.at - 1);
        if (!builder_.link(child, 0)) return false;
        path_.pop_back();
        return true;
    }
    auto const change_here = !changes_.finished() && changes_.current().entry.frame().number() < level.end;
    if (level.at == level.count) {
        if (change_here) return add_change();
        leave(level);
        return true;
    }
    auto const old = store::leaf_entry(node, level.at);
    auto const frame = old.entry.frame().number();
    if (change_here && changes_.current().entry.frame().number() < frame) return add_change();
    if (change_here && changes_.current().entry.frame().number() == frame) {
        // Superseded: no retained checkpoint lies between its birth and its successor's.
        if (!old.entry.zero()) state_.segments.fold_drops(old.entry.place());
        ++level.at;
        return true;
    }
    if (!builder_.has_room()) return false;
    return add_old(old);
}

bool Migration::must_visit(ChildEntry const& child, std::uint16_t level, std::uint64_t end) const {
    if (sweeping_) return true;
    if (!changes_.finished() && changes_.current().entry.frame().number() < end) return true;
    return builder_.wants_more(level) || state_.segments.is_victim(child.child.place[0]) ||
           state_.segments.is_victim(child.child.place[1]);
}

bool Migration::walk_inner(Level& level, base::ConstBytes node) {
    if (level.at == level.count) {
        leave(level);
        return true;
    }
    auto const child = store::child_entry(node, level.at);
    auto const end =
        level.at + 1 < level.count ? store::child_entry(node, level.at + 1).first.frame : level.end;
    auto const below = static_cast<std::uint16_t>(level.level - 1);
    if (!must_visit(child, below, end)) {
        if (!builder_.link(child, below)) return false;
        ++level.at;
        return true;
    }
    ++level.at;
    level_wanted_ = below;
    end_ = end;
    visit(child.child);
    return true;
}

// A node whose entries were taken over one by one is replaced.
void Migration::leave(Level const& level) {
    for (auto const place : level.ref.place) state_.segments.fold_drops(place);
    ++nodes_left_;
    path_.pop_back();
}

} // namespace checkpoint
