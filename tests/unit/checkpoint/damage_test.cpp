// SPDX-License-Identifier: Apache-2.0
// Silent faults (T8): every byte of what a small store refers to is damaged in turn, in one copy and in both.
// `check` reports it or nothing refers to it; what has two copies is read from the other; what has none left
// is an error, never wrong data and never an older checkpoint taken silently.
#include "recorded_disk.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>
#include <store/map_node.hpp>
#include <store/root_slots.hpp>

#include <algorithm>
#include <cstdio>
#include <set>

namespace tests {
namespace {

constexpr std::uint32_t shift = 14;
constexpr std::uint32_t segments = 72;
using store::Finding;

class Listener final : public checkpoint::CheckListener {
public:
    void report(store::Corruption const& corruption) override { findings.push_back(corruption); }
    void progress(checkpoint::CheckPhase, std::uint64_t, std::uint64_t) override {}
    bool has(Finding finding) const {
        return std::any_of(findings.begin(), findings.end(),
                           [&](auto const& one) { return one.finding == finding; });
    }
    std::vector<store::Corruption> findings;
};

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

// One piece of metadata: the same bytes in two places, those that its hash covers.
struct Piece {
    Finding part = Finding::none;
    std::array<std::vector<Range>, 2> copies;
};

// What an image refers to, found by following the format's pointers from what the reader lists.
class Referenced {
public:
    Referenced(std::vector<std::byte> const& image, checkpoint::OfflineStore& reader) : image_(image) {
        store::Geometry const geometry{shift, segments};
        for (std::uint32_t slot = 0; slot < 2; ++slot)
            pieces.push_back({Finding::root_slot,
                              {std::vector{Range{geometry.slot_offset(slot, 0), 512}},
                               std::vector{Range{geometry.slot_offset(slot, 1), 512}}}});
        std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
        auto const count = reader.history(list);
        newest = list[0].record;
        for (std::size_t i = 0; i < count; ++i) {
            auto const& record = list[i].record;
            if (!record.self[0].none()) twin(Finding::record, record.self);
            if (record.generation > newest.base && record.directory_bytes > 0) directory(record);
            EXPECT_TRUE(reader.for_each(list[i].generation, [&](checkpoint::FrameInfo const& frame) {
                if (!frame.zero) blocks.insert(frame.offset);
                return true;
            }));
        }
        if (!newest.map.none()) node(newest.map);
        if (!newest.table.none()) twin(Finding::segment_table, newest.table.place);
        if (!newest.checkpoints.none()) twin(Finding::checkpoint_table, newest.checkpoints.place);
    }

    bool sector(std::uint64_t offset) const {
        for (auto const block : blocks)
            if (block <= offset && offset < block + abi::frame_size) return true;
        for (auto const& piece : pieces)
            for (auto const& copy : piece.copies)
                for (auto const range : copy)
                    if (range.offset < offset + 512 && offset < range.offset + range.size) return true;
        return false;
    }

    std::vector<Piece> pieces;
    std::set<std::uint64_t> blocks;
    abi::disk::CommitRecord newest;

private:
    void twin(Finding part, abi::disk::Twin const& place) {
        pieces.push_back({part,
                          {std::vector{Range{place[0].offset(), place[0].bytes()}},
                           std::vector{Range{place[1].offset(), place[1].bytes()}}}});
    }

    void directory(abi::disk::CommitRecord const& record) {
        Piece piece{Finding::directory, {}};
        std::size_t copy = 0;
        for (auto const* runs : {&record.directory, &record.directory_copy}) {
            std::uint64_t left = record.directory_bytes;
            for (auto const run : *runs) {
                auto const size = std::min<std::uint64_t>(left, run.bytes());
                if (size > 0) piece.copies[copy].push_back({run.offset(), size});
                left -= size;
            }
            ++copy;
        }
        pieces.push_back(piece);
    }

    void node(abi::disk::TwinRef const& ref) {
        twin(Finding::map_node, ref.place);
        auto const bytes = base::ConstBytes(image_).subspan(ref.place[0].offset(), abi::disk::node_size);
        auto const header = store::node_header(bytes);
        for (std::size_t i = 0; header.level > 0 && i < header.count; ++i)
            node(store::child_entry(bytes, i).child);
    }

