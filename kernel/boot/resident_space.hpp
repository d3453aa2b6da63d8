// SPDX-License-Identifier: Apache-2.0
// The address space of a resident program: a tree of PATTs, and the pages in it.
#pragma once

#include <boot/resident_objects.hpp>

namespace kernel {

class ResidentSpace {
public:
    explicit ResidentSpace(ResidentObjects& objects);

    Target root() const { return root_; }
    // A page at a page-aligned address that holds none yet; PATTs on the way are made.
    void map(UserAddress address, FrameIndex page, abi::Rights rights);
    // The page at an address, or no_frame.
    FrameIndex find(UserAddress address);

private:
    Target make_node(unsigned size, unsigned residual);
    // The slot for this address in a node; patt_slots when there is none.
    std::size_t find_slot(Target node, std::uint64_t address);
    std::size_t take_slot(Target node, std::uint64_t address);

    ResidentObjects& objects_;
    Target root_;
};

} // namespace kernel
