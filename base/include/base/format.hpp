// SPDX-License-Identifier: Apache-2.0
// Text from integers and strings into a sink: no locale, no allocation, no run-time format string.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace base {

// Anything with put(char).
template <class S>
concept Sink = requires(S& sink, char c) {
    sink.put(c);
};

struct Hex {
    std::uint64_t value;
};

template <Sink S>
void print_one(S& sink, std::string_view text) {
    for (char const c : text) sink.put(c);
}

template <Sink S>
void print_one(S& sink, char c) {
    sink.put(c);
}

template <Sink S, std::integral T>
void print_one(S& sink, T value) {
    char buffer[24];
    auto const [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
    print_one(sink, std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
}

template <Sink S>
void print_one(S& sink, Hex hex) {
    char buffer[24];
    auto const [end, error] = std::to_chars(buffer, buffer + sizeof buffer, hex.value, 16);
    print_one(sink, std::string_view("0x"));
    print_one(sink, std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
}

// print(sink, "frame ", Hex{id}, " of ", count): each argument in turn.
template <Sink S, class... Parts>
void print(S& sink, Parts const&... parts) {
    (print_one(sink, parts), ...);
}

// A sink over storage of fixed size; what does not fit is dropped, and `truncated` says so.
template <std::size_t Capacity>
class TextBuffer {
public:
    void put(char c) {
        if (size_ < Capacity) text_[size_++] = c;
        else truncated_ = true;
    }
    void clear() { size_ = 0, truncated_ = false; }
    std::string_view view() const { return {text_, size_}; }
    bool truncated() const { return truncated_; }

private:
    char text_[Capacity] = {};
    std::size_t size_ = 0;
    bool truncated_ = false;
};

} // namespace base
