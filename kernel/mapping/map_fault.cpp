// SPDX-License-Identifier: Apache-2.0
// Page faults and the loading of spaces.
#include <mapping/map_fault.hpp>

#include <mapping/depend.hpp>
#include <mapping/evict.hpp>

#include <arch/tlb.hpp>
#include <core/processor.hpp>

namespace kernel {

namespace {

using abi::CapabilityType;
using abi::FaultCode;
using abi::Right;
using Bit = PageEntry::Bit;

SlotLocation root_slot(ProcessRef process) {
    return object_slot(abi::FrameType::process, process.target(),
                       static_cast<std::uint32_t>(abi::ProcessSlot::address_space));
}

// The space of the process's root capability.
Result<SpaceKey> space_key(Kernel& kernel, SlotLocation root) {
    auto const capability = read_slot(root);
    auto const type = capability.type();
    if (type != CapabilityType::patt && type != CapabilityType::data_page)
        return fail(Error::void_capability);
    auto const target = TRY(prepare(kernel, root));
    return SpaceKey{object_id_of(memory(kernel), target), capability.version(), type, capability.rights()};
}

MapOutcome fault(Error error, FaultCode code) { return {error, code, {}}; }

DeviceWindow const* window_at(Mappings const& state, SpaceKey const& key, UserAddress address) {
    for (auto const& window : state.windows)
        if (window.root == key.root && window.version == key.version && address >= window.address &&
            address - window.address < window.bytes)
            return &window;
    return nullptr;
}

// Puts an entry of a device window in place: on no list, never frozen.
MapOutcome install_window(Kernel& kernel, SpaceIndex space, UserAddress address, DeviceWindow const& window) {
    auto const leaf = leaf_for(kernel, space, address);
    if (leaf.failed()) return fault(leaf.error, FaultCode::none);
    auto& slot = entry_slot(kernel, *leaf);
    if (slot.load().present()) return {};
    auto bits = Bit::present | Bit::writable | Bit::user | Bit::accessed | Bit::dirty | Bit::no_execute;
    if (!window.cached) bits |= Bit::write_through | Bit::cache_disable;
    auto const offset = address.aligned_down(abi::frame_bits) - window.address;
    slot.store(PageEntry(window.physical + offset, bits));
    ++mappings(kernel).tables[table_of(*leaf)].present;
    return {};
}

// Bits of an entry for a page found with these rights. Write permission of a persistent frame is a grant,
// made by the first write; a non-persistent frame is never frozen and has it at once.
PageEntry::Bits entry_bits(PageFrame const& frame, abi::Rights rights) {
    auto bits = Bit::present | Bit::user | Bit::accessed;
    if (rights.any(Right::no_execute)) bits |= Bit::no_execute;
    bool const may_write = !rights.any(Right::read_only | Right::weak);
    if (may_write && frame.state == FrameState::transient) bits |= Bit::writable | Bit::dirty;
    return bits;
}

MapOutcome install_page(Kernel& kernel, SpaceIndex space, UserAddress address, Walk const& walk, bool write) {
    auto const leaf = leaf_for(kernel, space, address);
    if (leaf.failed()) return fault(leaf.error, FaultCode::none);
    auto& slot = entry_slot(kernel, *leaf);
    if (slot.load().present() && slot.load().frame() != walk.page) retire_entry(kernel, *leaf);
    auto& frame = memory(kernel).frames[walk.page];
    if (!slot.load().present()) {
        // Recorded first: a mapping that cannot be found again is not made.
        if (!add_depends(kernel, space, walk)) return fault(Error::no_memory, FaultCode::none);
        add_mapping(kernel, walk.page, *leaf);
        slot.store(PageEntry(physical_address(walk.page), entry_bits(frame, walk.rights)));
        ++mappings(kernel).tables[table_of(*leaf)].present;
    }
    frame.set(PageFrame::referenced);
    if (write && !slot.load().has(Bit::writable)) {
        auto const granted = grant_write(kernel, *leaf);
        if (granted.failed()) return fault(granted.error, FaultCode::none);
    } else {
        flush_translation(kernel, space, address);
    }
    return {};
}

// A write may need a copy aside (R13), and a process that writes page after page is not dispatched in
// between.
Result<> room_for_write(Kernel& kernel, ProcessRef process) {
    bool const persistent = memory(kernel).frames[process.frame].id.is_persistent();
    return admit_writes(kernel, persistent ? Urgency::normal : Urgency::resident);
}

} // namespace

MapOutcome map_fault(Kernel& kernel, ProcessRef process, UserAddress address, Access access) {
    expects(!is_capability(access));
    auto& state = mappings(kernel);
    ++state.faults;
    if (address.raw() >= user_address_end)
        return fault(Error::invalid_address, FaultCode::invalid_data_reference);
    if (is_write(access))
        if (auto const room = room_for_write(kernel, process); room.failed())
            return fault(room.error, FaultCode::none);
    auto const root = root_slot(process);
    auto const key = space_key(kernel, root);
    if (key.failed())
        return fault(key.error, key.error == Error::absent ? FaultCode::none : FaultCode::no_address_space);
    auto const* window = window_at(state, *key, address);
    Walk walk;
    if (window == nullptr && !patt_walk(kernel, root, address, access, walk))
        return {walk.error, walk.fault, walk.keeper};
    auto const space = space_for(kernel, *key);
    if (space.failed()) return fault(space.error, FaultCode::none);
    auto const outcome = window != nullptr ? install_window(kernel, *space, address, *window)
                                           : install_page(kernel, *space, address, walk, is_write(access));
    // A space larger than all tables: it starts again from nothing.
    if (outcome.error == Error::no_memory && state.tables.empty()) drop_space(kernel, *space);
    return outcome;
}

Result<PhysicalAddress> load_space(Kernel& kernel, ProcessRef process) {
    auto const key = TRY(space_key(kernel, root_slot(process)));
    auto const space = TRY(space_for(kernel, key));
    auto& state = mappings(kernel);
    auto const top = physical_address(state.tables[state.spaces[space].top].frame);
    enter_space(kernel, space, top);
    return top;
}

Result<> map_device(Kernel& kernel, Target root, DeviceWindowRequest request) {
    auto& state = mappings(kernel);
    auto const page = [](std::uint64_t value) { return value % abi::frame_size == 0; };
    if (!page(request.address.raw()) || !page(request.physical.raw()) || !page(request.bytes) ||
        request.bytes == 0)
        return fail(Error::bad_argument);
    if (request.address.raw() >= user_address_end || request.bytes > user_address_end - request.address.raw())
        return fail(Error::bad_argument);
    auto const id = object_id_of(memory(kernel), root);
    auto const version = version_of(memory(kernel), root);
    for (auto const& window : state.windows)
        if (window.root == id && window.version == version &&
            request.address < window.address + window.bytes &&
            window.address < request.address + request.bytes)
            return fail(Error::bad_argument);
    if (state.windows.full()) return fail(Error::no_memory);
    state.windows.push_back({id, version, request.address, request.physical, request.bytes, request.cached});
    return {};
}

} // namespace kernel