    std::vector<std::byte> const& image_;
};

// A store with folds, several retained checkpoints and a map of more than one node behind it.
struct Prepared {
    explicit Prepared(bool noted)
        : disk(segments << shift, {.seed = 5}), store(disk, small_limits(segments)), memory(limits()) {
        std::mt19937_64 random(5);
        EXPECT_TRUE(store.format(shift));
        EXPECT_TRUE(store.open(100));
        for (std::uint64_t first = 2; first < 152; first += 15) {
            Model zeros;
            for (auto frame = first; frame < first + 15; ++frame) zeros[frame] = {};
            EXPECT_TRUE(store.commit(zeros));
        }
        for (int i = 0; i < 40; ++i) {
            Model changes;
            for (int k = 0; k < 4; ++k)
                changes[2 + random() % 20] = {abi::FrameType::data_page, 0, false, random() % 7};
            EXPECT_TRUE(store.commit(changes));
        }
        store.settle();
        if (!noted) return;
        store.engine().note_idle();
        store.settle();
    }
    static checkpoint::Limits limits() { return small_limits(segments); }
    std::uint64_t number() const { return store.acknowledged(); }
    Model const& model() const { return store.models()[number()]; }

    SimulatedDisk disk;
    ReferenceStore store;
    EngineMemory memory;
};

enum class Newest : std::uint8_t { noted, not_noted }; // by a root slot

// The store as a reader has it, and what it refers to.
struct Opened {
    explicit Opened(Newest newest = Newest::noted)
        : prepared(newest == Newest::noted), image(prepared.disk.image()), referenced(open()) {}

