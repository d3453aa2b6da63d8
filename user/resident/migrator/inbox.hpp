// SPDX-License-Identifier: Apache-2.0
// What comes in at the migrator's endpoint: event bits, which are kept until somebody takes them, and calls.
#pragma once

#include <abi/resident_events.hpp>
#include <runtime/request.hpp>

#include <cstdint>

namespace migrator {

class Inbox {
public:
    explicit Inbox(runtime::Slot first_receive_slot) : request_(first_receive_slot) {}

    // Whether the event came since it was taken last; takes it.
    bool take(abi::MigratorEvent event) {
        bool const came = (bits_ & abi::bits(event)) != 0;
        bits_ &= ~abi::bits(event);
        return came;
    }

    // The next call, or null when something else came or, without waiting, nothing.
    // Complete it before the next one.
    runtime::Request* next(bool wait) {
        if (wait) request_.wait();
        else if (!request_.poll()) return nullptr;
        if (!request_.is_event()) return &request_;
        bits_ |= request_.bits();
        return nullptr;
    }

    // Before the migrator serves, nobody has an entry to it: a call that comes anyway is refused.
    void wait_for(abi::MigratorEvent event) {
        while (!take(event))
            if (auto* const call = next(true))
                call->complete(runtime::Result<>(runtime::fail(abi::Error::busy)));
    }

private:
    runtime::Request request_;
    std::uint64_t bits_ = 0;
};

} // namespace migrator
