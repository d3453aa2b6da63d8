// SPDX-License-Identifier: Apache-2.0
// Mutation of inputs whose fields have places: libFuzzer's own, and changes of single fields that a file
// format's bugs are near to. What has a hash gets it right again afterwards, or nothing passes the first
// check.
#pragma once

#include <base/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace fuzz {

// The input of a target: `fixed` bytes that are always there, then `unit` by `unit` up to the end; unit 0: no
// more. `repair` makes the hashes right.
struct Shape {
    std::size_t fixed = 0;
    std::size_t unit = 0;
    void (*repair)(base::Bytes input) = nullptr;
};

std::size_t mutate(Shape const& shape, std::uint8_t* data, std::size_t size, std::size_t limit,
                   unsigned seed);

} // namespace fuzz

// The mutator of a target, as libFuzzer calls it.
#define STELE_FUZZ_MUTATOR(shape) \
    extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t limit, \
                                                   unsigned seed); \
    extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t limit, \
                                                   unsigned seed) { \
        return fuzz::mutate(shape, data, size, limit, seed); \
    }
