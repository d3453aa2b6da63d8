// SPDX-License-Identifier: Apache-2.0
// Changes what an address space maps, in the nodes that it has: the root stays the object that others name.
#pragma once

#include "frame_edits.hpp"

#include <functional>

namespace tools {

class SpaceEditor {
public:
    // `is_shared`: whether another space has the node too. Problem `no-room` when a node of the way is of a
    // kind that this does not change: shared, of reduced rights, or full to the last bit.
    SpaceEditor(FrameEdits& edits, abi::Capability root, std::function<bool(abi::ObjectId)> is_shared)
        : edits_(edits), root_(root), is_shared_(std::move(is_shared)) {}

    // Maps the page; what was mapped there is gone.
    void map(std::uint64_t address, abi::Capability page);
    // An address that a slot of its own maps.
    void unmap(std::uint64_t address);

private:
    struct Node {
        abi::Patt* patt;
        std::uint64_t base;
    };
    Node root();
    abi::Patt& open(abi::Capability capability, std::uint64_t address);
    // The slot for the address in the node; nullptr: none has its prefix.
    static std::uint64_t* slot_for(Node node, std::uint64_t address);
    static std::uint64_t* empty_slot(abi::Patt& patt);
    void add_slot(Node node, std::uint64_t address, abi::Capability page);
    void split(Node node, std::uint64_t key, std::uint64_t address);

    FrameEdits& edits_;
    abi::Capability root_;
    std::function<bool(abi::ObjectId)> is_shared_;
};

} // namespace tools
