// SPDX-License-Identifier: Apache-2.0
// All entries of the object map in order of their keys, with the places where their blocks stand; waits for
// the device. Uses the path of the scratch memory.
#pragma once

#include "state.hpp"

#include <store/map_node.hpp>

namespace checkpoint {

class MapCursor {
public:
    MapCursor(EngineState& state, store::SyncIo& io) : state_(state), io_(io) {}
    // Enters only subtrees that hold a live process.
    void only_live() { only_live_ = true; }

    Result<> start() {
        if (state_.map.none()) return {};
        TRY(enter(state_.map, std::nullopt));
        return settle();
    }
    bool finished() const { return path_.empty(); }
    abi::disk::LeafEntry current() const {
        auto const depth = path_.size() - 1;
        return state_.moves.placed(store::leaf_entry(memory(depth), path_[depth].at));
    }
    Result<> advance() {
        ++path_[path_.size() - 1].at;
        return settle();
    }

private:
    struct Level {
        std::size_t at = 0;
        abi::disk::NodeHeader header;
    };
    base::Bytes memory(std::size_t depth) const {
        return state_.scratch.subspan(scratch_path + depth * abi::disk::node_size, abi::disk::node_size);
    }
    Result<> enter(abi::disk::TwinRef const& ref, std::optional<std::uint16_t> level) {
        auto const node = TRY(read_node(state_, io_, ref, level, memory(path_.size())));
        path_.push_back({0, store::node_header(node)});
        return {};
    }
    // To the next leaf entry from where the path stands; levels fall with each entry, so the path ends.
    Result<> settle() {
        while (!path_.empty()) {
            auto& level = path_[path_.size() - 1];
            if (level.at == level.header.count) {
                path_.pop_back();
            } else if (level.header.level == 0) {
                auto const key = store::leaf_entry(memory(path_.size() - 1), level.at).key();
                return state_.moves.lost(key) ? base::fail(Error::corrupt) : Result<>();
            } else {
                auto const child = store::child_entry(memory(path_.size() - 1), level.at++);
                if (only_live_ && child.flags == 0) continue;
                TRY(enter(child.child, static_cast<std::uint16_t>(level.header.level - 1)));
            }
        }
        return {};
    }

    EngineState& state_;
    store::SyncIo& io_;
    bool only_live_ = false;
    base::FixedVector<Level, abi::disk::node_levels> path_;
};

} // namespace checkpoint
