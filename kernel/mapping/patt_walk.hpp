// SPDX-License-Identifier: Apache-2.0
// Translation of an address through PATTs (F1 to F3), the definition that everything else caches.
// At a node of size s and residual r: address >= 2^s is invalid; key = address with the low r bits cleared;
// the first slot whose prefix equals key; the remainder is the low r bits; the child spans at most 2^r, or
// the space is malformed. No slot matches: the node's background, if it has one, translates the same address
// and spans at most 2^s; else invalid. Restrictions only add up along the way. The keeper is that of the
// innermost node on the path that has one; a no-call capability on the way shuts off the keepers at and below
// it. Steps are bounded: nodes that translate nothing (r = s, background) could form a ring.
#pragma once

#include <object/capability_cast.hpp>

#include <abi/fault.hpp>
#include <base/fixed_vector.hpp>

namespace kernel {

enum class Access : std::uint8_t { read, write, execute, capability_read, capability_write };

constexpr bool is_write(Access access) {
    return access == Access::write || access == Access::capability_write;
}
constexpr bool is_capability(Access access) {
    return access == Access::capability_read || access == Access::capability_write;
}

inline constexpr std::size_t walk_steps_max = 24;

// A node on the way and the address in the space at which it begins.
struct WalkStep {
    Target node;
    UserAddress base;
};

// Where a walk ended. error none: `page` holds the address; absent, or a fault with its code.
struct Walk {
    Error error = Error::none;
    abi::FaultCode fault = abi::FaultCode::none;
    FrameIndex page = no_frame;
    abi::Rights rights;  // of the whole path
    SlotLocation keeper; // innermost; exists() is false when there is none
    base::FixedVector<WalkStep, walk_steps_max> trail;
};

// `root` holds the capability of the space: a PATT or a single page. Fills
// `walk`; true when the page was found.
bool patt_walk(Kernel& kernel, SlotLocation root, UserAddress address, Access access, Walk& walk);

} // namespace kernel
