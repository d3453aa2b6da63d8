// SPDX-License-Identifier: Apache-2.0
// All memory of the store, taken once at open from spans that the caller gives; nothing is given back.
#pragma once

#include <base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

namespace store {

// Hands out pieces of a span. In a measuring arena (no memory behind it) the
// same calls add up the size needed.
class Arena {
public:
    constexpr Arena() = default;
    constexpr explicit Arena(base::Bytes memory) : memory_(memory) {}

    // `count` value-initialised objects; an empty span when measuring or when the
    // memory is used up (see `fits`).
    template <class T>
        requires std::is_trivially_destructible_v<T> std::span<T> make(std::size_t count) {
            auto const bytes = take(count * sizeof(T), alignof(T));
            if (bytes.empty()) return {};
            auto* first = static_cast<T*>(static_cast<void*>(bytes.data()));
            for (std::size_t i = 0; i < count; ++i) new (first + i) T{};
            return {first, count};
        }

    base::Bytes take(std::size_t size, std::size_t alignment) {
        auto const start = (used_ + alignment - 1) / alignment * alignment;
        used_ = start + size;
        if (memory_.data() == nullptr || used_ > memory_.size()) return {};
        return memory_.subspan(start, size);
    }

    std::size_t used() const { return used_; }
    bool fits() const { return used_ <= memory_.size(); }

private:
    base::Bytes memory_;
    std::size_t used_ = 0;
};

} // namespace store
