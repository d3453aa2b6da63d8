// SPDX-License-Identifier: Apache-2.0
// Hosted stand-in for kernel/arch/tlb.hpp: counts the flushes, so that a test can ask for each one.
#pragma once

#include <arch/address.hpp>

#include <cstddef>

namespace kernel::arch {

struct FakeTlb {
    std::size_t page_flushes = 0;
    std::size_t full_flushes = 0;
    UserAddress last_page;
    PhysicalAddress space;
    // A test's model of the translations held: one page's, or all, are forgotten.
    void (*on_flush)(UserAddress page, bool all) = nullptr;
};

FakeTlb& fake_tlb();

inline void flush_page(UserAddress address) {
    ++fake_tlb().page_flushes;
    fake_tlb().last_page = address;
    if (fake_tlb().on_flush != nullptr) fake_tlb().on_flush(address, false);
}
inline void flush_all() {
    ++fake_tlb().full_flushes;
    if (fake_tlb().on_flush != nullptr) fake_tlb().on_flush({}, true);
}
inline PhysicalAddress loaded_space() { return fake_tlb().space; }
inline void load_space(PhysicalAddress space) {
    fake_tlb().space = space;
    flush_all();
}
// Frame 0 of the fake memory.
inline PhysicalAddress kernel_space() { return PhysicalAddress(0); }

} // namespace kernel::arch
