// SPDX-License-Identifier: Apache-2.0
// Nodes of the object map: what the builder writes is found again, and what is no node is refused.
#include <gtest/gtest.h>
#include <store/map_builder.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <vector>

namespace store {
namespace {

using namespace abi::disk;

constexpr std::uint32_t segment_count = 64;
constexpr Random128 identity{1, 2};

// Streams into memory: each chunk is copied to the disk when it is sealed.
class Fixture {
public:
    Fixture() {
        segments_.init(table_, {16, segment_count});
        segments_.settle(1);
        segments_.promote(1);
        for (std::size_t i = 0; i < 2; ++i)
            streams_[i].init({&io_, &segments_, static_cast<std::uint8_t>(i), Priority::background,
                              base::Bytes(buffers_[i]), 8192});
        builder_.init({&streams_[0], &streams_[1], &segments_, builder_memory_, node_, identity});
        builder_.start();
    }

    void drain() {
        for (auto& stream : streams_) stream.seal();
        RequestList list;
        io_.emit(list);
        for (auto const& request : list) {
            std::memcpy(disk_.data() + request.offset, request.data.data(), request.data.size());
            auto const asker = io_.complete(request.tag);
            streams_[asker.owner].complete(asker.part, Error::none);
        }
    }
    void add(LeafEntry const& entry) {
        while (!builder_.add({&entry, 1})) drain();
    }
    void add(std::vector<LeafEntry> const& versions) {
        while (!builder_.add(versions)) drain();
    }
    TwinRef finish() {
        while (!builder_.finish()) drain();
        drain();
        return builder_.root();
    }

