// SPDX-License-Identifier: Apache-2.0
// The walk.
#include <mapping/patt_walk.hpp>

namespace kernel {

namespace {

using abi::CapabilityType;
using abi::FaultCode;
using abi::Patt;
using abi::PattPrefix;
using abi::Right;

constexpr std::uint64_t low_bits(unsigned bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

constexpr unsigned no_slot = abi::patt_slots;

unsigned find_prefix(Patt const& patt, std::uint64_t prefix) {
    for (unsigned slot = 0; slot < abi::patt_slots; ++slot)
        if (patt.prefixes[slot] == prefix) return slot;
    return no_slot;
}

SlotLocation slot_of_node(Target node, unsigned slot) {
    return object_slot(abi::FrameType::patt, node, slot);
}

// The state of one walk.
struct Walker {
    Walk& walk;
    Access access;
    std::uint64_t rest;
    UserAddress base{};
    unsigned limit = 64; // log2 of what the next capability may span
    // nodes from this step on are shut off by a no-call capability
    std::size_t keepers_until = walk_steps_max;

    bool stop(Error error, FaultCode fault) {
        walk.error = error;
        walk.fault = fault;
        return false;
    }
    bool invalid() {
        return stop(Error::invalid_address, is_capability(access) ? FaultCode::invalid_capability_reference
                                                                  : FaultCode::invalid_data_reference);
    }
    bool malformed() { return stop(Error::malformed_space, FaultCode::malformed_space); }

    bool leaf(CapabilityType type, FrameIndex frame) {
        if (rest >= abi::frame_size) return invalid();
        if ((type == CapabilityType::capability_page) != is_capability(access))
            return stop(Error::wrong_type, FaultCode::type_error);
        if (access == Access::execute && walk.rights.any(Right::no_execute))
            return stop(Error::access_violation, FaultCode::no_execute);
        walk.page = frame;
        return true;
    }

    // Through one node: `at` becomes the next capability's place. False: the walk ends with an error.
    bool node(Target target, SlotLocation& at) {
        auto const& patt = object_view<Patt>(target.frame, target.index);
        if (patt.size > limit || walk.trail.full()) return malformed();
        walk.trail.push_back({target, base});
        if ((rest & ~low_bits(patt.size)) != 0) return invalid();
        auto const key = rest & ~low_bits(patt.residual);
        if (auto const slot = find_prefix(patt, key); slot != no_slot) [[likely]] {
            at = slot_of_node(target, slot);
            base += key;
            rest -= key;
            limit = patt.residual;
            return true;
        }
        auto const background = find_prefix(patt, static_cast<std::uint64_t>(PattPrefix::background));
        if (background == no_slot) return invalid();
        at = slot_of_node(target, background);
        limit = patt.size;
        return true;
    }

    SlotLocation innermost_keeper() const {
        auto const count = walk.trail.size() < keepers_until ? walk.trail.size() : keepers_until;
        for (auto step = count; step-- > 0;) {
            auto const node = walk.trail[step].node;
            auto const slot = find_prefix(object_view<Patt>(node.frame, node.index),
                                          static_cast<std::uint64_t>(PattPrefix::keeper));
            if (slot != no_slot) return slot_of_node(node, slot);
        }
        return {};
    }
};

bool descend(Kernel& kernel, SlotLocation at, Walker& walker) {
    auto& walk = walker.walk;
    for (;;) {
        auto const capability = read_slot(at);
        auto const type = capability.type();
        if (capability.is_null()) return walker.invalid();
        if (type != CapabilityType::patt && type != CapabilityType::data_page &&
            type != CapabilityType::capability_page)
            return walker.malformed();
        auto const target = prepare(kernel, at);
        if (target.error == Error::absent) return walker.stop(Error::absent, FaultCode::none);
        if (target.failed()) return walker.invalid();
        walk.rights |= capability.rights();
        if (capability.rights().any(Right::no_call) && walk.trail.size() < walker.keepers_until)
            walker.keepers_until = walk.trail.size();
        if (type != CapabilityType::patt) return walker.leaf(type, target.value.frame);
        if (!walker.node(target.value, at)) return false;
    }
}

} // namespace

bool patt_walk(Kernel& kernel, SlotLocation root, UserAddress address, Access access, Walk& walk) {
    Walker walker{walk, access, address.raw()};
    bool found = descend(kernel, root, walker);
    if (walk.error == Error::absent) return false;
    // A store through a restricted path is refused before anything else is said about the address.
    if (is_write(access) && walk.rights.any(Right::read_only | Right::weak))
        found = walker.stop(Error::access_violation, FaultCode::access_violation);
    if (!found) walk.keeper = walker.innermost_keeper();
    return found;
}

} // namespace kernel