    Prepared prepared;
    UndoDisk image;
    checkpoint::OfflineStore reader;
    Referenced referenced;

private:
    Referenced open() {
        EXPECT_TRUE(reader.open(image, prepared.memory.memory(), Prepared::limits()));
        return {prepared.disk.image(), reader};
    }
};

void flip(UndoDisk& image, std::uint64_t offset, unsigned bit = 0) {
    auto const bad = image.image()[offset] ^ static_cast<std::byte>(1U << bit);
    image.apply(offset, {&bad, 1});
}

// Opens, checks, and compares the newest checkpoint with the model in force.
struct Verdict {
    abi::Error opened = abi::Error::none;
    checkpoint::CheckResult check;
    checkpoint::RecoveryReport recovery;
    std::uint64_t number = 0; // of the model in force
    std::string difference;   // from it
};

Verdict judge(UndoDisk& image, Prepared& prepared, Listener& listener, bool frames) {
    Verdict verdict;
    checkpoint::OfflineStore reader;
    auto const opened = reader.open(image, prepared.memory.memory(), Prepared::limits(), &listener);
    verdict.opened = opened.error;
    if (opened.failed()) return verdict;
    verdict.recovery = reader.recovery();
    listener.findings.clear(); // what opening found, checking finds again
    auto const checked = reader.check(listener);
    EXPECT_TRUE(checked);
    verdict.check = *checked;
    if (!frames) return verdict;
    verdict.number = model_number(reader.engine(), image);
    auto const& models = prepared.store.models();
    verdict.difference = verdict.number < models.size()
                             ? compare(reader.engine(), image, models[verdict.number], 153)
                             : "no model";
    return verdict;
}

TEST(Damage, every_byte_of_referenced_metadata_is_covered) {
    Opened scene;
    auto& [prepared, image, reader, referenced] = scene;
    std::map<Finding, std::uint64_t> bytes;
    for (auto const& piece : referenced.pieces)
        for (auto const& copy : piece.copies)
            for (auto const range : copy)
                for (std::uint64_t at = 0; at < range.size; ++at) {
                    flip(image, range.offset + at, at % 8);
                    Listener listener;
                    auto const verdict = judge(image, prepared, listener, at % 97 == 0);
                    ASSERT_EQ(verdict.opened, abi::Error::none) << range.offset << "+" << at;
                    ASSERT_GT(verdict.check.findings, 0u) << range.offset << "+" << at;
                    ASSERT_TRUE(listener.has(Finding::single_copy)) << range.offset << "+" << at;
                    ASSERT_EQ(listener.findings[0].part, piece.part) << range.offset << "+" << at;
                    ASSERT_EQ(verdict.check.frames_damaged, 0u);
                    ASSERT_EQ(verdict.difference, "");
                    ASSERT_TRUE(at % 97 != 0 || verdict.number == prepared.number());
                    image.undo_to(0);
                    ++bytes[piece.part];
                }
    for (auto const& [part, count] : bytes)
        std::printf("%-14s %6lu bytes\n",
                    std::string(store::finding_names[static_cast<std::size_t>(part)]).c_str(), count);
    EXPECT_EQ(bytes.size(), 6u);
    EXPECT_GE(bytes[Finding::map_node], 4u * abi::disk::node_size); // two nodes at least
}

TEST(Damage, a_sector_is_reported_exactly_if_it_is_referenced) {
    Opened scene;
    auto& [prepared, image, reader, referenced] = scene;
    std::uint64_t reported = 0, unreferenced = 0;
    for (std::uint64_t offset = 0; offset < image.capacity(); offset += 512) {
        flip(image, offset, offset / 512 % 8);
        Listener listener;
        auto const verdict = judge(image, prepared, listener, false);
        ASSERT_EQ(verdict.opened, abi::Error::none) << offset;
        ASSERT_EQ(verdict.check.findings > 0, referenced.sector(offset)) << offset;
        ++(verdict.check.findings > 0 ? reported : unreferenced);
        image.undo_to(0);
    }
    std::printf("sectors: %lu reported, %lu that nothing refers to\n", reported, unreferenced);
    EXPECT_GT(reported, 200u);
}

// R26: until a root slot notes the newest checkpoint, damage to it cannot be told from a cut: then its parent
// is in force, and is called so.
TEST(Damage, the_newest_checkpoint_before_it_is_noted_is_whole_or_its_parent_is_in_force) {
    Opened scene(Newest::not_noted);
    auto& [prepared, image, reader, referenced] = scene;
    ASSERT_TRUE(reader.recovery().verified_frames);
    auto const& record = referenced.newest;
    std::uint64_t torn = 0, whole = 0;
    auto const try_byte = [&](std::uint64_t offset) {
        flip(image, offset, offset % 8);
        Listener listener;
        auto const verdict = judge(image, prepared, listener, true);
        ASSERT_EQ(verdict.opened, abi::Error::none) << offset;
        ASSERT_EQ(verdict.difference, "") << offset;
        ASSERT_EQ(verdict.number, prepared.number() - (verdict.recovery.torn ? 1 : 0)) << offset;
        ++(verdict.recovery.torn ? torn : whole);
        image.undo_to(0);
    };
    auto const try_places = [&](std::span<abi::disk::Extent const> places) {
        for (auto const place : places)
            for (std::uint64_t at = 0; at < place.bytes(); at += 3) try_byte(place.offset() + at);
    };
    try_places(record.self);
    try_places(record.directory);
    try_places(record.directory_copy);
    for (auto at = record.directory[0].offset() - abi::frame_size; at < record.directory[0].offset();
         at += 61)
        try_byte(at);
    EXPECT_GT(torn, 50u);
    EXPECT_GT(whole, 300u);
}

// Before a boot says of a checkpoint that it is acknowledged, all of it is written again: a device that lost
// a write with a failed flush shows it until its cache goes.
TEST(Damage, a_boot_writes_an_unnoted_checkpoint_again_before_a_slot_notes_it) {
    Opened scene(Newest::not_noted);
    std::set<std::uint64_t> missing;
    EXPECT_TRUE(scene.reader.for_each(scene.reader.engine().newest(), [&](checkpoint::FrameInfo const& info) {
        if (info.birth == scene.reader.engine().newest() && !info.zero) missing.insert(info.offset);
        return true;
    }));
    for (auto const place : scene.referenced.newest.self) missing.insert(place.offset());
    bool flushed = missing.size() < 4; // a flush came back when nothing was missing
    scene.prepared.disk.start_recording();
    ASSERT_TRUE(!flushed && scene.prepared.store.open(200));
    for (auto const& event : scene.prepared.disk.history()) {
        flushed = flushed || (event.kind == EventKind::flush_completed && missing.empty());
        if (event.kind == EventKind::write_submitted) missing.erase(event.offset);
        ASSERT_TRUE(flushed || event.kind != EventKind::write_submitted || event.offset >= 8192);
    }
    EXPECT_TRUE(flushed);
}

// Both copies: nothing can heal it, so it is an error that names it, wherever somebody would write.
TEST(Damage, both_copies_bad_is_an_error_for_what_needs_them) {
    Opened scene;
    auto& [prepared, image, reader, referenced] = scene;
    for (auto const& piece : referenced.pieces) {
        for (auto const& copy : piece.copies) flip(image, copy[0].offset + copy[0].size / 3, 2);
        SCOPED_TRACE(std::string(store::finding_names[static_cast<std::size_t>(piece.part)]) + " at " +
                     std::to_string(piece.copies[0][0].offset));
        Listener listener;
        ReferenceStore store(image, Prepared::limits());
        store.adopt(prepared.store.models(), prepared.number());
        auto const opened = store.open(500, &listener);
        EXPECT_TRUE(listener.has(piece.part) || piece.part == Finding::map_node);
        if (piece.part == Finding::root_slot) {
            ASSERT_TRUE(opened); // the other slot, and the chain from it
            EXPECT_EQ(store.compare(), "");
            EXPECT_TRUE(store.engine().recovery().damaged);
        } else if (piece.part == Finding::map_node) {
            ASSERT_TRUE(opened);
            std::uint64_t right = 0, corrupt = 0;
            for (auto const& [frame, facts] : prepared.model()) {
                auto const found = fetch_frame(store.engine(), image, frame);
                ASSERT_TRUE(found.error == abi::Error::none || found.error == abi::Error::corrupt);
                ++(found.error == abi::Error::none ? right : corrupt);
            }
            EXPECT_GT(corrupt, 20u);
            EXPECT_GT(right, 0u); // what the directories have
            EXPECT_TRUE(listener.has(Finding::map_node));
        } else {
            EXPECT_EQ(opened.error, abi::Error::corrupt);
        }
        image.undo_to(0);
    }
}

// A block that is wrong is that frame's fault alone; the others, and commits, go on.
TEST(Damage, a_bad_block_is_corrupt_for_its_frame_only) {
    Opened scene;
    auto& [prepared, image, reader, referenced] = scene;
    std::vector<checkpoint::FrameInfo> frames;
    ASSERT_TRUE(reader.for_each(reader.recovery().generation, [&](checkpoint::FrameInfo const& frame) {
        if (!frame.zero) frames.push_back(frame);
        return true;
    }));
    ASSERT_GT(frames.size(), 10u);
    for (auto const& bad : frames) {
        flip(image, bad.offset + bad.frame.number() * 97 % abi::frame_size, 5);
        ReferenceStore store(image, Prepared::limits());
        store.adopt(prepared.store.models(), prepared.number());
        ASSERT_TRUE(store.open(500));
        for (auto const& frame : frames) {
            auto const shares = frame.offset == bad.offset;
            EXPECT_EQ(fetch_frame(store.engine(), image, frame.frame.number()).error,
                      shares ? abi::Error::corrupt : abi::Error::none);
        }
        // Written anew, it is well again; the fold that comes meanwhile leaves its block alone.
        for (std::uint64_t i = 0; i < 12; ++i) {
            Model changes{{3, {abi::FrameType::data_page, 0, false, 1000 + i}}};
            if (i == 11) changes[bad.frame.number()] = {abi::FrameType::data_page, 0, false, 77};
            ASSERT_TRUE(store.commit(changes));
        }
        EXPECT_EQ(store.compare(), "");
        image.undo_to(0);
    }
}

// The write of a record's first copy was lost, and what stood there before is a whole record, of another
// checkpoint: the second copy counts.
TEST(Damage, a_whole_record_of_another_checkpoint_at_a_records_place_is_not_taken) {
    Prepared prepared(true);
    UndoDisk image(prepared.disk.image());
    checkpoint::OfflineStore first;
    ASSERT_TRUE(first.open(image, prepared.memory.memory(), Prepared::limits()));
    std::array<checkpoint::CheckpointInfo, 66> list;
    auto const count = first.history(list);
    ASSERT_GT(count, 2u);
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t copy = 0; copy < 2; ++copy) {
            auto const place = list[i].record.self[copy].offset();
            std::vector<std::byte> sector(512);
            auto record = list[(i + 1) % count].record;
            record.self = list[i].record.self;
            base::write(base::Bytes(sector), 0, record);
            record.hash = store::hash128(abi::disk::HashSeed::record,
                                         base::ConstBytes(sector).subspan(abi::disk::record_hash_from));
            base::write(base::Bytes(sector), 0, record);
            image.apply(place, sector);
            Listener listener;
            auto const verdict = judge(image, prepared, listener, true);
            EXPECT_EQ(verdict.opened, abi::Error::none);
            EXPECT_EQ(verdict.number, prepared.number());
            EXPECT_EQ(verdict.difference, "");
            EXPECT_EQ(verdict.check.findings, 1u);
            image.undo_to(0);
        }
}

} // namespace
} // namespace tests
