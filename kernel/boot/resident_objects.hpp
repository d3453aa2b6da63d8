// SPDX-License-Identifier: Apache-2.0
// Makes kernel objects in non-persistent frames, one after another, for the
// programs that start with the machine.
#pragma once

#include <mapping/install.hpp>
#include <object/capability_cast.hpp>

#include <core/committed.hpp>
#include <core/panic.hpp>
#include <memory/frame_writer.hpp>

#include <abi/objects/frame_shape.hpp>

namespace kernel {

// A machine too small for its resident programs cannot boot: what fails here panics by name.
class ResidentObjects {
public:
    ResidentObjects(Kernel& kernel, Committed const& committed) : kernel_(kernel), committed_(committed) {}

    Kernel& kernel() { return kernel_; }
    Committed const& committed() const { return committed_; }

    // A zeroed page, of data or of capabilities.
    FrameIndex page(abi::FrameType type) {
        auto const frame = install_transient(kernel_, type);
        if (!frame) panic("no memory for the resident programs");
        return *frame;
    }

    // The next object of a heap-frame type, marked in use.
    template <base::WireType T>
    Target object(abi::FrameType type) {
        auto& next = next_[static_cast<std::size_t>(type)];
        if (next.frame == no_frame || next.index == abi::shape_of(type).objects) next = {page(type), 0};
        auto const made = next;
        ++next.index;
        write<T>(made).header = {0, abi::ObjectHeader::in_use};
        return made;
    }

    template <base::WireType T>
    T& write(Target object) {
        return FrameWriter(kernel_, object.frame, object.index, committed_).object<T>();
    }

    abi::Capability capability(abi::CapabilityType type, Target object, abi::Rights rights = {}) {
        return capability_to(memory(kernel_), type, object, rights);
    }
    void store(SlotLocation slot, abi::Capability capability) {
        store_capability(kernel_, slot, capability, committed_);
    }

private:
    Kernel& kernel_;
    Committed const& committed_;
    std::array<Target, abi::frame_type_count> next_{};
};

} // namespace kernel
