// SPDX-License-Identifier: Apache-2.0
// Capability slots.
#include <mapping/capability_walk.hpp>

namespace kernel {

Result<CapabilitySlot> capability_walk(Kernel& kernel, ProcessRef process, std::uint64_t slot,
                                       Access access) {
    expects(is_capability(access));
    using abi::Right;
    auto const root = object_slot(abi::FrameType::process, process.target(),
                                  static_cast<std::uint32_t>(abi::ProcessSlot::capability_space));
    auto const capability = read_slot(root);
    if (capability.type() == abi::CapabilityType::capability_page) [[likely]] {
        if (is_write(access) && capability.rights().any(Right::read_only | Right::weak))
            return fail(Error::access_violation);
        if (slot >= abi::capabilities_per_page) return fail(Error::invalid_address);
        auto const page = TRY(prepare(kernel, root));
        return CapabilitySlot{page_slot(page.frame, static_cast<std::uint32_t>(slot)), capability.rights()};
    }
    if (capability.is_null()) return fail(Error::void_capability);
    if (slot >= std::uint64_t{1} << 60) return fail(Error::invalid_address);
    Walk walk;
    auto const address = UserAddress(slot * sizeof(abi::Capability));
    if (!patt_walk(kernel, root, address, access, walk)) return fail(walk.error);
    auto const index = static_cast<std::uint32_t>(slot % abi::capabilities_per_page);
    return CapabilitySlot{page_slot(walk.page, index), walk.rights};
}

abi::Capability fetch_capability(CapabilitySlot slot) {
    auto const capability = read_slot(slot.location);
    return slot.rights.any(abi::Right::weak) ? diminish(capability) : capability;
}

} // namespace kernel
