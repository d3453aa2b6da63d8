// SPDX-License-Identifier: Apache-2.0
// The kernel's log: a ring in memory, copied to the serial line until the console driver reads and prints it.
#pragma once

#include <base/format.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kernel {

// Also usable as a Sink of base::print.
class Log {
public:
    static constexpr std::size_t capacity = 16384;

    void put(char c);
    // A line without its newline: "[kernel] " is put in front by log() only.
    void line(std::string_view text);
    // The serial line belongs to the console driver: keep the ring only. A panic takes it back.
    void release_serial() { to_serial_ = false; }
    void take_serial() { to_serial_ = true; }

    // Bytes ever written: the position of the next one.
    std::uint64_t end() const { return end_; }
    // Copies what stands from `position` on; a position that the ring has lost moves to the oldest it has.
    // The number of bytes.
    std::size_t read(std::uint64_t& position, std::span<std::byte> to) const;
    bool has_news() const { return news_; }
    // Whether something was written since the last call.
    bool take_news() {
        bool const news = news_;
        news_ = false;
        return news;
    }

private:
    std::array<char, capacity> ring_{};
    std::uint64_t end_ = 0;
    bool news_ = false;
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
