// SPDX-License-Identifier: Apache-2.0
// The tree is as flat as sixteen slots a node allow: each node takes the smallest residual under which its
// pages fall into at most sixteen blocks, and a block with more than one page is a node of that size.
#include "address_space.hpp"

#include <span>

namespace tools {
namespace {

std::uint64_t block_of(std::uint64_t address, unsigned residual) { return address >> residual; }

std::size_t count_blocks(std::span<MappedPage const> pages, unsigned residual) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < pages.size(); ++i)
        if (i == 0 || block_of(pages[i].address, residual) != block_of(pages[i - 1].address, residual))
            ++count;
    return count;
}

abi::Capability build(FrameArena& arena, std::span<MappedPage const> pages, std::uint64_t base,
                      unsigned size) {
    unsigned residual = abi::frame_bits;
    while (count_blocks(pages, residual) > abi::patt_slots) ++residual;
    auto const [id, node] = arena.object<abi::Patt>(abi::FrameType::patt);
    node.size = static_cast<std::uint8_t>(size);
    node.residual = static_cast<std::uint8_t>(residual);
    for (auto& prefix : node.prefixes) prefix = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
    std::size_t slot = 0;
    for (std::size_t i = 0; i < pages.size(); ++slot) {
        auto const block = block_of(pages[i].address, residual);
        std::size_t end = i;
        while (end < pages.size() && block_of(pages[end].address, residual) == block) ++end;
        auto const start = block << residual;
        node.prefixes[slot] = start - base;
        node.capabilities[slot] = residual == abi::frame_bits
                                      ? pages[i].page
                                      : build(arena, pages.subspan(i, end - i), start, residual);
        i = end;
    }
    return abi::Capability::to_object(abi::CapabilityType::patt, id, FrameArena::first_version);
}

} // namespace

abi::Capability build_address_space(FrameArena& arena, std::vector<MappedPage> const& pages) {
    return build(arena, pages, 0, user_space_bits);
}

abi::Capability build_address_space(FrameArena& arena, std::vector<MappedPage> const& pages,
                                    std::uint64_t base, unsigned size) {
    return build(arena, pages, base, size);
}

} // namespace tools
