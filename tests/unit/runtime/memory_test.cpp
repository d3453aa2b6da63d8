// SPDX-License-Identifier: Apache-2.0
// The runtime's memcpy family under other names, against the library's, over all small sizes and offsets.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>

extern "C" {
void* stele_memcpy(void* to, void const* from, std::size_t count);
void* stele_memmove(void* to, void const* from, std::size_t count);
void* stele_memset(void* to, int value, std::size_t count);
int stele_memcmp(void const* left, void const* right, std::size_t count);
void* stele_memchr(void const* where, int value, std::size_t count);
std::size_t stele_strlen(char const* text);
}

namespace {

using Buffer = std::array<unsigned char, 64>;

Buffer pattern() {
    Buffer buffer;
    for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = static_cast<unsigned char>(i * 37 + 1);
    return buffer;
}

TEST(Memory, MoveCopiesEveryOverlap) {
    for (std::size_t to = 0; to < 24; ++to)
        for (std::size_t from = 0; from < 24; ++from)
            for (std::size_t size = 0; size < 40; ++size) {
                Buffer mine = pattern();
                Buffer theirs = pattern();
                EXPECT_EQ(stele_memmove(mine.data() + to, mine.data() + from, size), mine.data() + to);
                std::memmove(theirs.data() + to, theirs.data() + from, size);
                ASSERT_EQ(mine, theirs) << to << ' ' << from << ' ' << size;
            }
}

TEST(Memory, CopyAndSetTouchOnlyTheirRange) {
    for (std::size_t offset = 0; offset < 16; ++offset)
        for (std::size_t size = 0; size < 40; ++size) {
            Buffer const source = pattern();
            Buffer mine{};
            Buffer theirs{};
            stele_memcpy(mine.data() + offset, source.data() + 3, size);
            std::memcpy(theirs.data() + offset, source.data() + 3, size);
            ASSERT_EQ(mine, theirs);
            stele_memset(mine.data() + offset, 0x1a5, size);
            std::memset(theirs.data() + offset, 0xa5, size);
            ASSERT_EQ(mine, theirs);
        }
}

TEST(Memory, CompareOrdersAsUnsignedBytes) {
    Buffer const left = pattern();
    for (std::size_t i = 0; i < left.size(); ++i) {
        Buffer right = left;
        right[i] ^= 0x80;
        int const sign = left[i] < right[i] ? -1 : 1;
        EXPECT_EQ(stele_memcmp(left.data(), right.data(), i), 0);
        EXPECT_GT(stele_memcmp(left.data(), right.data(), left.size()) * sign, 0);
    }
}

TEST(Memory, SearchAndLength) {
    char const* const text = "stele";
    EXPECT_EQ(stele_strlen(text), 5u);
    EXPECT_EQ(stele_memchr(text, 'l', 5), text + 3);
    EXPECT_EQ(stele_memchr(text, 'l', 3), nullptr);
}

} // namespace
