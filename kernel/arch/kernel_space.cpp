// SPDX-License-Identifier: Apache-2.0
// Builds the kernel's half of the address space.
#include <arch/kernel_space.hpp>

#include <arch/direct_map.hpp>
#include <arch/offsets.h>
#include <arch/page_entry.hpp>
#include <arch/registers.hpp>
#include <arch/tlb.hpp>

extern "C" {
extern char kernel_physical_start[];
extern char kernel_physical_end[];
extern char kernel_text_start[];
extern char kernel_text_end[];
extern char kernel_rodata_start[];
extern char kernel_rodata_end[];
extern char kernel_data_start[];
extern char kernel_data_end[];
extern char kernel_stack_guard[];
extern char fault_stack_guard[];
}

namespace kernel::arch {

namespace {

using Bit = PageEntry::Bit;

constexpr std::uint64_t large_page = 1 << 21;
constexpr std::uint64_t local_apic_physical = 0xfee0'0000;
constexpr std::uint64_t io_apic_physical = 0xfec0'0000;
constexpr unsigned direct_map_top_entry = 256;

constinit PhysicalAddress top_table;

struct Builder {
    PhysicalAddress (*take_page)();

    // The table below an entry, made when it is not there.
    PageTable& below(PageTableSlot& slot) {
        if (!slot.load().present()) slot.store(PageEntry(take_page(), Bit::present | Bit::writable));
        return page_table(slot.load().target());
    }

    PageTable& table_for(std::uint64_t address, unsigned level) {
        PageTable* table = &page_table(top_table);
        for (unsigned at = page_table_levels; at > level; --at)
            table = &below(table->slots[table_index(UserAddress(address), at)]);
        return *table;
    }

    void map(std::uint64_t address, std::uint64_t physical, unsigned level, PageEntry::Bits bits) {
        table_for(address, level)
            .slots[table_index(UserAddress(address), level)]
            .store(PageEntry(PhysicalAddress(physical), bits | Bit::present | Bit::global));
    }

    void map_image(char const* start, char const* end, PageEntry::Bits bits) {
        auto const last = reinterpret_cast<std::uint64_t>(end);
        for (auto at = reinterpret_cast<std::uint64_t>(start); at < last; at += abi::frame_size)
            map(at, at - KERNEL_BASE, 1, bits);
    }

    void unmap_guard(char const* guard) {
        auto const address = reinterpret_cast<std::uint64_t>(guard);
        table_for(address, 1).slots[table_index(UserAddress(address), 1)].store(PageEntry());
    }
};

} // namespace

void start_kernel_space(std::uint64_t memory_end, PhysicalAddress (*take_page)()) {
    top_table = take_page();
    Builder builder{take_page};
    for (std::uint64_t at = 0; at < memory_end; at += large_page)
        builder.map(direct_map_base + at, at, 2, Bit::writable | Bit::no_execute | Bit::large);
    builder.map_image(kernel_text_start, kernel_text_end, {});
    builder.map_image(kernel_rodata_start, kernel_rodata_end, Bit::no_execute);
    builder.map_image(kernel_data_start, kernel_data_end, Bit::writable | Bit::no_execute);
    builder.unmap_guard(kernel_stack_guard);
    builder.unmap_guard(fault_stack_guard);
    auto const device = Bit::writable | Bit::no_execute | Bit::cache_disable | Bit::write_through;
    builder.map(local_apic_window, local_apic_physical, 1, device);
    builder.map(io_apic_window, io_apic_physical, 1, device);

    load_space(top_table);
    write_cr4(read_cr4() | static_cast<std::uint64_t>(Cr4::page_global));
}

PhysicalAddress kernel_space() { return top_table; }

std::uint64_t kernel_physical_begin() { return reinterpret_cast<std::uint64_t>(kernel_physical_start); }
std::uint64_t kernel_physical_limit() { return reinterpret_cast<std::uint64_t>(kernel_physical_end); }

} // namespace kernel::arch
