// SPDX-License-Identifier: Apache-2.0
// A program that writes images of commit records, directories, root slots and map nodes into its pages, with
// good hashes, the right store and nonce and the places where they will stand: recovery never believes one.
#include "workloads.hpp"

#include <abi/disk/map_node.hpp>
#include <gtest/gtest.h>
#include <store/geometry.hpp>
#include <store/hash.hpp>

#include <cstdio>

namespace tests {
namespace {

using abi::disk::CommitRecord;
using abi::disk::Extent;
using abi::disk::RootSlot;

constexpr std::uint32_t shift = 14;
constexpr std::uint64_t forged_mark = 0x6465'6772'6f66; // in stop_ns, which recovery does not look at

void put_record(CommitRecord record, base::Bytes sector) {
    std::memset(sector.data(), 0, 512);
    base::write(sector, 0, record);
    record.hash = store::hash128(abi::disk::HashSeed::record,
                                 base::ConstBytes(sector).subspan(abi::disk::record_hash_from));
    base::write(sector, 0, record);
}

void put_slot(RootSlot slot, base::Bytes sector) {
    std::memset(sector.data(), 0, 512);
    base::write(sector, 0, slot);
    slot.hash = store::hash128(abi::disk::HashSeed::root_slot,
                               base::ConstBytes(sector).subspan(abi::disk::root_slot_hash_from));
    base::write(sector, 0, slot);
}

CommitRecord newest_of(checkpoint::Engine& engine) {
    checkpoint::CheckpointInfo newest;
    engine.history({&newest, 1});
    return newest.record;
}

// A record that says: everything is zero after `parent`. Its directory is empty.
CommitRecord successor_of(CommitRecord const& parent, std::uint64_t later) {
    auto record = parent;
    record.generation = parent.generation + later;
    record.parent_hash = parent.hash;
    record.parent = parent.self;
    record.self = parent.next;
    record.stop_ns = forged_mark;
    record.flags = static_cast<std::uint64_t>(abi::disk::RecordFlag::flushed_first);
    record.directory_bytes = 0;
    record.directory_entries = 0;
    record.directory = {};
    record.directory_copy = {};
    record.directory_hash = store::hash128(abi::disk::HashSeed::directory, {});
    return record;
}

class Forger {
public:
    Forger(ReferenceStore& store, SimulatedDisk& disk, std::uint64_t seed)
        : store_(store), disk_(disk), random_(seed) {}

    // The page-th page of the next commit: it will stand right behind the record's place.
    std::uint64_t page(std::uint64_t index) {
        std::vector<std::byte> content(abi::frame_size);
        auto const parent = newest_of(store_.engine());
        for (std::uint64_t sector = 0; sector < 8; ++sector) {
            auto const into = base::Bytes(content).subspan(sector * 512, 512);
            auto const here = parent.next[0].first() + 1 + index * 8 + sector;
            switch (random_() % 8) {
            case 0: put_slot(slot(), into); break;
            case 1: copy_node(parent, into); break;
            case 2: copy_record(parent, into); break;
            default: put_record(record(parent, here), into);
            }
        }
        return register_content(content);
    }

private:
    CommitRecord record(CommitRecord const& parent, std::uint64_t here) {
        auto record = successor_of(parent, 1 + random_() % 40);
        record.self[0] = Extent::make(here, 1);
        if (random_() % 2 == 0) record.self[1] = record.self[0];
        record.next = {Extent::make(here + 1, 1), Extent::make(here + 1, 1)};
        return record;
    }

    RootSlot slot() {
        auto slot = store_.engine().superblock();
        slot.sequence += 100;
        slot.slot = static_cast<std::uint32_t>(random_() % 2);
        if (random_() % 2 == 0) slot.generation += 1;
        return slot;
    }

    // The bytes of what is on the disk: leftovers by the program's own hand.
    void copy_node(CommitRecord const& parent, base::Bytes into) {
        if (parent.map.none()) return;
        auto const offset = parent.map.place[0].offset() + random_() % 8 * 512;
        std::memcpy(into.data(), disk_.image().data() + offset, 512);
    }
    void copy_record(CommitRecord const& parent, base::Bytes into) {
        std::memcpy(into.data(), disk_.image().data() + parent.self[random_() % 2].offset(), 512);
    }

