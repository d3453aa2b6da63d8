// SPDX-License-Identifier: Apache-2.0
// One path from the root to a slot, as the machine translates; a full node is divided into nodes of a larger
// residual.
#include "space_editor.hpp"

#include "address_space.hpp"
#include "problem.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace tools {
namespace {

constexpr std::uint64_t low_bits(unsigned bits) { return bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits); }

[[noreturn]] void refuse(std::uint64_t address, std::string const& why) {
    throw Problem(ExitCode::failed, "no-room", fmt::format("{:#x} cannot be mapped: {}", address, why),
                  "see stele inspect --space; a program linked as the old one needs no other addresses");
}

abi::Capability& capability_of(abi::Patt& patt, std::uint64_t const* prefix) {
    return patt.capabilities[prefix - patt.prefixes];
}

} // namespace

SpaceEditor::Node SpaceEditor::root() { return {&open(root_, 0), 0}; }

abi::Patt& SpaceEditor::open(abi::Capability capability, std::uint64_t address) {
    if (capability.type() != abi::CapabilityType::patt) refuse(address, "the way to it is no node");
    if (capability.rights().has(abi::Right::read_only) || capability.rights().has(abi::Right::weak) ||
        capability.rights().has(abi::Right::no_execute))
        refuse(address, "the way to it has reduced rights");
    if (is_shared_(capability.object())) refuse(address, "another space has the node that maps it");
    auto& patt = edits_.object<abi::Patt>(capability.object());
    if (patt.header.version != capability.version().raw() || patt.residual < abi::frame_bits ||
        patt.residual > patt.size)
        refuse(address, "the way to it is broken");
    return patt;
}

std::uint64_t* SpaceEditor::slot_for(Node node, std::uint64_t address) {
    auto const key = (address - node.base) & ~low_bits(node.patt->residual);
    auto* const at = std::ranges::find(node.patt->prefixes, key);
    return at == std::end(node.patt->prefixes) ? nullptr : at;
}

std::uint64_t* SpaceEditor::empty_slot(abi::Patt& patt) {
    auto* const at = std::ranges::find(patt.prefixes, static_cast<std::uint64_t>(abi::PattPrefix::invalid));
    return at == std::end(patt.prefixes) ? nullptr : at;
}

void SpaceEditor::map(std::uint64_t address, abi::Capability page) {
    auto node = root();
    for (;;) {
        if (address - node.base > low_bits(node.patt->size)) refuse(address, "it lies outside the space");
        auto* const slot = slot_for(node, address);
        if (slot == nullptr) {
            if (empty_slot(*node.patt) != nullptr) return add_slot(node, address, page);
            split(node, (address - node.base) & ~low_bits(node.patt->residual), address);
            continue;
        }
        auto& below = capability_of(*node.patt, slot);
        if (node.patt->residual == abi::frame_bits) {
            below = page;
            return;
        }
        if (below.is_null()) {
            *slot = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
            continue;
        }
        node = {&open(below, address), node.base + *slot};
    }
}

// A slot that spans more than the page gets a node of its own.
void SpaceEditor::add_slot(Node node, std::uint64_t address, abi::Capability page) {
    auto const residual = node.patt->residual;
    auto const start = address & ~low_bits(residual);
    auto* const slot = empty_slot(*node.patt);
    *slot = start - node.base;
    capability_of(*node.patt, slot) =
        residual == abi::frame_bits ? page
                                    : build_address_space(edits_.arena(), {{address, page}}, start, residual);
}

void SpaceEditor::split(Node node, std::uint64_t key, std::uint64_t address) {
    auto& patt = *node.patt;
    auto const is_address = [fine = patt.residual](std::uint64_t prefix) {
        return (prefix & low_bits(fine)) == 0;
    };
    // Keeper and background stay in their slots.
    auto const room = static_cast<std::size_t>(std::ranges::count_if(patt.prefixes, is_address));
    unsigned residual = patt.residual;
    std::set<std::uint64_t> blocks;
    do {
        if (++residual >= patt.size) refuse(address, "its node is full");
        blocks = {key >> residual};
        for (auto const prefix : patt.prefixes)
            if (is_address(prefix)) blocks.insert(prefix >> residual);
    } while (blocks.size() > room);
    auto const old = patt;
    for (auto& prefix : patt.prefixes)
        if (is_address(prefix)) {
            capability_of(patt, &prefix) = {};
            prefix = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
        }
    patt.residual = static_cast<std::uint8_t>(residual);
    for (auto const block : blocks) {
        auto const [id, child] = edits_.arena().object<abi::Patt>(abi::FrameType::patt);
        child.size = static_cast<std::uint8_t>(residual);
        child.residual = old.residual;
        std::size_t count = 0;
        for (std::size_t i = 0; i < abi::patt_slots; ++i) {
            if (!is_address(old.prefixes[i]) || old.prefixes[i] >> residual != block) continue;
            child.prefixes[count] = old.prefixes[i] & low_bits(residual);
            child.capabilities[count++] = old.capabilities[i];
        }
        for (; count < abi::patt_slots; ++count)
            child.prefixes[count] = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
        auto* const slot = empty_slot(patt);
        *slot = block << residual;
        capability_of(patt, slot) =
            abi::Capability::to_object(abi::CapabilityType::patt, id, FrameArena::first_version);
    }
}

void SpaceEditor::unmap(std::uint64_t address) {
    for (auto node = root();;) {
        auto* const slot = slot_for(node, address);
        if (slot == nullptr) return;
        auto& below = capability_of(*node.patt, slot);
        if (node.patt->residual != abi::frame_bits) {
            node = {&open(below, address), node.base + *slot};
            continue;
        }
        *slot = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
        below = {};
        return;
    }
}

} // namespace tools
