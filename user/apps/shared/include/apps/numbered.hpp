// SPDX-License-Identifier: Apache-2.0
// What producer and consumer agree upon: messages with rising numbers, short and long ones, whose words all
// follow from the number.
#pragma once

#include <abi/message.hpp>

#include <cstddef>
#include <cstdint>

namespace numbered {

inline constexpr std::uint64_t operation = 1; // (number, words that follow from it)

// 2 to 30 words, operation and number included: some fit into an endpoint, some need its page.
constexpr std::size_t word_count(std::uint64_t number) { return 2 + number * 7 % 29; }
static_assert(word_count(1) > abi::message_register_words && word_count(29) == 2);

constexpr std::uint64_t word(std::uint64_t number, std::size_t index) {
    return (number * abi::message_words_max + index) * 0x9e37'79b9'7f4a'7c15;
}

} // namespace numbered
