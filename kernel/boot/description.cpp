// SPDX-License-Identifier: Apache-2.0
// The two boot protocols: multiboot2 (specification 2.0, section 3.6) and PVH
// (Xen's hvm_start_info, version 1).
#include <boot/description.hpp>

#include <cap/encodings.hpp>
#include <core/panic.hpp>

#include <arch/cpuid.hpp>
#include <arch/direct_map.hpp>
#include <arch/kernel_space.hpp>

#include <base/bytes.hpp>
#include <base/layout.hpp>

#include <algorithm>
#include <cstring>

namespace kernel {

namespace {

constexpr std::uint32_t multiboot_magic = 0x36d7'6289;
constexpr std::uint32_t pvh_magic = 0x336e'c578;
constexpr std::uint32_t usable_memory = 1; // in both protocols' maps

struct MultibootTag {
    std::uint32_t type; // 0
    std::uint32_t size; // 4: with this header, without the padding to 8
};
constexpr std::uint32_t tag_end = 0;
constexpr std::uint32_t tag_command_line = 1;
constexpr std::uint32_t tag_module = 3;
constexpr std::uint32_t tag_memory_map = 6;

struct MultibootMemory {
    std::uint64_t start;    // 0
    std::uint64_t bytes;    // 8
    std::uint32_t type;     // 16
    std::uint32_t reserved; // 20
};

struct PvhStart {
    std::uint32_t magic;              // 0
    std::uint32_t version;            // 4
    std::uint32_t flags;              // 8
    std::uint32_t module_count;       // 12
    std::uint64_t modules;            // 16
    std::uint64_t command_line;       // 24
    std::uint64_t root_system_table;  // 32
    std::uint64_t memory_map;         // 40: from version 1 on
    std::uint32_t memory_map_entries; // 48
    std::uint32_t reserved;           // 52
};

struct PvhModule {
    std::uint64_t start;        // 0
    std::uint64_t bytes;        // 8
    std::uint64_t command_line; // 16
    std::uint64_t reserved;     // 24
};

static_assert(base::WireType<MultibootTag> && sizeof(MultibootTag) == 8);
static_assert(base::WireType<MultibootMemory> && sizeof(MultibootMemory) == 24);
static_assert(base::WireType<PvhStart> && sizeof(PvhStart) == 56);
static_assert(base::WireType<PvhModule> && sizeof(PvhModule) == 32);
STELE_AT(PvhStart, modules, 16);
STELE_AT(PvhStart, memory_map, 40);

// The map of the first link covers this much.
constexpr std::uint64_t readable_bytes = 1 << 30;

base::ConstBytes physical_bytes(std::uint64_t start, std::size_t bytes) {
    if (start >= readable_bytes || bytes > readable_bytes - start) panic("boot information above 1 GiB");
    return {arch::direct_map(PhysicalAddress(start)), bytes};
}

void copy_command_line(BootDescription& description, base::ConstBytes text) {
    std::size_t length = 0;
    while (length < text.size() && length < description.command_line.size() && text[length] != std::byte{0})
        ++length;
    std::memcpy(description.command_line.data(), text.data(), length);
    description.command_line_length = length;
}

void read_multiboot_memory(BootDescription& description, base::ConstBytes tag) {
    auto const entry_size = base::read<std::uint32_t>(tag, 8);
    if (entry_size < sizeof(MultibootMemory)) panic("the memory map's entries are too small");
    for (std::size_t at = 16; at + entry_size <= tag.size(); at += entry_size) {
        auto const entry = base::read<MultibootMemory>(tag, at);
        if (entry.type == usable_memory) description.memory.add(entry.start, entry.bytes);
    }
}

void read_multiboot(BootDescription& description, std::uint64_t physical) {
    auto const total = base::read<std::uint32_t>(physical_bytes(physical, 8));
    auto const info = physical_bytes(physical, total);
    for (std::size_t at = 8; at + sizeof(MultibootTag) <= total;) {
        auto const tag = base::read<MultibootTag>(info, at);
        if (tag.type == tag_end || tag.size < sizeof tag || tag.size > total - at) break;
        auto const bytes = info.subspan(at, tag.size);
        if (tag.type == tag_command_line) copy_command_line(description, bytes.subspan(8));
        if (tag.type == tag_memory_map) read_multiboot_memory(description, bytes);
        if (tag.type == tag_module && description.module.bytes == 0) {
            auto const start = base::read<std::uint32_t>(bytes, 8);
            description.module = {PhysicalAddress(start), base::read<std::uint32_t>(bytes, 12) - start};
        }
        at += (tag.size + 7) & ~std::size_t{7};
    }
}

void read_pvh(BootDescription& description, std::uint64_t physical) {
    auto const start = base::read<PvhStart>(physical_bytes(physical, sizeof(PvhStart)));
    if (start.version < 1) panic("the PVH start information has no memory map");
    auto const map = physical_bytes(start.memory_map, start.memory_map_entries * sizeof(MultibootMemory));
    for (std::size_t i = 0; i < start.memory_map_entries; ++i) {
        auto const entry = base::read<MultibootMemory>(map, i * sizeof(MultibootMemory));
        if (entry.type == usable_memory) description.memory.add(entry.start, entry.bytes);
    }
    if (start.module_count > 0) {
        auto const module = base::read<PvhModule>(physical_bytes(start.modules, sizeof(PvhModule)));
        description.module = {PhysicalAddress(module.start), module.bytes};
    }
    if (start.command_line != 0)
        copy_command_line(description, physical_bytes(start.command_line, description.command_line.size()));
}

// The first address from `from` on, a multiple of `rounding`, that lies above all RAM below `limit`.
std::uint64_t end_of_memory(BootMemory const& memory, PhysicalRange within, std::uint64_t rounding) {
    std::uint64_t end = within.start.raw();
    for (auto const& range : memory.ranges())
        if (range.end() <= within.end()) end = std::max(end, range.end().raw());
    return (end + rounding - 1) / rounding * rounding;
}

PhysicalRange device_space_within(BootMemory const& memory, PhysicalRange within, std::uint64_t rounding) {
    auto const start = std::min(end_of_memory(memory, within, rounding), within.end().raw());
    return {PhysicalAddress(start), within.end().raw() - start};
}

DeviceSpace find_device_space(BootMemory const& memory) {
    constexpr std::uint64_t interrupt_controllers = 0xfec0'0000;
    constexpr std::uint64_t mib = 1 << 20;
    constexpr std::uint64_t four_gib = std::uint64_t{1} << 32;
    auto const last =
        std::clamp(std::uint64_t{1} << arch::physical_address_bits(), four_gib, PageRange::limit);
    return {
        device_space_within(memory, {PhysicalAddress(0), interrupt_controllers}, mib),
        device_space_within(memory, {PhysicalAddress(four_gib), last - four_gib}, PageRange::round_bytes)};
}

} // namespace

void read_description(BootDescription& description, std::uint32_t loader_magic, std::uint64_t physical) {
    // On some machines a PVH start has another loader's magic in eax: what ebx points at is asked first.
    if (base::read<std::uint32_t>(physical_bytes(physical, 4)) == pvh_magic) read_pvh(description, physical);
    else if (loader_magic == multiboot_magic) read_multiboot(description, physical);
    else panic("neither multiboot2 nor PVH: magic ", base::Hex{loader_magic});
    description.device_space = find_device_space(description.memory);
    description.memory.reserve(arch::kernel_physical_begin(), arch::kernel_physical_limit());
    if (description.module.bytes > 0)
        description.memory.reserve(description.module.start.raw(), description.module.end().raw());
}

} // namespace kernel
