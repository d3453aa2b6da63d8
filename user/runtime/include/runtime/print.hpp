// SPDX-License-Identifier: Apache-2.0
// Lines of text to anything with write(text): the Console's and the Log's client.
#pragma once

#include <runtime/slot.hpp>

#include <base/format.hpp>

namespace runtime {

// What a message carries beside its operation and the length.
inline constexpr std::size_t line_bytes_max = 440;

using Line = base::TextBuffer<line_bytes_max>;

// One line out of parts, cut at line_bytes_max.
template <class Target, class... Parts>
Result<> print_line(Target const& target, Parts const&... parts) {
    Line line;
    base::print(line, parts...);
    return target.write(line.view());
}

} // namespace runtime
