// SPDX-License-Identifier: Apache-2.0
// What the boot loader says, in one form for both loaders: memory, module, command line.
#pragma once

#include <core/boot_memory.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace kernel {

// Where the firmware puts the devices' windows: from the end of RAM below 4 GiB to the interrupt controllers,
// which belong to the kernel, and from the end of RAM above 4 GiB to the last address that the processor has.
struct DeviceSpace {
    PhysicalRange low;
    PhysicalRange high;
};

struct BootDescription {
    BootMemory memory;
    PhysicalRange module; // exact bytes; zero length: none was loaded
    DeviceSpace device_space;
    std::array<char, 3968> command_line{};
    std::size_t command_line_length = 0;

    std::string_view command() const { return {command_line.data(), command_line_length}; }
};

// Reads the description at `physical`, which lies below 1 GiB. Panics by name when there is none.
void read_description(BootDescription& description, std::uint32_t loader_magic, std::uint64_t physical);

} // namespace kernel
