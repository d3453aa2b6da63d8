// SPDX-License-Identifier: Apache-2.0
// Mutation of inputs whose fields have places.
#include "mutator.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t limit);

namespace fuzz {

namespace {

constexpr std::array<std::uint64_t, 12> edges = {0,
                                                 1,
                                                 2,
                                                 7,
                                                 0x7f,
                                                 0xff,
                                                 0xffff,
                                                 0x1000,
                                                 0xffffffff,
                                                 std::uint64_t{1} << 42,
                                                 (std::uint64_t{1} << 48) - 1,
                                                 ~std::uint64_t{0}};

// One field of 1 to 8 bytes: near what it was, at an edge, or as another field.
void mutate_field(base::Bytes bytes, std::mt19937& random) {
    auto const width = std::size_t{1} << random() % 4;
    if (bytes.size() < width) return;
    auto const fields = bytes.size() / width;
    auto const at = random() % fields * width;
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, width);
    switch (random() % 5) {
    case 0: value += random() % 9 - 4; break;
    case 1: value ^= std::uint64_t{1} << random() % (8 * width); break;
    case 2: value = edges[random() % edges.size()]; break;
    case 3: value = random() % 256; break;
    default: std::memcpy(&value, bytes.data() + random() % fields * width, width); break;
    }
    std::memcpy(bytes.data() + at, &value, width);
}

// A unit twice, one less, or two the other way round.
std::size_t mutate_units(Shape const& shape, base::Bytes room, std::size_t size, std::mt19937& random) {
    auto const units = (size - shape.fixed) / shape.unit;
    auto* const first = room.data() + shape.fixed;
    if (units == 0 || random() % 3 == 0) {
        if (size + shape.unit > room.size()) return size;
        auto* const end = room.data() + size;
        if (units > 0) std::memcpy(end, first + random() % units * shape.unit, shape.unit);
        else std::memset(end, 0, shape.unit);
        return size + shape.unit;
    }
    auto* const at = first + random() % units * shape.unit;
    if (random() % 2 == 0) {
        std::memmove(at, at + shape.unit, static_cast<std::size_t>(room.data() + size - at) - shape.unit);
        return size - shape.unit;
    }
    std::swap_ranges(at, at + shape.unit, first + random() % units * shape.unit);
    return size;
}

} // namespace

std::size_t mutate(Shape const& shape, std::uint8_t* data, std::size_t size, std::size_t limit,
                   unsigned seed) {
    std::mt19937 random(seed);
    if (random() % 3 == 0) {
        auto const before = size;
        size = LLVMFuzzerMutate(data, size, limit);
        if (size < before) std::memset(data + size, 0, before - size);
    }
    auto const bytes = std::as_writable_bytes(std::span(data, limit));
    if (size < shape.fixed && shape.fixed <= limit) {
        std::memset(data + size, 0, shape.fixed - size);
        size = shape.fixed;
    }
    if (size < shape.fixed) return size;
    if (shape.unit == 0) size = shape.fixed;
    else size -= (size - shape.fixed) % shape.unit;
    if (shape.unit > 0 && random() % 4 == 0) size = mutate_units(shape, bytes, size, random);
    for (auto count = random() % 4; count > 0; --count) mutate_field(bytes.first(size), random);
    if (shape.repair != nullptr && random() % 16 != 0) shape.repair(bytes.first(size));
    return size;
}

} // namespace fuzz
