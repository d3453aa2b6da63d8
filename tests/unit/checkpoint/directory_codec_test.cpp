// SPDX-License-Identifier: Apache-2.0
// Directories between memory and disk: what the decoder lets pass, in pieces of any length, and what it
// refuses wherever the bad entry stands.
#include "directory_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string_view>
#include <vector>

namespace tests {
namespace {

using namespace abi::disk;

constexpr store::Geometry geometry{14, 64};               // 32 sectors a segment
constexpr std::uint64_t first_sector = 32, end = 63 * 32; // of the log

DirectoryEntry entry_of(std::uint64_t frame, std::uint64_t sector,
                        abi::FrameType type = abi::FrameType::data_page, base::Flags<EntryFlag> flags = {}) {
    return make_entry(
        {abi::FrameId::persistent(frame), type, abi::Version(0xabcdef), flags, sector, frame * 7});
}

DirectoryEntry zero_entry(std::uint64_t frame) {
    return make_entry(
        {abi::FrameId::persistent(frame), abi::FrameType::data_page, abi::Version(3), EntryFlag::zero, 0, 0});
}

std::vector<std::byte> stream_of(std::span<DirectoryEntry const> entries) {
    checkpoint::DirectoryEncoder encoder;
    encoder.start(entries);
    std::vector<std::byte> bytes(entries.size() * sizeof(DirectoryEntry));
    bytes.resize(encoder.fill(bytes));
    return bytes;
}

// False: refused, by feed() or for it is not complete.
bool decoded(std::span<DirectoryEntry const> entries, std::size_t piece, std::vector<DirectoryEntry>& out) {
    auto const bytes = stream_of(entries);
    out.assign(entries.size(), {});
    checkpoint::DirectoryDecoder decoder;
    decoder.start(out, static_cast<std::uint32_t>(bytes.size()), geometry);
    auto left = base::ConstBytes(bytes);
    while (!left.empty()) {
        auto const part = std::min(left.size(), piece);
        if (!decoder.feed(left.first(part))) return false;
        left = left.subspan(part);
    }
    return decoder.finished() && decoder.entries() == entries.size() &&
           decoder.hash() == store::hash128(HashSeed::directory, bytes);
}

std::vector<DirectoryEntry> mixture() {
    std::mt19937_64 random(5);
    std::vector<DirectoryEntry> entries;
    for (std::uint64_t i = 1; i <= 100; ++i) {
        auto const place = first_sector + random() % 60 * 32 + random() % 25;
        switch (random() % 8) {
        case 0: entries.push_back(zero_entry(i * 3)); break;
        case 1: entries.push_back(entry_of(i * 3, place, abi::FrameType::process, EntryFlag::live)); break;
        case 2: entries.push_back(entry_of(i * 3, place, abi::FrameType::heap, EntryFlag::shared)); break;
        default: entries.push_back(entry_of(i * 3, place));
        }
    }
    return entries;
}

TEST(DirectoryCodec, pieces_of_any_length_give_the_same_entries) {
    auto const entries = mixture();
    std::vector<DirectoryEntry> out;
    for (std::size_t piece = 8; piece <= 1024; piece += 8) {
        ASSERT_TRUE(decoded(entries, piece, out)) << piece;
        ASSERT_EQ(out, entries) << piece;
    }
}

TEST(DirectoryCodec, the_first_and_the_last_places_of_the_log_pass) {
    std::vector<DirectoryEntry> const entries = {entry_of(1, first_sector), entry_of(2, first_sector + 24),
                                                 entry_of(abi::FrameId::number_mask, end - 8)};
    std::vector<DirectoryEntry> out;
    EXPECT_TRUE(decoded(entries, 512, out));
    EXPECT_EQ(out, entries);
}

TEST(DirectoryCodec, what_is_no_entry_is_refused_wherever_it_stands) {
    auto const good = mixture();
    auto const flag = [](unsigned bit) { return std::uint64_t{1} << (56 + bit); };
    auto const spoil = [&](std::size_t at, auto&& how) {
        auto entries = good;
        entries[at] = entry_of(entries[at].frame().number(), first_sector);
        how(entries[at]);
        std::vector<DirectoryEntry> out;
        return !decoded(entries, 512, out) && !decoded(entries, 8, out);
    };
    for (std::size_t const at : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
        EXPECT_FALSE(spoil(at, [](auto&) {}));
        auto const place = [&](std::uint64_t sector) {
            return spoil(
                at, [&](auto& entry) { entry.where = DirectoryEntry::Sector::set(entry.where, sector); });
        };
        for (auto const sector : {std::uint64_t{0}, std::uint64_t{24}, first_sector - 1, first_sector + 25,
                                  first_sector + 31, end - 7, end, end + 1, DirectoryEntry::Sector::maximum})
            EXPECT_TRUE(place(sector)) << sector;
        for (unsigned bit = 3; bit < 8; ++bit)
            EXPECT_TRUE(spoil(at, [&](auto& entry) { entry.name |= flag(bit); })) << bit;
        EXPECT_TRUE(spoil(at, [&](auto& entry) { entry.name |= flag(0); })) << "only processes are live";
        for (unsigned type = abi::frame_type_count; type < 256; ++type)
            EXPECT_TRUE(spoil(at, [&](auto& e) { e.name = DirectoryEntry::Type::set(e.name, type); }))
                << type;
        EXPECT_TRUE(spoil(at, [](auto& e) { e.name = DirectoryEntry::Frame::set(e.name, 0); }));
    }
}

TEST(DirectoryCodec, frames_rise) {
    std::vector<DirectoryEntry> out;
    for (auto const* kind : {"blocks", "zero first", "zero second"}) {
        for (auto const second : {4UL, 5UL, 6UL}) {
            std::vector<DirectoryEntry> entries = {entry_of(5, 64), entry_of(second, 128)};
            if (kind == std::string_view("zero first")) entries[0] = zero_entry(5);
            if (kind == std::string_view("zero second")) entries[1] = zero_entry(second);
            EXPECT_EQ(decoded(entries, 512, out), second == 6) << kind << ' ' << second;
        }
    }
}

} // namespace
} // namespace tests
