// SPDX-License-Identifier: Apache-2.0
// The pages that a kept process has below the stack it was started with. Nothing about them is remembered
// here: the nodes of its address space are walked from the root each time.
#pragma once

#include <apps/space.hpp>
#include <apps/stack_keeper.hpp>

namespace stack_keeper {

using runtime::Error;
using runtime::fail;
using runtime::Result;
using runtime::Slot;

enum class KeeperSlot : std::uint64_t {
    bank = 4,
    kept = 5,     // the process
    requests = 8, // 8 to 11: restart capability or reply entry, and what comes with it
    root = 16,
    old_root = 17,
    leaf = 18,
    page = 19,
};

class GrownStack {
public:
    static bool covers(std::uint64_t address) { return address >= grown_bottom && address < given_bottom; }

    // Error::limit_reached: the bank refuses.
    Result<> grow(std::uint64_t address);
    // Gives back whole pages below the stack pointer of the process, which waits in a call; how many.
    Result<std::uint64_t> trim();

private:
    Result<> need_root();
    Result<std::uint64_t> trim_leaf(std::uint64_t slot, std::uint64_t base, std::uint64_t stack_pointer);

    bool has_root_ = false;
};

} // namespace stack_keeper
