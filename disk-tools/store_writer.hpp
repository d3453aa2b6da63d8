// SPDX-License-Identifier: Apache-2.0
// A store at work under a tool: commits made by the same engine as in the machine.
#pragma once

#include "store_file.hpp"

#include <checkpoint/engine.hpp>

#include <functional>
#include <vector>

namespace tools {

abi::disk::Random128 random_bits();
std::uint64_t wall_clock_ns();

class StoreWriter {
public:
    // Opens the store for writing: a boot number is used up. `name` is for messages. Problems as of the
    // engine.
    StoreWriter(std::string name, Device& device, abi::disk::Random128 nonce = random_bits());
    StoreWriter(StoreWriter const&) = delete;

    checkpoint::Engine& engine() { return engine_; }
    // Commits the frames; more than one commit holds become several, in their order. What of `info` is 0 is
    // filled in: time and ABI revision.
    checkpoint::Generation commit(std::vector<checkpoint::FrameImage> const& frames,
                                  checkpoint::CommitInfo info) {
        return commit(
            frames.size(), [&](std::size_t index) { return frames[index]; }, info);
    }
    // The same of frames that are made one after the other: each is asked for once, and not kept.
    checkpoint::Generation commit(std::size_t count,
                                  std::function<checkpoint::FrameImage(std::size_t)> const& frame,
                                  checkpoint::CommitInfo info);
    // Notes the newest checkpoint as acknowledged, and waits until nothing is in flight.
    void finish();
    [[noreturn]] void fail(abi::Error error) const;

private:
    // Runs the engine until `finished()`.
    template <class Finished>
    void run_until(Finished finished) {
        while (!finished()) checkpoint::turn(engine_, device_, true);
    }
    // Asks again while the engine is busy.
    template <class Call>
    void insist(Call call) {
        base::Result<> answer;
        run_until([&] { return (answer = call()).error != abi::Error::busy; });
        if (answer.failed()) fail(answer.error);
    }

    std::string name_;
    Device& device_;
    checkpoint::Limits limits_;
    EngineMemory memory_;
    checkpoint::Engine engine_;
};

} // namespace tools
