// SPDX-License-Identifier: Apache-2.0
// The PATT tree that format builds translates exactly the pages it was built from.
#include "address_space.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

namespace {

using namespace tools;

// The walk of docs/abi.md, naively: size test, first slot whose prefix equals the
// key, remainder, child no larger.
std::optional<abi::ObjectId> translate(FrameArena const& arena, abi::Capability node, std::uint64_t address,
                                       unsigned largest) {
    if (node.type() == abi::CapabilityType::data_page)
        return address < abi::frame_size ? std::optional(node.object()) : std::nullopt;
    if (node.type() != abi::CapabilityType::patt) return {};
    auto const& frame = arena.frames()[node.object().frame().number() - abi::root_frame.number()];
    auto const& patt =
        base::view<abi::Patt>(base::ConstBytes(frame.content), node.object().index() * sizeof(abi::Patt));
    EXPECT_LE(patt.size, largest);
    EXPECT_LE(patt.residual, patt.size);
    if ((address >> patt.size) != 0) return {};
    auto const low = (std::uint64_t{1} << patt.residual) - 1;
    for (std::size_t i = 0; i < abi::patt_slots; ++i)
        if (patt.prefixes[i] == (address & ~low))
            return translate(arena, patt.capabilities[i], address & low, patt.residual);
    return {};
}

TEST(AddressSpace, TranslatesExactlyItsPages) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937_64 random(seed);
        std::map<std::uint64_t, abi::FrameId> wanted;
        auto const count = random() % 300;
        auto const spread = 13 + random() % (user_space_bits - 13);
        FrameArena arena;
        for (std::uint64_t i = 0; i < count; ++i)
            wanted.try_emplace(random() % (std::uint64_t{1} << spread) & ~(abi::frame_size - 1),
                               abi::FrameId::persistent(1'000'000 + i));
        std::vector<MappedPage> pages;
        for (auto const& [address, frame] : wanted)
            pages.push_back({address, abi::Capability::to_object(abi::CapabilityType::data_page, {frame, 0},
                                                                 FrameArena::first_version)});
        auto const root = build_address_space(arena, pages);
        for (auto const& [address, frame] : wanted) {
            EXPECT_EQ(translate(arena, root, address, user_space_bits), abi::ObjectId(frame, 0))
                << "seed " << seed;
            auto const beside = address + abi::frame_size;
            if (!wanted.contains(beside)) {
                EXPECT_FALSE(translate(arena, root, beside, user_space_bits)) << "seed " << seed;
            }
        }
    }
}

TEST(AddressSpace, EmptySpaceTranslatesNothing) {
    FrameArena arena;
    auto const root = build_address_space(arena, {});
    EXPECT_EQ(root.type(), abi::CapabilityType::patt);
    EXPECT_FALSE(translate(arena, root, 0x400000, user_space_bits));
}

} // namespace
