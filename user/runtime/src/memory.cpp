// SPDX-License-Identifier: Apache-2.0
// memcpy and its family: the compiler calls them. Eight bytes at a time; compiled so that
// none becomes a call of itself.
#include <cstddef>
#include <cstdint>

namespace {

// A word at any address, of any type underneath.
using Word __attribute__((may_alias, aligned(1))) = std::uint64_t;

std::uint64_t load(unsigned char const* at) {
    return *static_cast<Word const*>(static_cast<void const*>(at));
}
void store(unsigned char* at, std::uint64_t value) { *static_cast<Word*>(static_cast<void*>(at)) = value; }

void copy_up(unsigned char* to, unsigned char const* from, std::size_t count) {
    for (; count >= 8; count -= 8, to += 8, from += 8) store(to, load(from));
    for (; count != 0; --count) *to++ = *from++;
}

void copy_down(unsigned char* to, unsigned char const* from, std::size_t count) {
    for (; count >= 8; count -= 8) store(to + count - 8, load(from + count - 8));
    for (; count != 0; --count) to[count - 1] = from[count - 1];
}

} // namespace

extern "C" {

void* memcpy(void* to, void const* from, std::size_t count);
void* memmove(void* to, void const* from, std::size_t count);
void* memset(void* to, int value, std::size_t count);
int memcmp(void const* left, void const* right, std::size_t count);
void* memchr(void const* where, int value, std::size_t count);
std::size_t strlen(char const* text);

void* memcpy(void* to, void const* from, std::size_t count) {
    copy_up(static_cast<unsigned char*>(to), static_cast<unsigned char const*>(from), count);
    return to;
}

void* memmove(void* to, void const* from, std::size_t count) {
    auto* const target = static_cast<unsigned char*>(to);
    auto const* const source = static_cast<unsigned char const*>(from);
    if (target <= source) copy_up(target, source, count);
    else copy_down(target, source, count);
    return to;
}

void* memset(void* to, int value, std::size_t count) {
    auto* target = static_cast<unsigned char*>(to);
    auto const byte = static_cast<unsigned char>(value);
    std::uint64_t const word = byte * 0x0101'0101'0101'0101u;
    for (; count >= 8; count -= 8, target += 8) store(target, word);
    for (; count != 0; --count) *target++ = byte;
    return to;
}

int memcmp(void const* left, void const* right, std::size_t count) {
    auto const* a = static_cast<unsigned char const*>(left);
    auto const* b = static_cast<unsigned char const*>(right);
    for (; count >= 8 && load(a) == load(b); count -= 8) a += 8, b += 8;
    for (; count != 0; --count, ++a, ++b)
        if (*a != *b) return *a - *b;
    return 0;
}

void* memchr(void const* where, int value, std::size_t count) {
    auto* at = static_cast<unsigned char*>(const_cast<void*>(where));
    for (; count != 0; --count, ++at)
        if (*at == static_cast<unsigned char>(value)) return at;
    return nullptr;
}

std::size_t strlen(char const* text) {
    std::size_t length = 0;
    while (text[length] != 0) ++length;
    return length;
}
}
