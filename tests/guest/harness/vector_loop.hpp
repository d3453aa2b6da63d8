// SPDX-License-Identifier: Apache-2.0
// Loops whose only copies of a value lie in vector registers: SSE and x87, or the upper and lower half of an
// AVX register and x87.
#pragma once

#include <cstdint>

namespace tests {

// True when `value` came through `rounds` rounds unharmed; anything the kernel mixes up meanwhile shows.
inline bool vectors_survive(std::uint64_t value, std::uint64_t rounds) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t stack = 0;
    asm volatile("movq %[value], %%xmm15\n\t"
                 "punpcklqdq %%xmm15, %%xmm15\n\t"
                 "fildq %[memory]\n\t"
                 "1: dec %[rounds]\n\t"
                 "jnz 1b\n\t"
                 "movq %%xmm15, %[low]\n\t"
                 "psrldq $8, %%xmm15\n\t"
                 "movq %%xmm15, %[high]\n\t"
                 "fistpq %[memory_out]\n\t"
                 : [rounds] "+r"(rounds), [low] "=&r"(low), [high] "=&r"(high), [memory_out] "=m"(stack)
                 : [value] "r"(value), [memory] "m"(value)
                 : "xmm15", "cc");
    return low == value && high == value && stack == value;
}

// The same in 256 bits. A bad opcode where AVX is not enabled.
inline bool avx_vectors_survive(std::uint64_t value, std::uint64_t rounds) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t stack = 0;
    asm volatile("vmovq %[value], %%xmm14\n\t"
                 "vmovddup %%xmm14, %%xmm14\n\t"
                 "vinsertf128 $1, %%xmm14, %%ymm14, %%ymm15\n\t"
                 "fildq %[memory]\n\t"
                 "1: dec %[rounds]\n\t"
                 "jnz 1b\n\t"
                 "vextractf128 $1, %%ymm15, %%xmm13\n\t"
                 "vmovq %%xmm13, %[high]\n\t"
                 "vpextrq $1, %%xmm15, %[low]\n\t"
                 "fistpq %[memory_out]\n\t"
                 : [rounds] "+r"(rounds), [low] "=&r"(low), [high] "=&r"(high), [memory_out] "=m"(stack)
                 : [value] "r"(value), [memory] "m"(value)
                 : "xmm13", "xmm14", "xmm15", "cc");
    return low == value && high == value && stack == value;
}

} // namespace tests
