// SPDX-License-Identifier: Apache-2.0
// Builds the nodes of a new map.
#include <store/map_builder.hpp>

#include <algorithm>
#include <cstring>

namespace store {

using namespace abi::disk;

namespace {

constexpr std::size_t entry_size(std::size_t level) {
    return level == 0 ? sizeof(LeafEntry) : sizeof(ChildEntry);
}

} // namespace

void MapBuilder::start(std::span<Twin> list) {
    list_ = list;
    counts_ = {};
    root_ = {};
    nodes_made_ = 0;
    out_of_space_ = false;
}

bool MapBuilder::add(std::span<LeafEntry const> versions) {
    expects(!versions.empty() && versions.size() <= group_at_most);
    if (!make_room(0, versions.size())) return false;
    for (auto const& entry : versions) {
        base::write(memory(0), counts_[0] * sizeof(LeafEntry), entry);
        ++counts_[0];
    }
    return true;
}

void MapBuilder::push(std::size_t level, ChildEntry const& child) {
    base::write(memory(level), counts_[level] * sizeof(ChildEntry), child);
    ++counts_[level];
}

bool MapBuilder::link(ChildEntry const& child, std::uint16_t level) {
    for (std::size_t i = 0; i <= level; ++i)
        if (!close(i)) return false;
    if (!make_room(level + 1U, 1)) return false;
    push(level + 1U, child);
    return true;
}

bool MapBuilder::wants_more(std::uint16_t level) const {
    bool waiting = false;
    for (std::size_t i = 0; i <= level; ++i) waiting = waiting || counts_[i] > 0;
    return waiting && counts_[level] < capacity(level) / 4;
}

bool MapBuilder::make_room(std::size_t level, std::size_t entries) {
    expects(level < node_levels);
    while (counts_[level] + entries > 2 * capacity(level))
        if (!emit(level, most_at_once(level))) return false;
    return true;
}

// A node may end after the first `count` entries gathered.
bool MapBuilder::group_ends(std::size_t level, std::size_t count) const {
    if (level > 0 || count == counts_[level]) return true;
    auto const frame = [this](std::size_t i) {
        return base::read<LeafEntry>(memory(0), i * sizeof(LeafEntry)).entry.frame();
    };
    return frame(count - 1) != frame(count);
}

// A group is smaller than a leaf, so there is an end.
std::size_t MapBuilder::most_at_once(std::size_t level) const {
    auto count = std::min(capacity(level), counts_[level]);
    while (!group_ends(level, count)) --count;
    return count;
}

// The end nearest the middle that leaves no more than a node on either side; else as much as fits.
std::size_t MapBuilder::split(std::size_t level) const {
    auto const count = counts_[level];
    auto const middle = count / 2;
    for (std::size_t off = 0; off < middle; ++off) {
        if (middle - off + capacity(level) >= count && group_ends(level, middle - off)) return middle - off;
        if (middle + off <= capacity(level) && group_ends(level, middle + off)) return middle + off;
    }
    return most_at_once(level);
}

bool MapBuilder::close(std::size_t level) {
    while (counts_[level] > capacity(level))
        if (!emit(level, split(level))) return false;
    return counts_[level] == 0 || emit(level, counts_[level]);
}

bool MapBuilder::nothing_above(std::size_t level) const {
    for (auto i = level + 1; i < node_levels; ++i)
        if (counts_[i] > 0) return false;
    return true;
}

ChildEntry MapBuilder::summary(std::size_t level, std::size_t count) const {
    ChildEntry result;
    for (std::size_t i = 0; i < count; ++i) {
        auto const at = i * entry_size(level);
        bool live = false;
        MapKey key;
        if (level == 0) {
            auto const entry = base::read<LeafEntry>(memory(level), at);
            key = entry.key();
            live = entry.entry.live() && group_ends(level, i + 1);
        } else {
            auto const entry = base::read<ChildEntry>(memory(level), at);
            key = entry.first;
            live = entry.flags != 0;
        }
        if (i == 0) result.first = key;
        if (live) result.flags = static_cast<std::uint64_t>(ChildFlag::has_live);
    }
    return result;
}

// Writes the first `count` entries of a level as a node and passes its reference to the level above.
bool MapBuilder::emit(std::size_t level, std::size_t count) {
    expects(level + 1 < node_levels && count > 0 && count <= capacity(level));
    if (!make_room(level + 1, 1)) return false;
    if (!setup_.first->can_append(sectors_per_node) || !setup_.second->can_append(sectors_per_node))
        return false;
    auto const entries = memory(level);
    auto const size = count * entry_size(level);
    std::memset(setup_.node.data(), 0, node_size);
    NodeHeader header;
    header.level = static_cast<std::uint16_t>(level);
    header.count = static_cast<std::uint16_t>(count);
    header.store = setup_.store;
    base::write(setup_.node, 0, header);
    std::memcpy(setup_.node.data() + sizeof header, entries.data(), size);

    auto child = summary(level, count);
    child.child.hash = hash64(HashSeed::map_node, setup_.node);
    auto const first = setup_.first->append(setup_.node);
    auto const second = setup_.second->append(setup_.node);
    if (!first || !second) {
        out_of_space_ = out_of_space_ || first.error == Error::no_space || second.error == Error::no_space;
        return false;
    }
    child.child.place = {*first, *second};
    for (auto const place : child.child.place) {
        setup_.segments->fold_adds(place);
        setup_.segments->holds_node(place);
    }
    if (!list_.empty()) list_[nodes_made_] = child.child.place;
    ++nodes_made_;
    push(level + 1, child);
    counts_[level] -= count;
    std::memmove(entries.data(), entries.data() + size, counts_[level] * entry_size(level));
    return true;
}

bool MapBuilder::finish() {
    for (std::size_t level = 0; level < node_levels; ++level) {
        if (counts_[level] == 0) continue;
        if (level > 0 && counts_[level] == 1 && nothing_above(level)) {
            root_ = base::read<ChildEntry>(memory(level)).child;
            counts_[level] = 0;
            return true;
        }
        if (!close(level)) return false;
    }
    return true;
}

} // namespace store
