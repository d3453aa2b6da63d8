// SPDX-License-Identifier: Apache-2.0
// A store of its own out of one checkpoint of another.
#pragma once

#include "store_file.hpp"

namespace tools {

struct Fork {
    abi::disk::Random128 store;
    std::uint64_t frames = 0;
};

// Makes `path`, as large as the store of the view, with an identifier of its own and the view's checkpoint;
// it appears under its name when it is whole. Problems: exists (without `force`), io, no-space, damage of the
// source.
Fork fork_store(StoreView& source, std::string const& path, bool force);

} // namespace tools
