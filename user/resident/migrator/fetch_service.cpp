// SPDX-License-Identifier: Apache-2.0
// From the kernel's wanted frames to supply, absent or corrupt.
#include "fetch_service.hpp"

#include <runtime/print.hpp>

#include <array>
#include <bit>

namespace migrator {

bool FetchService::step() {
    bool worked = deliver();
    worked |= ask();
    worked |= look();
    return worked;
}

bool FetchService::deliver() {
    bool worked = false;
    if (waiting_) {
        if (!give(*waiting_)) return false;
        engine_.release(waiting_->ticket);
        waiting_.reset();
        worked = true;
    }
    while (auto const fetched = engine_.take_fetched()) {
        worked = true;
        if (!give(*fetched)) {
            waiting_ = fetched;
            break;
        }
        engine_.release(fetched->ticket);
    }
    return worked;
}

bool FetchService::give(checkpoint::Fetched const& fetched) {
    auto const frame = fetched.frame.raw();
    runtime::Result<> given;
    if (fetched.error == abi::Error::absent ||
        (fetched.error == abi::Error::none && fetched.type == abi::FrameType::free)) {
        given = source_.absent(frame, fetched.mark.raw());
    } else if (fetched.error == abi::Error::none) {
        given = source_.supply(frame, static_cast<std::uint8_t>(fetched.type), fetched.mark.raw(),
                               std::bit_cast<std::uint64_t>(fetched.content.data()));
    } else {
        static_cast<void>(runtime::print_line(log_, "migrator: frame ", base::Hex{frame},
                                              " is lost: ", abi::describe(fetched.error).name, " at byte ",
                                              fetched.corruption.offset));
        given = source_.corrupt(frame);
    }
    if (given.error == abi::Error::no_memory) return false;
    // Other errors have been dealt with by the kernel: it has faulted who waited, or has the frame already.
    ++status_.counters.fetches;
    return true;
}

// Takes the next wanted frames when all that were taken before are on their way.
bool FetchService::ask() {
    if (!more_ || !pending_.empty()) return false;
    auto const result = source_.requests();
    if (result.failed() || result->count == 0) {
        more_ = false;
        return false;
    }
    std::array const frames{result->frame0, result->frame1, result->frame2,
                            result->frame3, result->frame4, result->frame5};
    for (std::size_t i = 0; i < frames.size() && i < result->count; ++i)
        pending_.push_back(abi::FrameId(frames[i]));
    more_ = result->count >= frames.size();
    return true;
}

bool FetchService::look() {
    bool worked = false;
    while (!pending_.empty()) {
        auto const frame = pending_[pending_.size() - 1];
        auto const ticket = engine_.fetch(frame);
        if (ticket.error == abi::Error::busy) break;
        // A name that no persistent frame has is refused by the store: nobody can ever supply it.
        if (ticket.failed()) static_cast<void>(source_.corrupt(frame.raw()));
        pending_.pop_back();
        worked = true;
    }
    return worked;
}

} // namespace migrator
