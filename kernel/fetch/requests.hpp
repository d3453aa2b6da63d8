// SPDX-License-Identifier: Apache-2.0
// Frames that are wanted from the store: who asks names the frame once, whoever
// waits for it waits by its key.
//   Invariant: a frame stands in the table at most once; `wanted` entries have not been handed to the
//   migrator, `taken` ones are with it and will be answered by supply, absent or corrupt.
#pragma once

#include <core/kernel.hpp>
#include <core/limits.hpp>

#include <abi/frame.hpp>
#include <base/result.hpp>

#include <array>
#include <cstdint>

namespace kernel {

class Requests {
public:
    // True when the frame was not wanted before, so that the migrator has to be told.
    // limit_reached: the table is full.
    base::Result<bool> want(abi::FrameId frame);
    // The next wanted frame, now taken; frame 0 when there is none.
    abi::FrameId take();
    // The answer came. False: nobody had asked.
    bool finish(abi::FrameId frame);
    // The content cannot be had (R15, lost blocks): a process that needs the frame is faulted. The newest few
    // are remembered; when one is forgotten, its next use asks the store again.
    void remember_lost(abi::FrameId frame);
    bool is_lost(abi::FrameId frame) const;

    std::uint32_t count() const { return count_; }
    std::uint64_t total() const { return total_; }

private:
    enum class State : std::uint8_t { free, wanted, taken };
    struct Wanted {
        abi::FrameId frame;
        State state = State::free;
        std::uint32_t order = 0;
    };
    static constexpr std::uint32_t lost_max = 16;

    std::array<Wanted, wanted_frames_max> table_{};
    std::array<abi::FrameId, lost_max> lost_{};
    std::uint32_t next_lost_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t next_order_ = 0;
    std::uint64_t total_ = 0; // since boot
};

Requests& requests(Kernel& kernel);
Requests const& requests(Kernel const& kernel);

} // namespace kernel
