// SPDX-License-Identifier: Apache-2.0
// Builds the PATTs of a resident program. Every level but the first divides by sixteen; the first spans user
// space sparsely, so that program, stack and register page each take one of its slots.
#include <boot/resident_space.hpp>

namespace kernel {

namespace {

constexpr unsigned root_size = 47;
constexpr unsigned root_residual = 28;
constexpr unsigned bits_per_level = 4;

constexpr std::uint64_t low_bits(std::uint64_t address, unsigned bits) {
    return address & ((std::uint64_t{1} << bits) - 1);
}

} // namespace

ResidentSpace::ResidentSpace(ResidentObjects& objects)
    : objects_(objects), root_(make_node(root_size, root_residual)) {}

Target ResidentSpace::make_node(unsigned size, unsigned residual) {
    auto const node = objects_.object<abi::Patt>(abi::FrameType::patt);
    auto& patt = objects_.write<abi::Patt>(node);
    patt.size = static_cast<std::uint8_t>(size);
    patt.residual = static_cast<std::uint8_t>(residual);
    for (auto& prefix : patt.prefixes) prefix = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
    return node;
}

std::size_t ResidentSpace::find_slot(Target node, std::uint64_t address) {
    auto const& patt = object_view<abi::Patt>(node.frame, node.index);
    auto const prefix = address - low_bits(address, patt.residual);
    std::size_t slot = 0;
    while (slot < abi::patt_slots && patt.prefixes[slot] != prefix) ++slot;
    return slot;
}

std::size_t ResidentSpace::take_slot(Target node, std::uint64_t address) {
    auto& patt = objects_.write<abi::Patt>(node);
    for (std::size_t slot = 0; slot < abi::patt_slots; ++slot) {
        if (patt.prefixes[slot] != static_cast<std::uint64_t>(abi::PattPrefix::invalid)) continue;
        patt.prefixes[slot] = address - low_bits(address, patt.residual);
        return slot;
    }
    panic("a resident program's address space is too scattered at ", base::Hex{address});
}

void ResidentSpace::map(UserAddress address, FrameIndex page, abi::Rights rights) {
    auto node = root_;
    auto rest = address.raw();
    for (unsigned residual = root_residual;; residual -= bits_per_level) {
        auto slot = find_slot(node, rest);
        bool const is_new = slot == abi::patt_slots;
        if (is_new) slot = take_slot(node, rest);
        auto const location = object_slot(abi::FrameType::patt, node, static_cast<std::uint32_t>(slot));
        if (residual == abi::frame_bits) {
            expects(is_new);
            objects_.store(location, objects_.capability(abi::CapabilityType::data_page, {page, 0}, rights));
            return;
        }
        if (is_new) {
            auto const child = make_node(residual, residual - bits_per_level);
            objects_.store(location, objects_.capability(abi::CapabilityType::patt, child));
        }
        node = *prepare(objects_.kernel(), location);
        rest = low_bits(rest, residual);
    }
}

FrameIndex ResidentSpace::find(UserAddress address) {
    auto node = root_;
    auto rest = address.raw();
    for (unsigned residual = root_residual;; residual -= bits_per_level) {
        auto const slot = find_slot(node, rest);
        if (slot == abi::patt_slots) return no_frame;
        node = *prepare(objects_.kernel(),
                        object_slot(abi::FrameType::patt, node, static_cast<std::uint32_t>(slot)));
        if (residual == abi::frame_bits) return node.frame;
        rest = low_bits(rest, residual);
    }
}

} // namespace kernel
