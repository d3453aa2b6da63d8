// SPDX-License-Identifier: Apache-2.0
// Reading and writing wire types in byte spans; the one home of the casts between bytes and typed layouts.
#pragma once

#include <base/contract.hpp>
#include <base/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>

namespace base {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<std::byte const>;

// The T at `offset`, copied out. The caller has checked that offset + sizeof(T) <= bytes.size().
template <WireType T>
T read(ConstBytes bytes, std::size_t offset = 0) {
    expects(offset <= bytes.size() && sizeof(T) <= bytes.size() - offset);
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

template <WireType T>
void write(Bytes bytes, std::size_t offset, T const& value) {
    expects(offset <= bytes.size() && sizeof(T) <= bytes.size() - offset);
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

// The T that lives in these bytes. The caller has checked size and alignment.
template <WireType T>
T& view(Bytes bytes, std::size_t offset = 0) {
    expects(offset <= bytes.size() && sizeof(T) <= bytes.size() - offset);
    auto* at = bytes.data() + offset;
    expects(reinterpret_cast<std::uintptr_t>(at) % alignof(T) == 0);
    return *std::launder(reinterpret_cast<T*>(at));
}

template <WireType T>
T const& view(ConstBytes bytes, std::size_t offset = 0) {
    expects(offset <= bytes.size() && sizeof(T) <= bytes.size() - offset);
    auto const* at = bytes.data() + offset;
    expects(reinterpret_cast<std::uintptr_t>(at) % alignof(T) == 0);
    return *std::launder(reinterpret_cast<T const*>(at));
}

// The bytes of a value.
template <WireType T>
ConstBytes bytes_of(T const& value) {
    return std::as_bytes(std::span<T const, 1>(&value, 1));
}

// Ends at the first word that is not zero: most frames of a commit are told apart by it.
inline bool all_zero(ConstBytes bytes) {
    auto const* at = bytes.data();
    auto const* const end = at + bytes.size();
    for (; end - at >= 8; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        if (word != 0) return false;
    }
    for (; at != end; ++at)
        if (*at != std::byte{0}) return false;
    return true;
}

} // namespace base
