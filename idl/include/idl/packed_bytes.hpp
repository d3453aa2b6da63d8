// SPDX-License-Identifier: Apache-2.0
// Text and Data of a message as the kernel's generated dispatch hands them over: a place, not a copy.
//   in the message: one word with the length in bytes, then the bytes, eight a word, the last word filled
//   with zero
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace idl {

struct PackedBytes {
    std::size_t first_word = 0;
    std::size_t size = 0; // bytes

    template <class Invocation>
    char at(Invocation const& call, std::size_t index) const {
        return static_cast<char>(call.word(first_word + index / 8) >> (index % 8 * 8));
    }
    // Copies as much as fits; returns how much.
    template <class Invocation>
    std::size_t copy(Invocation const& call, std::span<char> to) const {
        std::size_t const count = size < to.size() ? size : to.size();
        for (std::size_t i = 0; i < count; ++i) to[i] = at(call, i);
        return count;
    }
};

// Walks over the words of an invocation after the operation code; past the end it
// yields zeros and is not finished.
template <class Invocation>
class WordCursor {
public:
    explicit WordCursor(Invocation& call) : call_(call) {}

    std::uint64_t word() {
        if (next_ >= call_.word_count()) {
            broken_ = true;
            return 0;
        }
        return call_.word(next_++);
    }
    PackedBytes bytes(std::size_t size_max) {
        std::uint64_t const size = word();
        if (size > size_max || (size + 7) / 8 > call_.word_count() - next_) {
            broken_ = true;
            return {};
        }
        PackedBytes const result{next_, static_cast<std::size_t>(size)};
        next_ += (result.size + 7) / 8;
        return result;
    }
    // All words were read, none was missing.
    bool finished() const { return !broken_ && next_ == call_.word_count(); }

private:
    Invocation& call_;
    std::size_t next_ = 1;
    bool broken_ = false;
};

} // namespace idl
