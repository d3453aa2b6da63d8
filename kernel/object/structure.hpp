// SPDX-License-Identifier: Apache-2.0
// Predicates of a frame's content that need nothing but its bytes (R15): known types, rights inside the
// type's mask, versions at most the frame's mark, reserved bits clear, PATTs well shaped. Asked of every
// supplied frame (disk bytes are hostile even with a good hash) and, in the drain, of every image.
#pragma once

#include <abi/capability.hpp>
#include <abi/frame.hpp>
#include <abi/objects/patt.hpp>
#include <base/bytes.hpp>
#include <base/result.hpp>

#include <string_view>

namespace kernel {

// What is wrong, in words for the log; empty: nothing.
struct Finding {
    std::string_view rule;
    std::uint32_t offset = 0; // in the frame
    bool clean() const { return rule.empty(); }
};

Finding check_capability(abi::Capability capability);
Finding check_patt(abi::Patt const& patt);
// All of a frame's content. Capabilities must be unprepared.
Finding check_structure(abi::FrameType type, abi::Version mark, base::ConstBytes content);

// May this prefix stand in a node of this shape? Codes, or an address bits within [residual, size).
bool prefix_fits(abi::Patt const& patt, std::uint64_t prefix);

} // namespace kernel
