// SPDX-License-Identifier: Apache-2.0
// Lines now and then, by time and not by count: a machine that crawls shows progress as well.
#pragma once

#include <apps/self_check.hpp>

#include <cstdint>

namespace apps {

class Pace {
public:
    explicit constexpr Pace(std::uint64_t interval_ns) : interval_ns_(interval_ns) {}

    // Is a line due? Then the next one is, at the earliest, after the interval.
    bool due() {
        auto const now = clock.now();
        if (now.failed() || now->nanoseconds < next_) return false;
        next_ = now->nanoseconds + interval_ns_;
        return true;
    }

private:
    std::uint64_t interval_ns_;
    std::uint64_t next_ = 0;
};

} // namespace apps
