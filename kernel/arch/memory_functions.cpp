// SPDX-License-Identifier: Apache-2.0
// The four functions that the compiler calls by itself. Compiled without
// builtins, or memset would call itself.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* __restrict to, void const* __restrict from, std::size_t count);
void* memmove(void* to, void const* from, std::size_t count);
void* memset(void* to, int value, std::size_t count);
int memcmp(void const* a, void const* b, std::size_t count);
std::size_t strlen(char const* text);

void* memcpy(void* __restrict to, void const* __restrict from, std::size_t count) {
    void* out = to;
    std::size_t words = count / 8;
    std::size_t rest = count % 8;
    asm volatile("rep movsq" : "+D"(out), "+S"(from), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(out), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

void* memmove(void* to, void const* from, std::size_t count) {
    auto const target = reinterpret_cast<std::uintptr_t>(to);
    auto const source = reinterpret_cast<std::uintptr_t>(from);
    if (target - source >= count) return memcpy(to, from, count);
    auto* out = static_cast<unsigned char*>(to);
    auto const* in = static_cast<unsigned char const*>(from);
    for (std::size_t i = count; i-- > 0;) out[i] = in[i];
    return to;
}

void* memset(void* to, int value, std::size_t count) {
    void* out = to;
    std::size_t words = count / 8;
    std::size_t rest = count % 8;
    std::uint64_t const pattern = 0x0101'0101'0101'0101 * static_cast<std::uint8_t>(value);
    asm volatile("rep stosq" : "+D"(out), "+c"(words) : "a"(pattern) : "memory");
    asm volatile("rep stosb" : "+D"(out), "+c"(rest) : "a"(pattern) : "memory");
    return to;
}

int memcmp(void const* a, void const* b, std::size_t count) {
    auto const* left = static_cast<unsigned char const*>(a);
    auto const* right = static_cast<unsigned char const*>(b);
    for (std::size_t i = 0; i < count; ++i)
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    return 0;
}

std::size_t strlen(char const* text) {
    std::size_t length = 0;
    while (text[length] != 0) ++length;
    return length;
}

} // extern "C"
