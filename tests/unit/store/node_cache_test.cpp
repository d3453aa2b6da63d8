// SPDX-License-Identifier: Apache-2.0
// Nodes in memory: a place that was written anew is another key, whatever was read there before.
#include <store/node_cache.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace tests {
namespace {

using namespace abi::disk;

TEST(NodeCache, a_node_at_a_place_that_was_written_anew_is_not_served) {
    std::vector<std::byte> memory(4 * node_size);
    std::array<store::CachedNode, 4> nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        nodes[i].memory = base::Bytes(memory).subspan(i * node_size, node_size);
    store::NodeCache cache;
    cache.init(nodes);
    std::vector<std::byte> const bytes(node_size, std::byte{7});
    TwinRef const old{{Extent::make(64, sectors_per_node), Extent::make(128, sectors_per_node)}, 1};
    auto fresh = old;
    fresh.hash = 2;
    EXPECT_TRUE(cache.find(old).empty());
    cache.insert(old, bytes);
    ASSERT_EQ(cache.find(old).size(), node_size);
    EXPECT_EQ(cache.find(old)[17], std::byte{7});
    EXPECT_TRUE(cache.find(fresh).empty()) << "served for another content";
    auto elsewhere = old;
    elsewhere.place[1] = Extent::make(256, sectors_per_node);
    EXPECT_TRUE(cache.find(elsewhere).empty()) << "served for another place";
    cache.insert(fresh, bytes);
    EXPECT_TRUE(cache.find(old).empty());
}

} // namespace
} // namespace tests
