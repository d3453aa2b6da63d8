// SPDX-License-Identifier: Apache-2.0
// Flushing this processor's translations. Other processors: none runs yet; a shootdown belongs here.
#pragma once

#include <arch/address.hpp>

namespace kernel::arch {

inline void flush_page(UserAddress address) { asm volatile("invlpg (%0)" : : "r"(address.raw()) : "memory"); }

// Everything but global (kernel) translations.
inline void flush_all() {
    std::uint64_t space = 0;
    asm volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(space) : : "memory");
}

// The physical address of the top-level table in use, and its replacement (flushes).
inline PhysicalAddress loaded_space() {
    std::uint64_t space = 0;
    asm volatile("mov %%cr3, %0" : "=r"(space));
    return PhysicalAddress(space);
}
inline void load_space(PhysicalAddress space) {
    asm volatile("mov %0, %%cr3" : : "r"(space.raw()) : "memory");
}

// The kernel's own top-level table, loaded while no process runs. Its upper half is copied into every other.
PhysicalAddress kernel_space();

} // namespace kernel::arch
