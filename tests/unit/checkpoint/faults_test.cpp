// SPDX-License-Identifier: Apache-2.0
// R25, R26 against a failing device (T7): every k-th request fails, once, in a burst or for ever, while the
// store recovers, fetches, commits and folds. The outcome is an error or a commit that is tried again; what
// was acknowledged is there afterwards, byte for byte.
#include "recorded_disk.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace tests {
namespace {

constexpr std::uint32_t shift = 14;
constexpr std::uint32_t segments = 40;

Model changes_of(std::mt19937_64& random, std::uint64_t frames, std::uint64_t most) {
    Model changes;
    for (auto n = random() % (most + 1); n > 0; --n)
        changes[2 + random() % frames] = {random() % 3 == 0 ? abi::FrameType::process
                                                            : abi::FrameType::data_page,
                                          static_cast<std::uint32_t>(random() % 3), false, random() % 9};
    return changes;
}

// A store as some history left it, and the model that it must come back with.
struct Image {
    std::string name;
    std::vector<std::byte> bytes;
    std::vector<Model> models;
    std::uint64_t number = 0;
};

Image image_of(std::string name, SimulatedDisk& disk, ReferenceStore& store) {
    return {std::move(name), disk.image(), store.models(), store.acknowledged()};
}

// Everything that recovery meets: newest record with and without a root slot that knows it, a commit that was
// abandoned before it (R25), a torn one after it, a map and a first boot.
std::vector<Image> images() {
    std::vector<Image> result;
    SimulatedDisk disk(segments << shift, {.seed = 1});
    ReferenceStore store(disk, small_limits(segments));
    std::mt19937_64 random(1);
    EXPECT_TRUE(store.format(shift));
    result.push_back(image_of("formatted", disk, store));
    EXPECT_TRUE(store.open(100));
    for (int i = 0; i < 36; ++i) EXPECT_TRUE(store.commit(changes_of(random, 20, 5)));
    store.settle();
    EXPECT_LT(store.engine().superblock().generation, store.engine().newest().raw());
    result.push_back(image_of("newest not noted", disk, store));
    disk.options.fail_request = 2;
    EXPECT_FALSE(store.commit(changes_of(random, 20, 5)));
    disk.options.fail_request = 0;
    EXPECT_TRUE(store.commit(changes_of(random, 20, 5)));
    store.settle();
    result.push_back(image_of("after an abandoned commit", disk, store));
    store.engine().note_idle();
    store.settle();
    result.push_back(image_of("newest noted", disk, store));
    // The last write of a commit is cut.
    auto torn = image_of("torn", disk, store);
    EXPECT_TRUE(store.commit({{2, {abi::FrameType::data_page, 0, false, 4711}}}));
    checkpoint::CheckpointInfo newest;
    store.engine().history({&newest, 1});
    auto const place = newest.record.directory[0].offset() - abi::frame_size;
    torn.bytes = disk.image();
    torn.bytes[place] ^= std::byte{1};
    result.push_back(std::move(torn));
    return result;
}

// A fault of a device: of which requests, how many in a row.
struct Fault {
    std::optional<store::RequestKind> kind;
    std::uint64_t count = 1;
};

constexpr auto for_ever = DiskOptions::for_ever;
constexpr auto read = store::RequestKind::read;
constexpr auto write = store::RequestKind::write;
constexpr auto flush = store::RequestKind::flush;

TEST(Faults, recovery_gives_an_error_or_the_newest_acknowledged_checkpoint) {
    std::uint64_t points = 0, errors = 0, healed = 0;
    for (auto const& image : images())
        for (auto const fault : {Fault{read, 1}, Fault{read, 2}, Fault{read, 3}, Fault{read, for_ever},
                                 Fault{write, 1}, Fault{write, for_ever}, Fault{flush, 1}, Fault{{}, 1}}) {
            for (std::uint64_t k = 1;; ++k) {
                SCOPED_TRACE(image.name + ", request " + std::to_string(k) + ", " +
                             std::to_string(fault.count) + " in a row");
                SimulatedDisk disk(image.bytes.size(), {.order = DiskOptions::Order::as_submitted,
                                                        .fail_request = k,
                                                        .fail_count = fault.count,
                                                        .fail_kind = fault.kind});
                disk.image() = image.bytes;
                ReferenceStore store(disk, small_limits(segments));
                store.adopt(image.models, image.number);
                auto const opened = store.open(200);
                auto const hit = disk.failed() > 0;
                disk.options.fail_request = 0;
                if (opened) {
                    ASSERT_EQ(store.compare(), "");
                    if (hit) ++healed;
                } else {
                    ASSERT_EQ(opened.error, abi::Error::io);
                    ++errors;
                }
                // The failed attempt has destroyed nothing.
                ASSERT_TRUE(store.open(201));
                ASSERT_EQ(store.compare(), "");
                if (!hit) break;
                ++points;
            }
        }
    std::printf("%lu points: %lu errors, %lu healed by the other copy\n", points, errors, healed);
    EXPECT_GT(errors, 100u);
    EXPECT_GT(healed, 20u);
}

// `previous` is the way out when the newest checkpoint cannot be read at all.
TEST(Faults, an_unreadable_newest_checkpoint_is_left_by_previous) {
    auto const image = images()[1];
    SimulatedDisk disk(image.bytes.size(), {});
    disk.image() = image.bytes;
    ReferenceStore store(disk, small_limits(segments));
    EngineMemory memory(small_limits(segments));
    checkpoint::OfflineStore reader;
    UndoDisk copy(image.bytes);
    ASSERT_TRUE(reader.open(copy, memory.memory(), small_limits(segments)));
    checkpoint::CheckpointInfo newest[2];
    ASSERT_EQ(reader.history(newest), 2u);
    // The frame that every commit writes stands in front of its directory.
    auto const block = newest[0].record.directory[0].offset() - abi::frame_size;
    disk.bad = [=](store::Request const& request) {
        return request.kind == read && request.offset <= block &&
               block < request.offset + request.data.size();
    };
    ASSERT_EQ(store.open(300).error, abi::Error::io);
    checkpoint::Engine engine;
    checkpoint::OpenOptions options{.limits = small_limits(segments), .nonce = {7, 8}, .previous = true};
    ASSERT_TRUE(engine.open(disk, memory.memory(), options));
    EXPECT_TRUE(engine.recovery().lost_acknowledged);
    EXPECT_EQ(engine.newest(), newest[1].generation);
}

// Commits do not need root slots: what was committed while none could be written is found from the old ones,
// however long the chain.
TEST(Faults, root_slots_that_cannot_be_written_lose_nothing) {
    constexpr std::uint32_t many = 1000;
    SimulatedDisk disk(many << shift, {.seed = 7});
    ReferenceStore store(disk, small_limits(many));
    std::mt19937_64 random(7);
    ASSERT_TRUE(store.format(shift));
    ASSERT_TRUE(store.open(100));
    disk.bad = [&](store::Request const& request) {
        return request.kind == write && request.data.size() == 512 &&
               (request.offset < 8192 || request.offset >= disk.capacity() - 8192);
    };
    auto const before = disk.image();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(store.commit(changes_of(random, 20, 5))) << i;
    store.settle();
    // A failed write may have come through all the same: not here.
    std::copy_n(before.begin(), 8192, disk.image().begin());
    std::copy_n(before.end() - 8192, 8192, disk.image().end() - 8192);
    EXPECT_GT(store.engine().counters().folds, 10u);
    disk.bad = nullptr;
    ASSERT_TRUE(store.open(101));
    EXPECT_GE(store.engine().recovery().records_walked, 300u);
    EXPECT_EQ(store.compare(), "");
}

TEST(Faults, a_fetch_gives_an_error_or_the_right_bytes) {
    auto const image = images()[3];
    std::uint64_t errors = 0, healed = 0;
    for (std::uint64_t count = 1; count <= 2; ++count)
        for (std::uint64_t k = 1;; ++k) {
            SimulatedDisk disk(image.bytes.size(), {.seed = k});
            disk.image() = image.bytes;
            ReferenceStore store(disk, small_limits(segments));
            store.adopt(image.models, image.number);
            ASSERT_TRUE(store.open(200));
            disk.options = {.seed = k, .fail_request = k, .fail_count = count, .fail_kind = read};
            auto const before = disk.failed();
            std::uint64_t failed = 0;
            std::vector<std::byte> want(abi::frame_size);
            for (auto const& [frame, facts] : image.models[image.number]) {
                auto const found = fetch_frame(store.engine(), disk, frame);
                fill_content(facts.seed, want);
                if (found.error == abi::Error::none) ASSERT_EQ(found.content, want) << k;
                else ASSERT_EQ(found.error, abi::Error::io) << k;
                failed += found.error == abi::Error::none ? 0 : 1;
            }
            errors += failed;
            if (disk.failed() == before) break;
            disk.options.fail_request = 0;
            if (failed == 0) ++healed;
            ASSERT_EQ(store.compare(), "") << k;
        }
    EXPECT_GT(errors, 20u);
    EXPECT_GT(healed, 0u); // a map node's other copy
}

// Commits, folds and refreshes of root slots while the k-th request fails: a failed commit is told, its
// changes go with the next, and the store is whole afterwards.
struct Commits {
    std::uint64_t points = 0, failed = 0, folds = 0;
    void run(Fault const& fault, std::uint64_t k, bool& hit);
    void check(SimulatedDisk& disk);
};

// The store on the disk is whole, its space accounted for.
void Commits::check(SimulatedDisk& disk) {
    EngineMemory memory(small_limits(segments));
    checkpoint::OfflineStore reader;
    QuietListener quiet;
    ASSERT_TRUE(reader.open(disk, memory.memory(), small_limits(segments)));
    auto const result = reader.check(quiet);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->findings, 0u);
    ASSERT_TRUE(result->space_balances);
}