    ReferenceStore& store_;
    SimulatedDisk& disk_;
    std::mt19937_64 random_;
};

struct Met {
    std::uint64_t states = 0, whole = 0;
};

// Is one of the forged records, whole and at its own place, where recovery looked for a successor?
void look_for_forged(Met& met, UndoDisk& image, checkpoint::Engine& engine) {
    ++met.states;
    auto const newest = newest_of(engine);
    for (auto const place : newest.next) {
        auto const sector = base::ConstBytes(image.image()).subspan(place.offset(), 512);
        auto const record = base::read<CommitRecord>(sector);
        if (record.magic != abi::disk::record_magic || record.stop_ns != forged_mark) continue;
        if (record.self[0] == place) ++met.whole;
    }
    ASSERT_NE(newest.stop_ns, forged_mark);
}

TEST(Forgery, pages_full_of_forged_metadata_are_never_believed) {
    Met met;
    std::uint64_t violations = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        auto const forge = [&, seed](ReferenceStore& store, SimulatedDisk& disk) {
            Forger forger(store, disk, seed);
            std::mt19937_64 random(seed);
            for (std::uint64_t i = 0; i < 70; ++i) {
                Model changes;
                // Frame 1 is the first page of each commit.
                for (std::uint64_t page = 1; page <= 1 + random() % 4; ++page)
                    changes[1 + page + random() % 4 * 8] = {abi::FrameType::data_page, 0, false,
                                                            forger.page(page)};
                ASSERT_TRUE(store.commit(changes));
                if (i % 20 != 19) continue;
                store.settle();
                ASSERT_TRUE(store.open(3000 + i));
            }
        };
        Plan const plan{.segments = 34,
                        .disk = {.seed = seed},
                        .before = forge,
                        .run = forge,
                        .crash = {.exhaustive_below = 5, .samples = 4, .seed = seed},
                        .nest_every = 0,
                        .look = [&](UndoDisk& image, auto& engine) { look_for_forged(met, image, engine); }};
        auto const result = CrashRun({"forged", seed, 0}, plan).run();
        violations += result.violations;
        for (auto const& line : result.told) ADD_FAILURE() << "forged pages, seed " << seed << ": " << line;
    }
    std::printf("%lu states; in %lu of them a forged record stands whole where recovery looks\n", met.states,
                met.whole);
    EXPECT_EQ(violations, 0u);
    EXPECT_GT(met.whole, 100u);
}

// A store whose newest record has no successor yet.
struct Prepared {
    Prepared() : disk(std::size_t{40} << shift, {.seed = 3}), store(disk, limits()), memory(limits()) {
        EXPECT_TRUE(store.format(shift));
        EXPECT_TRUE(store.open(77));
        commits(12, 3, 9, 4)(store, disk);
        store.settle();
        newest = newest_of(store.engine());
    }
    static checkpoint::Limits limits() { return small_limits(40); }
    // What recovery says of the disk with `record` in both places.
    std::uint64_t generation_with(CommitRecord const& record) {
        auto image = disk.image();
        for (auto const place : newest.next)
            put_record(record, base::Bytes(image).subspan(place.offset(), 512));
        UndoDisk copy(image);
        checkpoint::OfflineStore reader;
        EXPECT_TRUE(reader.open(copy, memory.memory(), limits()));
        return reader.recovery().generation.raw();
    }
    SimulatedDisk disk;
    ReferenceStore store;
    EngineMemory memory;
    CommitRecord newest;
};

// One that is right in everything is the successor; each field that differs makes it none.
TEST(Forgery, each_field_that_binds_a_successor_is_checked) {
    Prepared prepared;
    auto const& newest = prepared.newest;
    auto const right = successor_of(newest, 1);
    ASSERT_EQ(prepared.generation_with(right), right.generation);
    auto const refused = [&](char const* what, auto change) {
        auto record = right;
        change(record);
        EXPECT_EQ(prepared.generation_with(record), newest.generation) << what;
    };
    refused("another parent", [](auto& r) { r.parent_hash.high ^= 1; });
    refused("its grandparent's hash", [&](auto& r) { r.parent_hash = newest.parent_hash; });
    refused("the same generation", [&](auto& r) { r.generation = newest.generation; });
    refused("an older generation", [&](auto& r) { r.generation = newest.generation - 1; });
    refused("another boot's nonce", [](auto& r) { r.nonce.low ^= 1; });
    refused("another store", [](auto& r) { r.store.high ^= 1; });
    refused("another place", [](auto& r) { r.self[0] = Extent::make(r.self[0].first() + 1, 1); });
    refused("the copy's place", [](auto& r) { r.self[1] = r.self[0]; });
    refused("an unknown flag", [](auto& r) { r.flags |= 1U << 20; });
    refused("a base not before it", [](auto& r) { r.base = r.generation + 1; });
    refused("a successor outside the log", [](auto& r) { r.next[0] = Extent::make(0, 1); });
    refused("a directory outside the log", [](auto& r) {
        r.directory_bytes = 24;
        r.directory_entries = 1;
        r.directory[0] = r.directory_copy[0] = Extent::make(1U << 30, 1);
    });
}

// A boot stepped over what an earlier one was writing: that may yet stand at the place, whole and right but
// for the boot that wrote it.
TEST(Forgery, what_an_earlier_boot_left_is_no_successor) {
    Prepared prepared;
    auto const left = successor_of(prepared.newest, 1);
    ASSERT_EQ(prepared.generation_with(left), left.generation);
    ASSERT_TRUE(prepared.store.open(78));
    ASSERT_EQ(newest_of(prepared.store.engine()).generation, prepared.newest.generation);
    EXPECT_EQ(prepared.generation_with(left), prepared.newest.generation);
}

// With both front copies gone the end copies are looked for where stores of each geometry would have them. A
// program's page may lie at such a place; the true ones lie behind all pages.
TEST(Forgery, a_root_slot_in_a_page_is_not_taken_for_a_copy_at_the_end) {
    constexpr std::uint32_t segments = 41;
    SimulatedDisk disk(segments << shift, {.seed = 4});
    ReferenceStore store(disk, small_limits(segments));
    ASSERT_TRUE(store.format(shift));
    ASSERT_TRUE(store.open(78));
    commits(12, 4, 9, 4)(store, disk);
    store.settle();
    auto image = disk.image();
    auto forged = store.engine().superblock();
    forged.segment_shift = shift + 1;
    forged.segments = segments / 2;
    forged.sequence += 100;
    store::Geometry const geometry{forged.segment_shift, forged.segments};
    for (std::uint32_t slot = 0; slot < 2; ++slot) {
        forged.slot = slot;
        put_slot(forged, base::Bytes(image).subspan(geometry.slot_offset(slot, 1), 512));
        std::memset(image.data() + slot * 4096, 0, 512);
    }
    UndoDisk copy(image);
    ReferenceStore after(copy, small_limits(segments));
    after.adopt(store.models(), store.acknowledged());
    ASSERT_TRUE(after.open(79));
    EXPECT_EQ(after.engine().superblock().segment_shift, shift);
    EXPECT_EQ(after.compare(), "");
}

} // namespace
} // namespace tests
