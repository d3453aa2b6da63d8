// SPDX-License-Identifier: Apache-2.0
// What every fuzz target uses: its input taken apart, and the promise whose breach ends the run.
#pragma once

#include <base/bytes.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace fuzz {

// A finding: libFuzzer writes the input that led here.
inline void require(bool holds, char const* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

inline base::ConstBytes bytes_of_input(std::uint8_t const* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

// The input from front to back; behind its end everything is zero.
class Input {
public:
    explicit Input(base::ConstBytes bytes) : bytes_(bytes) {}
    template <base::WireType T>
    T take() {
        T value{};
        auto const count = std::min(sizeof(T), bytes_.size());
        std::memcpy(&value, bytes_.data(), count);
        bytes_ = bytes_.subspan(count);
        return value;
    }
    // Exactly so many bytes.
    std::vector<std::byte> take_bytes(std::size_t count) {
        std::vector<std::byte> out(count);
        auto const there = std::min(count, bytes_.size());
        if (there > 0) std::memcpy(out.data(), bytes_.data(), there);
        bytes_ = bytes_.subspan(there);
        return out;
    }
    base::ConstBytes rest() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }

private:
    base::ConstBytes bytes_;
};

} // namespace fuzz
