// SPDX-License-Identifier: Apache-2.0
// What dispatch found about a process, kept so that the next switch to it need not ask again: where it runs,
// at which priority, and the pages that its messages go through.
//   A standing is a cache: good while validity and priority are what they were. Then its frames are resident,
//   its capabilities valid, its space not dropped, its process slots unchanged.
#pragma once

#include <ipc/party.hpp>
#include <mapping/tables.hpp>

#include <array>

namespace kernel {

// A process that may enter user mode: its space is loaded.
struct Dispatched {
    ProcessRef process;
    abi::Process* object = nullptr; // may be written by the entry code (R11)
};

struct alignas(64) Standing {
    std::uint64_t validity = 0; // FrameCache::validity() when it was found
    LiveIndex live = no_process;
    FrameIndex process = no_frame;
    PhysicalAddress space;
    SpaceIndex space_index = no_index;
    FrameIndex register_page = no_frame;
    // The whole capability space is this one page, open for storing; else no_frame.
    FrameIndex capability_page = no_frame;
    // The endpoint that its calls are answered through; else reply.frame is no_frame.
    EndpointRef reply;
    std::uint8_t priority = 0;
    // One of the last two was not in memory, and may have come since.
    bool incomplete = false;
};

class Standings {
public:
    // The standing of a live process, if it is good still.
    Standing const* find(Kernel const& kernel, LiveIndex live, FrameIndex process) const {
        auto const& standing = table_[live % table_.size()];
        if (standing.live != live || standing.process != process) return nullptr;
        if (standing.validity != memory(kernel).frames.validity()) return nullptr;
        return standing.priority == queues(kernel).live()[live].priority ? &standing : nullptr;
    }
    void keep(Standing const& standing) { table_[standing.live % table_.size()] = standing; }
    // The next dispatch asks anew.
    void forget(LiveIndex live) { table_[live % table_.size()].validity = 0; }

private:
    std::array<Standing, 256> table_{};
};

Standings& standings(Kernel& kernel);

} // namespace kernel
