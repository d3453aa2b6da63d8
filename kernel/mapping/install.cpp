// SPDX-License-Identifier: Apache-2.0
// Frames that get content and a name.
#include <mapping/install.hpp>

#include <object/structure.hpp>

#include <cstring>

namespace kernel {

namespace {

void zero_frame(FrameIndex frame) {
    auto const bytes = arch::frame_bytes(frame);
    std::memset(bytes.data(), 0, bytes.size());
}

} // namespace

Result<FrameIndex> install_transient(Kernel& kernel, abi::FrameType type) {
    auto& frames = memory(kernel).frames;
    auto const id = frames.next_transient();
    if (id == abi::FrameId()) return fail(Error::no_memory);
    auto const frame = TRY(obtain_frame(kernel, FrameState::transient));
    zero_frame(frame);
    frames.name(frame, {id, type, abi::Version()});
    return frame;
}

Result<FrameIndex> install_supplied(Kernel& kernel, FrameCache::Identity identity, base::ConstBytes content) {
    expects(content.size() == abi::frame_size && identity.id.is_persistent());
    auto& frames = memory(kernel).frames;
    if (frames.find(identity.id) != no_frame) return fail(Error::in_use);
    auto const frame = TRY(obtain_frame(kernel, FrameState::clean));
    std::memcpy(arch::frame_bytes(frame).data(), content.data(), content.size());
    // The copy is judged, not the source, which its owner may still be changing.
    auto const finding =
        check_structure(identity.type, identity.mark, base::ConstBytes(arch::frame_bytes(frame)));
    if (!finding.clean()) {
        frames.give_back(frame);
        return fail(Error::corrupt);
    }
    frames.name(frame, identity);
    frames[frame].set(PageFrame::referenced);
    return frame;
}

Result<FrameIndex> install_absent(Kernel& kernel, abi::FrameId id, abi::Version mark) {
    expects(id.is_persistent());
    auto& frames = memory(kernel).frames;
    if (frames.find(id) != no_frame) return fail(Error::in_use);
    auto const frame = TRY(obtain_frame(kernel, FrameState::clean));
    zero_frame(frame);
    frames.name(frame, {id, abi::FrameType::free, mark});
    frames[frame].set(PageFrame::referenced);
    return frame;
}

} // namespace kernel
