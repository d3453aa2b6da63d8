// SPDX-License-Identifier: Apache-2.0
// Page-table entries of x86-64, four levels (Intel SDM 3A, section 4.5): bits, geometry, and atomic access to
// a slot. The processor sets `accessed` and `dirty` by itself: a slot is read once into a PageEntry and
// replaced by exchange.
#pragma once

#include <arch/address.hpp>

#include <base/bits.hpp>

#include <cstddef>
#include <cstdint>

namespace kernel {

class PageEntry {
public:
    enum class Bit : std::uint64_t {
        present = 1ull << 0,
        writable = 1ull << 1,
        user = 1ull << 2,
        write_through = 1ull << 3,
        cache_disable = 1ull << 4,
        accessed = 1ull << 5,
        dirty = 1ull << 6,
        large = 1ull << 7,
        global = 1ull << 8,
        // Bits 9..11 are ignored by the processor.
        software0 = 1ull << 9,
        software1 = 1ull << 10,
        software2 = 1ull << 11,
        no_execute = 1ull << 63,
    };
    using Bits = base::Flags<Bit>;
    static constexpr std::uint64_t address_mask = 0x000f'ffff'ffff'f000;

    constexpr PageEntry() = default;
    constexpr explicit PageEntry(std::uint64_t raw) : raw_(raw) {}
    constexpr PageEntry(PhysicalAddress target, Bits bits)
        : raw_((target.raw() & address_mask) | bits.raw()) {}

    constexpr std::uint64_t raw() const { return raw_; }
    constexpr bool present() const { return has(Bit::present); }
    constexpr bool has(Bits bits) const { return Bits::from_raw(raw_).has(bits); }
    constexpr PhysicalAddress target() const { return PhysicalAddress(raw_ & address_mask); }
    constexpr FrameIndex frame() const { return frame_index(target()); }
    constexpr PageEntry with(Bits bits) const { return PageEntry(raw_ | bits.raw()); }
    constexpr PageEntry without(Bits bits) const { return PageEntry(raw_ & ~bits.raw()); }
    friend constexpr bool operator==(PageEntry, PageEntry) = default;

private:
    std::uint64_t raw_ = 0;
};

constexpr PageEntry::Bits operator|(PageEntry::Bit a, PageEntry::Bit b) { return PageEntry::Bits(a) | b; }

inline constexpr unsigned page_table_levels = 4; // level 4 is the top, level 1 holds the pages
inline constexpr unsigned page_table_index_bits = 9;
inline constexpr std::size_t page_table_entries = 512;
// The lower half of a top-level table belongs to the process, the upper half to the kernel.
inline constexpr std::size_t user_top_entries = 256;

constexpr unsigned level_shift(unsigned level) {
    return abi::frame_bits + page_table_index_bits * (level - 1);
}
constexpr unsigned table_index(UserAddress address, unsigned level) {
    return static_cast<unsigned>(address.raw() >> level_shift(level)) & (page_table_entries - 1);
}

// One slot of a table in memory.
class PageTableSlot {
public:
    PageEntry load() const { return PageEntry(__atomic_load_n(&raw_, __ATOMIC_RELAXED)); }
    void store(PageEntry entry) { __atomic_store_n(&raw_, entry.raw(), __ATOMIC_RELEASE); }
    // Replaces the entry and returns what stood there, with the bits that the processor had set up to then.
    PageEntry exchange(PageEntry entry) {
        return PageEntry(__atomic_exchange_n(&raw_, entry.raw(), __ATOMIC_ACQ_REL));
    }
    // Clears bits and returns what stood there; bits set by the processor meanwhile are kept.
    PageEntry clear(PageEntry::Bits bits) {
        return PageEntry(__atomic_fetch_and(&raw_, ~bits.raw(), __ATOMIC_ACQ_REL));
    }
    PageEntry set(PageEntry::Bits bits) {
        return PageEntry(__atomic_fetch_or(&raw_, bits.raw(), __ATOMIC_ACQ_REL));
    }

private:
    std::uint64_t raw_ = 0;
};

struct PageTable {
    PageTableSlot slots[page_table_entries];
};

static_assert(sizeof(PageTable) == abi::frame_size);

} // namespace kernel
