// SPDX-License-Identifier: Apache-2.0
// A store of its own out of one checkpoint of another.
#pragma once

#include "store_file.hpp"

namespace tools {

struct Fork {
    abi::disk::Random128 store;
    std::uint64_t frames = 0;
};

// What chance and the clock say of a fork.
struct ForkIdentity {
    abi::disk::Random128 store;     // its identifier
    abi::disk::Random128 formatted; // nonces of its first checkpoint, and of the boot that fills it
    abi::disk::Random128 written;
    std::uint64_t created_ns = 0;
};

// Makes the store on a device of the source's size, which has nothing on it. Cut before this returns, the
// device has no store, an empty one, or the fork whole (a part of it, if it takes several commits). Problems
// as below. Gives the number of frames.
std::uint64_t fork_onto(StoreView& source, std::string const& name, Device& device,
                        ForkIdentity const& identity);

// Makes `path`, as large as the store of the view, with an identifier of its own and the view's checkpoint;
// it appears under its name when it is whole. Problems: exists (without `force`), io, no-space, damage of the
// source.
Fork fork_store(StoreView& source, std::string const& path, bool force);

} // namespace tools
