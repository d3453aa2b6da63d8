// SPDX-License-Identifier: Apache-2.0
// Images out of the snapshot.
#include <snapshot/drain.hpp>

#include <snapshot/audit.hpp>

#include <mapping/write_grant.hpp>

#include <core/log.hpp>

#include <cstring>

namespace kernel {

namespace {

// The frame's content at the take: saved objects from the side frame, the others from where they stand.
void copy_image(Memory const& memory, FrameIndex side_index, std::span<std::byte, abi::frame_size> to) {
    auto const& side = memory.frames[side_index];
    auto const shape = abi::shape_of(side.type);
    auto const saved = arch::frame_bytes(side_index);
    auto const live = arch::frame_bytes(side.side);
    if (shape.objects == 0) {
        std::memset(to.data(), 0, to.size());
        return;
    }
    for (unsigned object = 0; object < shape.objects; ++object) {
        std::size_t const offset = std::size_t{object} * shape.object_size;
        auto const* from = ((side.open >> object) & 1) != 0 ? saved.data() : live.data();
        std::memcpy(to.data() + offset, from + offset, shape.object_size);
    }
}

void unprepare_image(Kernel const& kernel, abi::FrameType type,
                     std::span<std::byte, abi::frame_size> content) {
    auto const shape = abi::shape_of(type);
    auto const& table = objects(kernel);
    for (std::uint32_t object = 0; object < shape.objects; ++object)
        for (std::uint32_t slot = 0; slot < shape.capability_count; ++slot) {
            auto& capability = base::view<abi::Capability>(base::Bytes(content),
                                                           object_slot(type, {0, object}, slot).offset);
            if (capability.is_null()) continue;
            capability = on_disk(kernel, unprepared(table, capability));
        }
}

FrameImage image_of(Memory const& memory, FrameIndex index) {
    auto const& frame = memory.frames[index];
    auto const& named = frame.state == FrameState::side ? memory.frames[frame.side] : frame;
    return {named.id, frame.type, false, frame.mark};
}

} // namespace

base::Result<bool> drain_next(Kernel& kernel, FrameImage& image,
                              std::span<std::byte, abi::frame_size> content) {
    auto& memory = kernel::memory(kernel);
    auto const index = memory.epoch.snapshot.head;
    if (index == base::ListLink::none) return false;
    auto& frame = memory.frames[index];
    bool const is_side = frame.state == FrameState::side;
    image = image_of(memory, index);
    if (is_side) copy_image(memory, index, content);
    else std::memcpy(content.data(), arch::frame_bytes(index).data(), content.size());
    unprepare_image(kernel, image.type, content);
    if (image.type == abi::FrameType::process)
        image.live = base::view<abi::Process>(base::ConstBytes(content)).is_live();
    auto const finding = audit_image(kernel, image, content);

    // The frame is thawed whatever the audit says: the machine runs on.
    take_off_list(memory, index);
    if (is_side) {
        thaw(kernel, frame.side);
        release_side(memory, index);
    } else {
        frame.become(FrameState::stabilising);
        if (thaw(kernel, index)) frame.set(PageFrame::thawed);
        push_on_list(memory, index);
        if (!finding.clean()) make_dirty(memory, index);
    }
    auto& state = snapshots(kernel);
    ++state.drained;
    ++state.drained_frames;
    if (finding.clean()) return true;
    state.refused = true;
    log("audit: frame ", base::Hex{image.id.raw()}, " offset ", finding.offset, ": ", finding.rule);
    return fail(Error::audit_failed);
}

bool drained(Kernel const& kernel) { return memory(kernel).epoch.snapshot.empty(); }

} // namespace kernel