void Commits::run(Fault const& fault, std::uint64_t k, bool& hit) {
    SCOPED_TRACE("request " + std::to_string(k) + ", " + std::to_string(fault.count) + " in a row");
    SimulatedDisk disk(segments << shift, {.seed = k});
    ReferenceStore store(disk, small_limits(segments));
    std::mt19937_64 random(k % 5);
    ASSERT_TRUE(store.format(shift));
    ASSERT_TRUE(store.open(100));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(store.commit(changes_of(random, 20, 5)));
    disk.options.fail_request = k;
    disk.options.fail_count = fault.count;
    disk.options.fail_kind = fault.kind;
    std::uint64_t refused = 0;
    for (int i = 0; i < 40; ++i) {
        auto const done = store.commit(changes_of(random, 20, 5));
        if (done) continue;
        // For ever: until what failed commits have used up leaves no room for more.
        auto const out_of_room = done.error == abi::Error::no_space;
        ASSERT_TRUE(done.error == abi::Error::io || (out_of_room && fault.count == for_ever)) << i;
        ++refused;
        ASSERT_EQ(store.engine().commit_state(), checkpoint::CommitState::none);
    }
    hit = disk.failed() > 0;
    if (fault.count != for_ever) {
        ASSERT_LE(refused, fault.count);
    }
    store.settle(); // it ends, though the device may still fail
    // The device is well again.
    disk.options.fail_request = 0;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store.commit(changes_of(random, 20, 5)));
    ASSERT_EQ(store.compare(), "");
    store.settle();
    failed += refused;
    folds += store.engine().counters().folds;
    ++points;
    // The next boot finds what was acknowledged, and goes on from it.
    ASSERT_TRUE(store.open(101));
    ASSERT_EQ(store.compare(), "");
    ASSERT_TRUE(store.commit(changes_of(random, 20, 5)));
    store.settle();
    check(disk);
}

