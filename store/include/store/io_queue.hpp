// SPDX-License-Identifier: Apache-2.0
// Requests of one engine between being wanted and being complete. Three priorities; the tag names who asked.
//   Invariant: a tag is in use from submit() until complete() of it; at most requests_at_most are in use.
#pragma once

#include <store/block_device.hpp>

#include <array>

namespace store {

enum class Priority : std::uint8_t { fetch, commit, background };

// Who asked (`owner`, an enumerator of the engine) and which of its requests (`part`).
struct Asker {
    std::uint8_t owner = 0;
    std::uint16_t part = 0;
};

class IoQueue {
public:
    void submit(Asker asker, Priority priority, Request request);
    // Moves what waits into `requests`, best priority first, as far as there is room.
    void emit(RequestList& requests);
    Asker complete(std::uint32_t tag);
    std::size_t waiting() const { return waiting_; }
    std::size_t in_flight() const { return in_use_ - waiting_; }

private:
    enum class State : std::uint8_t { unused, waiting, flying };
    struct Slot {
        State state = State::unused;
        Priority priority = Priority::fetch;
        Asker asker;
        Request request;
        std::uint64_t order = 0;
    };
    std::array<Slot, requests_at_most> slots_{};
    std::size_t in_use_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t order_ = 0;
};

} // namespace store
