// SPDX-License-Identifier: Apache-2.0
// How much migration may read and write: a rate, turned into bytes as time passes. What was not used is lost
// after a tenth of a second, so that an idle hour does not become a burst.
#pragma once

#include <algorithm>
#include <cstdint>

namespace migrator {

class MigrationBudget {
public:
    // 0: no limit. `now` in nanoseconds of the persistent clock, as below.
    MigrationBudget(std::uint32_t kib_per_second, std::uint64_t now) : rate_(kib_per_second), last_(now) {}
    bool limited() const { return rate_ != 0; }

    // Bytes earned since the last call; at most a tenth of a second's.
    std::uint64_t earned(std::uint64_t now) {
        auto const passed = std::min(now > last_ ? now - last_ : 0, window_ns);
        auto const bytes = passed * rate_ / nanoseconds_per_kib;
        // A call too early to earn a byte must not use the time up.
        if (bytes > 0) last_ = now;
        return bytes;
    }
    // When a migration that rests should be let go on.
    static std::uint64_t wake_at(std::uint64_t now) { return now + window_ns / 10; }

private:
    static constexpr std::uint64_t window_ns = 100'000'000;
    static constexpr std::uint64_t nanoseconds_per_kib = 1'000'000'000 / 1024 + 1; // a second over 1024

    std::uint64_t rate_;
    std::uint64_t last_;
};

} // namespace migrator
