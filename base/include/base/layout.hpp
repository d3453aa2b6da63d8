// SPDX-License-Identifier: Apache-2.0
// Layouts that hardware, the disk or the ABI sees: the concept WireType and the offset assertion.
#pragma once

#include <bit>
#include <cstddef>
#include <type_traits>

namespace base {

static_assert(std::endian::native == std::endian::little,
              "Stele is x86-64 only: words are little-endian everywhere");

// Trivially copyable, standard layout, no padding, so that its bytes are its value. bool
// is banned: it has invalid bytes.
template <class T>
concept WireType = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
    std::has_unique_object_representations_v<T> && !std::is_same_v<T, bool>;

} // namespace base

// STELE_AT(Type, field, offset): the field stands at this byte offset, or the build stops.
#define STELE_AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "::" #field)
