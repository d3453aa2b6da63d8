// SPDX-License-Identifier: Apache-2.0
// Page hashes by libxxhash's header; the stream form is the same function fed word by word.
#include <store/hash.hpp>

#include <base/contract.hpp>

#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#define XXH_FORCE_MEMORY_ACCESS 1 // the default calls memcpy for each word
#include <xxhash.h>

namespace store {

namespace {

constexpr std::uint64_t prime1 = 0x9e3779b185ebca87;
constexpr std::uint64_t prime2 = 0xc2b2ae3d27d4eb4f;
constexpr std::uint64_t prime3 = 0x165667b19e3779f9;
constexpr std::uint64_t prime4 = 0x85ebca77c2b2ae63;
constexpr std::uint64_t prime5 = 0x27d4eb2f165667c5;

constexpr std::uint64_t round_of(std::uint64_t lane, std::uint64_t word) {
    return std::rotl(lane + word * prime2, 31) * prime1;
}

} // namespace

std::uint64_t frame_hash(abi::FrameId frame, abi::FrameType type, base::ConstBytes content) {
    expects(content.size() == abi::frame_size);
    return XXH64(content.data(), abi::frame_size, frame.number() | (static_cast<std::uint64_t>(type) << 56));
}

std::uint64_t hash64(HashSeed seed, base::ConstBytes bytes) {
    return XXH64(bytes.data(), bytes.size(), static_cast<std::uint64_t>(seed));
}

Hash128 hash128(HashSeed seed, base::ConstBytes bytes) {
    return {XXH64(bytes.data(), bytes.size(), static_cast<std::uint64_t>(seed)),
            XXH64(bytes.data(), bytes.size(), ~static_cast<std::uint64_t>(seed))};
}

StreamHash::StreamHash(HashSeed seed) {
    for (std::size_t i = 0; i < halves_.size(); ++i) {
        auto const s = i == 0 ? static_cast<std::uint64_t>(seed) : ~static_cast<std::uint64_t>(seed);
        halves_[i] = {s, {s + prime1 + prime2, s + prime2, s, s - prime1}};
    }
}

void StreamHash::add(std::uint64_t word) {
    tail_[words_ % 4] = word;
    ++words_;
    if (words_ % 4 != 0) return;
    for (auto& half : halves_)
        for (std::size_t i = 0; i < 4; ++i) half.lanes[i] = round_of(half.lanes[i], tail_[i]);
}

// Whole rounds of all lanes; returns the bytes taken. The product with the word is the same for both halves.
std::size_t StreamHash::add_stripes(base::ConstBytes words) {
    auto a = halves_[0].lanes;
    auto b = halves_[1].lanes;
    auto const* at = words.data();
    auto const* const end = at + words.size() / sizeof tail_ * sizeof tail_;
    auto const feed = [](std::uint64_t& low, std::uint64_t& high, std::byte const* from) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, sizeof word);
        word *= prime2;
        low = std::rotl(low + word, 31) * prime1;
        high = std::rotl(high + word, 31) * prime1;
    };
    for (; at != end; at += sizeof tail_) {
        feed(a[0], b[0], at);
        feed(a[1], b[1], at + 8);
        feed(a[2], b[2], at + 16);
        feed(a[3], b[3], at + 24);
    }
    halves_[0].lanes = a;
    halves_[1].lanes = b;
    auto const taken = static_cast<std::size_t>(end - words.data());
    words_ += taken / 8;
    return taken;
}

void StreamHash::add(base::ConstBytes words) {
    expects(words.size() % 8 == 0);
    while (!words.empty()) {
        if (words_ % 4 == 0) words = words.subspan(add_stripes(words));
        if (words.empty()) return;
        add(base::read<std::uint64_t>(words));
        words = words.subspan(8);
    }
}

std::uint64_t StreamHash::finish(Half const& half, std::array<std::uint64_t, 4> const& tail,
                                 std::uint64_t words) {
    auto hash = half.seed + prime5;
    if (words >= 4) {
        auto const& l = half.lanes;
        hash = std::rotl(l[0], 1) + std::rotl(l[1], 7) + std::rotl(l[2], 12) + std::rotl(l[3], 18);
        for (auto const lane : l) hash = (hash ^ round_of(0, lane)) * prime1 + prime4;
    }
    hash += words * 8;
    for (std::uint64_t i = 0; i < words % 4; ++i)
        hash = std::rotl(hash ^ round_of(0, tail[i]), 27) * prime1 + prime4;
    hash = (hash ^ (hash >> 33)) * prime2;
    hash = (hash ^ (hash >> 29)) * prime3;
    return hash ^ (hash >> 32);
}

Hash128 StreamHash::finish() const {
    return {finish(halves_[0], tail_, words_), finish(halves_[1], tail_, words_)};
}

} // namespace store
