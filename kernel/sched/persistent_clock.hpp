// SPDX-License-Identifier: Apache-2.0
// The persistent clock (R20): monotonic nanoseconds that stop while the machine is off.
// And wall time, which may jump.
#pragma once

#include <arch/clock.hpp>
#include <core/kernel.hpp>

#include <cstdint>

namespace kernel {

class PersistentClock {
public:
    std::uint64_t now() const { return base_ + arch::now_ns() - started_; }
    // Goes on from the instant of the restored snapshot.
    void restore(std::uint64_t base) {
        base_ = base;
        started_ = arch::now_ns();
    }
    // Seconds since 1970 at the start of this boot, 0 = unknown.
    void start_wall(std::uint64_t seconds) { wall_ = seconds; }
    // Nanoseconds since 1970, 0 = unknown.
    std::uint64_t wall() const { return wall_ == 0 ? 0 : wall_ * 1'000'000'000 + arch::now_ns(); }

private:
    std::uint64_t wall_ = 0;
    std::uint64_t base_ = 0;
    std::uint64_t started_ = 0;
};

PersistentClock& persistent_clock(Kernel& kernel);
PersistentClock const& persistent_clock(Kernel const& kernel);

} // namespace kernel
