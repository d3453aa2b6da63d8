// SPDX-License-Identifier: Apache-2.0
// Many single measurements of one path with the time-stamp counter, which counts instructions under -icount.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace bench {

inline std::uint64_t timestamp() { return __builtin_ia32_rdtsc(); }

struct Spread {
    std::uint64_t median = 0;
    std::uint64_t p99 = 0;
    std::uint64_t least = 0;
};

inline constexpr std::size_t sample_count = 400;
inline constexpr std::size_t warm_up = 64;

class Samples {
public:
    // Runs `path` warm, then `sample_count` times, with `before` outside of the measurement.
    template <class Before, class Path>
    Spread measure(Before before, Path path) {
        for (std::size_t i = 0; i < warm_up + sample_count; ++i) {
            before();
            auto const start = timestamp();
            path();
            auto const length = timestamp() - start;
            if (i >= warm_up) samples_[i - warm_up] = length - std::min(length, empty_);
        }
        return spread();
    }
    // The same of a path that tells its length itself, its start taken with timestamp().
    template <class Before, class Path>
    Spread collect(Before before, Path path) {
        for (std::size_t i = 0; i < warm_up + sample_count; ++i) {
            before();
            auto const length = path();
            if (i >= warm_up) samples_[i - warm_up] = length - std::min(length, empty_);
        }
        return spread();
    }
    // What an empty path costs is taken off every later measurement.
    void calibrate() {
        empty_ = 0;
        empty_ = measure([] {}, [] {}).median;
    }

private:
    Spread spread() {
        std::sort(samples_.begin(), samples_.end());
        return {samples_[sample_count / 2], samples_[sample_count * 99 / 100], samples_[0]};
    }

    std::array<std::uint64_t, sample_count> samples_{};
    std::uint64_t empty_ = 0;
};

} // namespace bench
