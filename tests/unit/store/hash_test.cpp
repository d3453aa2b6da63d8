// SPDX-License-Identifier: Apache-2.0
// Hashes: published values, the stream against the whole, and what a frame's hash binds.
#include <gtest/gtest.h>
#include <store/hash.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace store {
namespace {

using abi::FrameId;
using abi::FrameType;

TEST(Hash, xxh64_of_nothing_is_the_published_value) {
    EXPECT_EQ(hash64(static_cast<HashSeed>(0), {}), 0xef46db3751d8e999u);
    EXPECT_EQ(hash64(static_cast<HashSeed>(0x9e3779b1), {}), 0xac75fda2929b17efu);
}

TEST(Hash, a_stream_of_words_is_the_hash_of_its_bytes) {
    std::mt19937_64 random(1);
    for (std::size_t words = 0; words < 70; ++words) {
        std::vector<std::byte> bytes(words * 8);
        StreamHash stream(HashSeed::directory);
        for (std::size_t i = 0; i < words; ++i) {
            auto const word = random();
            std::memcpy(bytes.data() + i * 8, &word, 8);
            stream.add(word);
        }
        EXPECT_EQ(stream.finish(), hash128(HashSeed::directory, bytes)) << words;
    }
}

TEST(Hash, a_stream_may_be_fed_in_any_pieces) {
    std::mt19937_64 random(2);
    std::vector<std::byte> bytes(8 * 211);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    auto const whole = hash128(HashSeed::directory, bytes);
    for (std::size_t piece = 1; piece < 20; ++piece) {
        StreamHash stream(HashSeed::directory);
        auto left = base::ConstBytes(bytes);
        while (!left.empty()) {
            auto const part = std::min(left.size(), piece * 8);
            stream.add(left.first(part));
            left = left.subspan(part);
        }
        EXPECT_EQ(stream.finish(), whole) << piece;
    }
}

TEST(Hash, the_halves_of_128_bits_differ_in_their_seed) {
    std::vector<std::byte> const bytes(512);
    auto const hash = hash128(HashSeed::record, bytes);
    EXPECT_EQ(hash.low, hash64(HashSeed::record, bytes));
    EXPECT_EQ(hash.high, hash64(static_cast<HashSeed>(~static_cast<std::uint64_t>(HashSeed::record)), bytes));
    EXPECT_NE(hash.low, hash.high);
}

// R22: content, frame and type; a block of another frame or type is another block.
TEST(Hash, a_frames_hash_binds_frame_type_and_every_byte) {
    std::vector<std::byte> content(abi::frame_size);
    auto const frame = FrameId::persistent(5);
    auto const hash = frame_hash(frame, FrameType::data_page, content);
    EXPECT_NE(hash, frame_hash(FrameId::persistent(6), FrameType::data_page, content));
    EXPECT_NE(hash, frame_hash(frame, FrameType::capability_page, content));
    for (std::size_t i = 0; i < content.size(); i += 13) {
        content[i] ^= std::byte{8};
        EXPECT_NE(hash, frame_hash(frame, FrameType::data_page, content)) << i;
        content[i] ^= std::byte{8};
    }
    EXPECT_EQ(hash, frame_hash(frame, FrameType::data_page, content));
}

} // namespace
} // namespace store
