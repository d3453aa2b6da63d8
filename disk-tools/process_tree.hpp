// SPDX-License-Identifier: Apache-2.0
// Who holds whom: a process stands below the first that holds a capability to it or is its keeper.
#pragma once

#include "objects.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tools {

// A process that has authority over another.
struct ProcessHolder {
    abi::FrameId frame;
    std::string name;
    std::string as; // "process": a capability to it; "restart"; "keeper": hears of its faults
};

struct TreeRow {
    ProcessInfo process;
    unsigned depth = 0;
    std::optional<abi::FrameId> parent;
    std::vector<ProcessHolder> holders; // all of them, the process itself left out
};

// Each process once, below its parent; siblings by PID. Of a ring the lowest PID stands at the top.
std::vector<TreeRow> process_tree(Objects& objects);

} // namespace tools
