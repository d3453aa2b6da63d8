// SPDX-License-Identifier: Apache-2.0
// Type, right, validity and presence of a capability checked in one cast that yields a typed reference.
#pragma once

#include <object/capability.hpp>

#include <abi/objects/endpoint.hpp>
#include <abi/objects/heap.hpp>
#include <abi/objects/patt.hpp>
#include <abi/objects/process.hpp>
#include <abi/objects/schedule.hpp>

namespace kernel {

// A resident object of a known type, for reading. Good until the next operation
// that may evict; pin to keep it.
template <base::WireType T>
struct ObjectRef {
    FrameIndex frame = no_frame;
    unsigned index = 0;

    T const& get() const { return object_view<T>(frame, index); }
    T const* operator->() const { return &get(); }
    Target target() const { return {frame, index}; }
    friend constexpr bool operator==(ObjectRef, ObjectRef) = default;
};

using ProcessRef = ObjectRef<abi::Process>;
using EndpointRef = ObjectRef<abi::Endpoint>;
using PattRef = ObjectRef<abi::Patt>;
using ScheduleRef = ObjectRef<abi::Schedule>;
using HeapRef = ObjectRef<abi::Heap>;

// A page of either kind; read its bytes by frame.
struct PageRef {
    FrameIndex frame = no_frame;
};

// What an operation asks of the capability's rights.
struct Need {
    abi::Rights all{};  // permissions that must be there
    abi::Rights none{}; // restrictions that must not be there
    constexpr bool met_by(abi::Rights rights) const { return rights.has(all) && !rights.any(none); }
};

inline constexpr Need need_nothing{};
inline constexpr Need need_write{{}, abi::Right::read_only | abi::Right::weak};
inline constexpr Need need_edit{{}, abi::Right::read_only | abi::Right::weak | abi::Right::opaque};

// wrong_type before no_right before void_capability and absent.
template <base::WireType T>
Result<ObjectRef<T>> capability_cast(Kernel& kernel, SlotLocation slot, abi::CapabilityType type,
                                     Need need = {}) {
    auto const capability = read_slot(slot);
    if (capability.is_null()) return fail(Error::void_capability);
    if (capability.type() != type) return fail(Error::wrong_type);
    if (!need.met_by(capability.rights())) return fail(Error::no_right);
    auto const target = TRY(prepare(kernel, slot));
    return ObjectRef<T>{target.frame, target.index};
}

inline Result<PageRef> page_cast(Kernel& kernel, SlotLocation slot, abi::CapabilityType type,
                                 Need need = {}) {
    auto const capability = read_slot(slot);
    if (capability.is_null()) return fail(Error::void_capability);
    if (capability.type() != type) return fail(Error::wrong_type);
    if (!need.met_by(capability.rights())) return fail(Error::no_right);
    return PageRef{TRY(prepare(kernel, slot)).frame};
}

} // namespace kernel
