// SPDX-License-Identifier: Apache-2.0
// The parts of the frame writer that are too long to stand inline.
#include <memory/frame_writer.hpp>

#include <abi/objects/object_header.hpp>

namespace kernel {

void FrameWriter::zero() {
    auto const shape = abi::shape_of(memory_.frames[frame_].type);
    if (!shape.has_header) {
        std::memset(page().data(), 0, abi::frame_size);
        return;
    }
    expects(object_ < shape.objects);
    auto const bytes = page().subspan(std::size_t{object_} * shape.object_size, shape.object_size);
    auto const header = base::read<abi::ObjectHeader>(bytes);
    std::memset(bytes.data(), 0, bytes.size());
    base::write(bytes, 0, abi::ObjectHeader{header.version, 0});
}

} // namespace kernel
