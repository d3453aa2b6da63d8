// SPDX-License-Identifier: Apache-2.0
// The kernel lock: taken when a processor enters the kernel, given back when it leaves. Fair (tickets).
#pragma once

#include <base/contract.hpp>

#include <cstdint>

namespace kernel {

class TicketLock {
public:
    void acquire() {
        std::uint32_t const ticket = __atomic_fetch_add(&next_, 1u, __ATOMIC_RELAXED);
        // Pairs with the release in release(): everything the last holder wrote is visible.
        while (__atomic_load_n(&serving_, __ATOMIC_ACQUIRE) != ticket) __builtin_ia32_pause();
    }
    void release() {
        expects(held());
        __atomic_store_n(&serving_, serving_ + 1, __ATOMIC_RELEASE);
    }
    bool held() const { return __atomic_load_n(&next_, __ATOMIC_RELAXED) != serving_; }

private:
    std::uint32_t next_ = 0;
    std::uint32_t serving_ = 0;
};

} // namespace kernel