TEST(Faults, commits_and_folds_go_on_after_any_failed_request) {
    Commits commits;
    for (auto const fault : {Fault{{}, 1}, Fault{{}, 4}, Fault{read, 1}, Fault{read, 2}, Fault{write, 1},
                             Fault{write, 7}, Fault{flush, 1}, Fault{flush, 3}, Fault{write, for_ever},
                             Fault{flush, for_ever}, Fault{{}, for_ever}}) {
        bool hit = true;
        for (std::uint64_t k = 1; hit && k < 1000; ++k) {
            commits.run(fault, k, hit);
            if (HasFatalFailure()) return;
        }
    }
    std::printf("%lu points, %lu commits failed and were made up for, %lu folds\n", commits.points,
                commits.failed, commits.folds);
    EXPECT_GT(commits.points, 1000u);
    EXPECT_GT(commits.failed, 1000u);
}

// What a failed commit used up is not used again before a commit is made (R25), but no commit begins without
// room for another place of the next record: however long a device fails, when it is well again writing goes
// on.
TEST(Faults, writing_goes_on_after_thousands_of_failures) {
    for (auto const kind : {write, flush}) {
        SimulatedDisk disk(segments << shift, {.seed = 3});
        ReferenceStore store(disk, small_limits(segments));
        std::mt19937_64 random(3);
        ASSERT_TRUE(store.format(shift));
        ASSERT_TRUE(store.open(100));
        for (int i = 0; i < 10; ++i) ASSERT_TRUE(store.commit(changes_of(random, 20, 5)));
        disk.options.fail_request = 1;
        disk.options.fail_count = for_ever;
        disk.options.fail_kind = kind;
        bool used_up = false;
        for (int i = 0; i < 3000; ++i) {
            auto const done = store.commit(changes_of(random, 20, 5));
            used_up = used_up || done.error == abi::Error::no_space;
            ASSERT_TRUE(done.error == abi::Error::io || done.error == abi::Error::no_space) << i;
        }
        EXPECT_TRUE(used_up);
        disk.options.fail_request = 0;
        for (int i = 0; i < 30; ++i) ASSERT_TRUE(store.commit(changes_of(random, 20, 5))) << i;
        ASSERT_EQ(store.compare(), "");
        ASSERT_TRUE(store.open(101));
        ASSERT_EQ(store.compare(), "");
    }
}

} // namespace
} // namespace tests