    base::ConstBytes node(TwinRef const& ref, std::size_t copy = 0) const {
        return base::ConstBytes(disk_).subspan(ref.place[copy].offset(), node_size);
    }
    // Every node is verified on the way.
    std::optional<LeafEntry> find(TwinRef ref, MapKey key) const {
        std::optional<std::uint16_t> level;
        for (;;) {
            for (std::size_t copy = 0; copy < 2; ++copy)
                EXPECT_TRUE(verify_node(node(ref, copy), {ref.hash, level, identity}, geometry()));
            auto const header = node_header(node(ref));
            if (header.level == 0) return find_in_leaf(node(ref), key);
            auto const child = child_for(node(ref), key);
            if (!child) return std::nullopt;
            ref = child->child;
            level = static_cast<std::uint16_t>(header.level - 1);
        }
    }
    Geometry geometry() const { return segments_.geometry(); }
    std::uint64_t nodes_made() const { return builder_.nodes_made(); }

private:
    std::array<Segment, segment_count> table_{};
    Segments segments_;
    IoQueue io_;
    std::array<LogStream, 2> streams_;
    std::array<std::vector<std::byte>, 2> buffers_{std::vector<std::byte>(16384),
                                                   std::vector<std::byte>(16384)};
    std::vector<std::byte> builder_memory_ = std::vector<std::byte>(MapBuilder::memory_size);
    std::vector<std::byte> node_ = std::vector<std::byte>(node_size);
    std::vector<std::byte> disk_ = std::vector<std::byte>(std::size_t{segment_count} << 16);
    MapBuilder builder_;
};

LeafEntry entry_of(std::uint64_t frame, std::uint64_t birth = 3) {
    auto const live = frame % 1000 == 0;
    EntryFields fields{abi::FrameId::persistent(frame), abi::FrameType::process, abi::Version(7), {}, 0, 0};
    fields.flags |= EntryFlag::zero;
    if (live) fields.flags |= EntryFlag::live;
    return {make_entry(fields), birth};
}

TEST(Map, what_was_added_is_found_at_every_size) {
    for (std::uint64_t const count : {1U, 2U, 125U, 126U, 127U, 252U, 253U, 126U * 84U + 1U, 12000U}) {
        Fixture f;
        for (std::uint64_t i = 1; i <= count; ++i) f.add(entry_of(i * 2));
        auto const root = f.finish();
        auto const step = std::max<std::uint64_t>(count / 50, 1);
        for (std::uint64_t i = 1; i <= count; i += step) {
            auto const found = f.find(root, {i * 2, ~std::uint64_t{0}});
            ASSERT_TRUE(found) << count << " " << i;
            EXPECT_EQ(found->entry, entry_of(i * 2).entry);
            EXPECT_FALSE(f.find(root, {i * 2 + 1, ~std::uint64_t{0}}));
            EXPECT_FALSE(f.find(root, {i * 2, 2})); // before its birth
        }
        EXPECT_GE(f.nodes_made(), (count + leaf_capacity - 1) / leaf_capacity);
    }
}

// Of every frame all versions stand in one leaf, whatever their number; each is found at its own generations.
TEST(Map, versions_of_a_frame_stand_in_one_leaf) {
    std::mt19937_64 random(1);
    std::size_t leaves = 0;
    for (int turn = 0; turn < 60; ++turn) {
        Fixture f;
        std::map<std::uint64_t, std::vector<std::uint64_t>> births;
        auto const most = turn % 3 == 0 ? MapBuilder::group_at_most : 1 + random() % 40;
        for (std::uint64_t frame = 1; frame <= 1 + random() % 40; ++frame) {
            std::vector<LeafEntry> versions;
            for (auto n = turn % 4 == 0 ? most : 1 + random() % most; n > 0; --n) {
                auto const birth = (versions.empty() ? 0 : versions.back().birth) + 1 + random() % 5;
                versions.push_back(entry_of(frame, birth));
                births[frame].push_back(birth);
            }
            f.add(versions);
        }
        auto const root = f.finish();
        for (auto const& [frame, list] : births) {
            EXPECT_FALSE(f.find(root, {frame, list.front() - 1}));
            for (std::size_t i = 0; i < list.size(); ++i) {
                auto const last = i + 1 < list.size() ? list[i + 1] - 1 : ~std::uint64_t{0};
                for (auto const at : {list[i], last}) {
                    auto const found = f.find(root, {frame, at});
                    ASSERT_TRUE(found) << turn << " " << frame << " " << at;
                    EXPECT_EQ(found->birth, list[i]);
                }
            }
        }
        leaves += f.nodes_made();
    }
    EXPECT_GT(leaves, 200u);
}

TEST(Map, inner_nodes_say_where_live_processes_are) {
    Fixture f;
    for (std::uint64_t i = 1; i <= 3000; ++i) f.add(entry_of(i));
    auto const root = f.finish();
    auto const node = f.node(root);
    ASSERT_EQ(node_header(node).level, 1u);
    for (std::size_t i = 0; i < node_header(node).count; ++i) {
        auto const child = child_entry(node, i);
        bool live = false;
        auto const leaf = f.node(child.child);
        for (std::size_t k = 0; k < node_header(leaf).count; ++k) live |= leaf_entry(leaf, k).entry.live();
        EXPECT_EQ(child.flags != 0, live) << i;
    }
}

// Disk bytes are hostile: a good hash is not enough.
TEST(Map, what_is_no_node_is_refused) {
    Fixture f;
    for (std::uint64_t i = 1; i <= 20; ++i) f.add(entry_of(i));
    auto const root = f.finish();
    std::vector<std::byte> const good(f.node(root).begin(), f.node(root).end());
    auto const refused = [&](auto change, std::optional<std::uint16_t> level = std::nullopt) {
        auto bytes = good;
        change(bytes);
        auto const hash = hash64(HashSeed::map_node, bytes);
        return !verify_node(bytes, {hash, level, identity}, f.geometry());
    };
    auto const header = [](auto change) {
        return [=](std::vector<std::byte>& bytes) {
            auto h = node_header(bytes);
            change(h);
            base::write(base::Bytes(bytes), 0, h);
        };
    };
    auto const entry = [](std::size_t index, auto change) {
        return [=](std::vector<std::byte>& bytes) {
            auto e = leaf_entry(bytes, index);
            change(e);
            base::write(base::Bytes(bytes), sizeof(NodeHeader) + index * sizeof(LeafEntry), e);
        };
    };
    EXPECT_FALSE(refused([](auto&) {}));
    EXPECT_TRUE(refused([](auto&) {}, std::uint16_t{1})); // of another level
    EXPECT_TRUE(refused(header([](NodeHeader& h) { h.magic ^= 1; })));
    EXPECT_TRUE(refused(header([](NodeHeader& h) { h.store.high ^= 1; })));
    EXPECT_TRUE(refused(header([](NodeHeader& h) { h.count = 0; })));
    EXPECT_TRUE(refused(header([](NodeHeader& h) { h.count = leaf_capacity + 1; })));
    EXPECT_TRUE(refused(header([](NodeHeader& h) { h.level = node_levels; })));
    EXPECT_TRUE(refused(entry(4, [](LeafEntry& e) { e = entry_of(4); })));               // twice
    EXPECT_TRUE(refused(entry(4, [](LeafEntry& e) { e.entry.name |= 9ULL << 48; })));    // unknown type
    EXPECT_TRUE(refused(entry(4, [](LeafEntry& e) { e.entry.name |= 128ULL << 56; })));  // unknown flag
    EXPECT_TRUE(refused(entry(4, [](LeafEntry& e) { e.entry.hash = 1; })));              // of a zero frame
    EXPECT_TRUE(refused(entry(4, [](LeafEntry& e) { e.entry.name &= ~(2ULL << 56); }))); // sector 0
    // Of a leaf only: from this birth on as if never written.
    auto const absent = [](LeafEntry& e) {
        e.entry = make_entry({e.entry.frame(),
                              abi::FrameType::free,
                              {},
                              base::Flags(EntryFlag::zero) | EntryFlag::absent,
                              0,
                              0});
    };
    EXPECT_FALSE(refused(entry(4, absent)));
    EXPECT_TRUE(refused(entry(4, [&](LeafEntry& e) {
        absent(e);
        e.entry.where |= 1ULL << 40;
    }))); // a mark
    EXPECT_TRUE(refused(entry(4, [&](LeafEntry& e) {
        absent(e);
        e.entry.name |= 1ULL << 48;
    }))); // a type
    EXPECT_TRUE(refused(entry(4, [](LeafEntry& e) { e.entry.name |= 16ULL << 56; })));
    auto torn = good;
    torn[100] ^= std::byte{1};
    EXPECT_FALSE(verify_node(torn, {root.hash, std::nullopt, identity}, f.geometry()));
}

} // namespace
} // namespace store
