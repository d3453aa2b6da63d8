// SPDX-License-Identifier: Apache-2.0
// Copies from and to user memory.
#include <mapping/user_memory.hpp>

#include <algorithm>
#include <cstring>

namespace kernel {

namespace {

constexpr std::size_t pages_max = 2;

struct Pieces {
    UserPage page[pages_max];
    std::size_t count = 0;
};

Result<Pieces> resolve_range(Kernel& kernel, ProcessRef process, UserAddress address, std::size_t bytes,
                             Access access) {
    Pieces pieces;
    while (bytes > 0) {
        if (pieces.count == pages_max) return fail(Error::bad_argument);
        auto page = TRY(resolve_user(kernel, process, address, access));
        page.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(page.bytes, bytes));
        pieces.page[pieces.count++] = page;
        address += page.bytes;
        bytes -= page.bytes;
    }
    return pieces;
}

} // namespace

Result<UserPage> resolve_user(Kernel& kernel, ProcessRef process, UserAddress address, Access access) {
    if (address.raw() >= user_address_end) return fail(Error::invalid_address);
    auto const root = object_slot(abi::FrameType::process, process.target(),
                                  static_cast<std::uint32_t>(abi::ProcessSlot::address_space));
    auto const offset = static_cast<std::uint32_t>(address.offset_in(abi::frame_bits));
    auto const rest = static_cast<std::uint32_t>(abi::frame_size) - offset;
    Walk walk;
    if (!patt_walk(kernel, root, address, access, walk)) return fail(walk.error);
    return UserPage{walk.page, offset, rest};
}

Result<std::span<std::byte>> resolve_arena(Kernel& kernel, ProcessRef process, UserAddress address) {
    auto const root = object_slot(abi::FrameType::process, process.target(),
                                  static_cast<std::uint32_t>(abi::ProcessSlot::address_space));
    auto const target = TRY(prepare(kernel, root));
    auto const id = object_id_of(memory(kernel), target);
    auto const version = version_of(memory(kernel), target);
    for (auto const& window : mappings(kernel).windows) {
        // Registers of a device are no memory to copy from; the arena is.
        if (window.root != id || window.version != version || !window.cached || address < window.address)
            continue;
        auto const offset = address - window.address;
        if (offset <= window.bytes && abi::frame_size <= window.bytes - offset)
            return std::span<std::byte>(arch::frame_bytes(window.physical + offset));
    }
    return fail(Error::invalid_address);
}

Result<> copy_from_user(Kernel& kernel, ProcessRef process, UserAddress address, std::span<std::byte> to) {
    auto const pieces = TRY(resolve_range(kernel, process, address, to.size(), Access::read));
    std::size_t done = 0;
    for (std::size_t i = 0; i < pieces.count; ++i) {
        auto const& page = pieces.page[i];
        std::memcpy(to.data() + done, arch::frame_bytes(page.frame).data() + page.offset, page.bytes);
        done += page.bytes;
    }
    return {};
}

Result<> copy_to_user(Kernel& kernel, ProcessRef process, UserAddress address,
                      std::span<std::byte const> from, Committed const& committed) {
    auto const pieces = TRY(resolve_range(kernel, process, address, from.size(), Access::write));
    std::size_t done = 0;
    for (std::size_t i = 0; i < pieces.count; ++i) {
        auto const& page = pieces.page[i];
        FrameWriter writer(kernel, page.frame, 0, committed);
        std::memcpy(writer.page().data() + page.offset, from.data() + done, page.bytes);
        done += page.bytes;
    }
    return {};
}

} // namespace kernel
