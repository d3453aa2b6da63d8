// SPDX-License-Identifier: Apache-2.0
// The kernel's log: a ring in memory, copied to the serial line while no console driver owns that.
#pragma once

#include <base/format.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kernel {

// Also usable as a Sink of base::print.
class Log {
public:
    static constexpr std::size_t capacity = 16384;

    void put(char c);
    // A line without its newline: "[kernel] " is put in front by log() only.
    void line(std::string_view text);
    // The serial line belongs to the console driver: keep the ring only. A panic writes to serial regardless.
    void release_serial() { to_serial_ = false; }
    void take_serial() { to_serial_ = true; }
    // The newest bytes, oldest first, in two pieces (the ring may wrap).
    std::string_view older() const;
    std::string_view newer() const;

private:
    std::array<char, capacity> ring_{};
    std::size_t next_ = 0;
    bool wrapped_ = false;
    bool to_serial_ = true;
};

Log& kernel_log();

// log("frame ", base::Hex{id}, " refused"): one line with the prefix "[kernel] ".
template <class... Parts>
void log(Parts const&... parts) {
    auto& sink = kernel_log();
    base::print(sink, std::string_view("[kernel] "), parts..., '\n');
}

} // namespace kernel
