// SPDX-License-Identifier: Apache-2.0
// A process as a document, in the parts that inspect shows and diff compares.
#pragma once

#include "objects.hpp"

#include <abi/objects/frame_shape.hpp>
#include <base/bytes.hpp>
#include <nlohmann/json.hpp>

namespace tools {

template <class Object>
Object const& object_at(FrameContent const& frame, unsigned index) {
    return base::view<Object>(base::ConstBytes(frame.bytes), index * sizeof(Object));
}

// Header, state, fault and what it waits for.
nlohmann::ordered_json state_document(abi::Process const& process);
nlohmann::ordered_json registers_document(abi::Registers const& registers);

} // namespace tools
