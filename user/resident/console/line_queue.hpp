// SPDX-License-Identifier: Apache-2.0
// Lines typed ahead of their reader, first in first out. Full: the newest is refused.
#pragma once

#include "line_editor.hpp"

#include <array>
#include <cstring>

namespace console {

class LineQueue {
public:
    bool empty() const { return count_ == 0; }
    bool push(std::string_view text) {
        if (count_ == lines_.size()) return false;
        auto& line = lines_[(first_ + count_++) % lines_.size()];
        line.size = text.size() < typed_max ? text.size() : typed_max;
        if (line.size != 0) std::memcpy(line.text, text.data(), line.size);
        return true;
    }
    // The oldest line; stands until the next push.
    std::string_view pop() {
        auto const& line = lines_[first_];
        first_ = (first_ + 1) % lines_.size();
        --count_;
        return {line.text, line.size};
    }

private:
    struct Stored {
        std::size_t size = 0;
        char text[typed_max] = {};
    };
    std::array<Stored, 16> lines_{};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

} // namespace console
