// SPDX-License-Identifier: Apache-2.0
// Causality: whatever is written, through the kernel or by the processor alone, while snapshots are taken,
// drained, committed, abandoned and memory is evicted, each snapshot is byte for byte what memory was at its
// take. The processor is simulated with a translation buffer of its own: a translation
// that is not flushed is used on.
#include "fake_store.hpp"

#include <mapping/mapping_list.hpp>

#include <set>

namespace kernel::testing {

namespace {

using Content = std::vector<std::byte>;

// A frame as a snapshot must show it.
struct Copy {
    abi::FrameType type;
    abi::Version mark;
    Content content;
    bool operator==(Copy const&) const = default;
};
using World_ = std::map<std::uint64_t, Copy>;

// The processor's translations of the loaded space.
struct Buffer {
    struct Line {
        FrameIndex frame;
        bool writable;
        bool dirty;
    };
    std::map<std::uint64_t, Line> lines;
};
Buffer buffer;
void on_flush(UserAddress page, bool all) {
    if (all) buffer.lines.clear();
    else buffer.lines.erase(page.raw() >> abi::frame_bits);
}

class Causality : public ::testing::Test {
protected:
    static constexpr std::size_t page_count = 24;
    static constexpr std::size_t process_count = 3;

    Causality() {
        buffer.lines.clear();
        arch::fake_tlb().on_flush = on_flush;
        for (auto& id : pages) id = world.header(world.page()).id;
        for (std::size_t i = 0; i < heaps.size(); ++i) {
            auto const frame = world.frame(heap_types[i]);
            for (unsigned at = 0; at < abi::shape_of(heap_types[i]).objects; ++at) world.object_in(frame, at);
            world.memory().frames.pin(frame);
            heaps[i] = frame;
        }
        slots = world.frame(abi::FrameType::capability_page);
        world.memory().frames.pin(slots);
        // Two spaces over the same pages (different rights of the root), and a third over some of them.
        auto const top = world.object(abi::FrameType::patt);
        auto const upper = world.object(abi::FrameType::patt);
        auto const third = world.object(abi::FrameType::patt);
        world.shape(top, 40, 36);
        world.shape(upper, 36, 12);
        world.shape(third, 16, 12);
        for (unsigned i = 0; i < 15; ++i) {
            auto const page = world.to_page(frame_of(pages[i]));
            world.set_pair(top, i, std::uint64_t{i} << 36, page);
            world.set_pair(third, i, std::uint64_t{i} << 12, page);
        }
        world.set_pair(top, 15, std::uint64_t{15} << 36, world.to_patt(upper));
        for (unsigned i = 15; i < page_count; ++i)
            world.set_pair(upper, i - 15, std::uint64_t{i} << 12, world.to_page(frame_of(pages[i])));
        processes = {world.process(world.to_patt(top)),
                     world.process(world.to_patt(top, abi::Right::no_call)),
                     world.process(world.to_patt(third))};
        for (auto const& node : {top, upper, third}) world.memory().frames.pin(node.frame);
        for (auto const& process : processes) world.memory().frames.pin(process.frame);
    }
    ~Causality() override { arch::fake_tlb().on_flush = nullptr; }

    std::uint64_t pick(std::uint64_t count) { return random() % count; }
    FrameIndex frame_of(abi::FrameId id) {
        auto const frame = world.memory().frames.find(id);
        return frame != no_frame ? frame : store.supply(id);
    }
    static std::uint64_t address_of_page(std::size_t who, std::size_t page) {
        if (who == 2) return std::uint64_t{page} << 12;
        return page < 15 ? std::uint64_t{page} << 36
                         : (std::uint64_t{15} << 36) + (std::uint64_t{page} << 12);
    }

    // A store instruction, as the processor does it: from its buffer if the line allows,
    // else by the tables, else a fault.
    void user_store(std::size_t who, std::size_t page) {
        auto const address = UserAddress(address_of_page(who, page) + pick(512) * 8);
        for (int attempt = 0; attempt < 8; ++attempt) {
            auto const top = load_space(world.kernel(), processes[who]);
            ASSERT_TRUE(top);
            if (arch::loaded_space() != *top) arch::load_space(*top);
            auto const line = buffer.lines.find(address.raw() >> abi::frame_bits);
            FrameIndex frame = no_frame;
            if (line != buffer.lines.end() && line->second.writable && line->second.dirty) {
                frame = line->second.frame; // the tables are not looked at
            } else if ((frame = hardware_access(*top, address, true)) != no_frame) {
                buffer.lines[address.raw() >> abi::frame_bits] = {frame, true, true};
            }
            if (frame != no_frame) {
                ASSERT_EQ(world.header(frame).id, pages[page]);
                base::write(base::Bytes(arch::frame_bytes(frame)), address.offset_in(abi::frame_bits),
                            random());
                return;
            }
            auto const outcome = map_fault(world.kernel(), processes[who], address, Access::write);
            if (outcome.error == Error::absent) store.supply_absent();
            else ASSERT_EQ(outcome.error, Error::none);
        }
        FAIL() << "a store never came through";
    }

    void kernel_store() {
        switch (pick(4)) {
        case 0: world.poke(frame_of(pages[pick(page_count)]), pick(512) * 8, random()); break;
        case 1: { // a field of an object
            auto const heap = pick(heaps.size());
            auto const index = static_cast<unsigned>(pick(abi::shape_of(heap_types[heap]).objects));
            FrameWriter writer(world.kernel(), heaps[heap], index, world.committed);
            if (heap == 0) writer.object<abi::Endpoint>().value = random();
            else writer.object<abi::Schedule>().priority = static_cast<std::uint32_t>(pick(32));
            break;
        }
        case 2: { // a capability, in either form, into a page or an endpoint
            auto const target = Target{heaps[0], static_cast<std::uint32_t>(pick(16))};
            auto const from = page_slot(slots, static_cast<std::uint32_t>(pick(32)));
            auto const to = pick(2) == 0 ? page_slot(slots, static_cast<std::uint32_t>(pick(32)))
                                         : object_slot(abi::FrameType::endpoint, target, 0);
            (void)prepare(world.kernel(), from);
            world.store(to, pick(3) == 0 ? world.capability(abi::CapabilityType::endpoint, target)
                                         : read_slot(from));
            break;
        }
        default: { // a version
            auto const index = static_cast<unsigned>(pick(64));
            if (pick(8) != 0) break;
            destroy_object(world.kernel(), {heaps[1], index}, world.committed);
            use_object(world.kernel(), {heaps[1], index}, world.committed);
        }
        }
    }

    // The naive full copy of everything persistent in memory, capabilities unprepared.
    World_ full_copy() {
        World_ copy;
        auto& frames = world.memory().frames;
        for (FrameIndex index = 0; index < frames.size(); ++index) {
            auto const& frame = frames[index];
            if (!frame.named() || !frame.id.is_persistent()) continue;
            auto const bytes = arch::frame_bytes(index);
            Copy image{frame.type, frame.mark, {bytes.begin(), bytes.end()}};
            auto const shape = abi::shape_of(frame.type);
            for (std::uint32_t at = 0; at < std::uint32_t{shape.objects} * shape.capability_count; ++at) {
                auto const slot =
                    object_slot(frame.type, {0, at / shape.capability_count}, at % shape.capability_count);
                auto& capability = base::view<abi::Capability>(base::Bytes(image.content), slot.offset);
                capability = unprepared(world.kernel(), capability);
            }
            copy[frame.id.raw()] = std::move(image);
        }
        return copy;
    }

    void begin() {
        at_take = full_copy();
        store.begin();
    }
    // What is committed must be, for every frame, what it was at the take.
    void check_committed() {
        for (auto const& [id, copy] : at_take) {
            auto const at = store.committed().find(id);
            ASSERT_NE(at, store.committed().end()) << std::hex << id;
            auto const& image = at->second.image;
            ASSERT_EQ(copy, (Copy{image.type, image.mark, at->second.content})) << "frame " << std::hex << id;
        }
        ++commits;
    }
    void snapshot_step() {
        auto& epoch = world.memory().epoch;
        if (!epoch.in_flight) return begin();
        if (!drained(world.kernel())) return pick(60) == 0 ? store.abandon() : store.drain_one();
        if (pick(10) == 0) return store.abandon();
        ASSERT_NO_FATAL_FAILURE(store.commit());
        check_committed();
    }

    World world;
    FakeStore store{world};
    std::array<abi::FrameId, page_count> pages;
    static constexpr std::array heap_types{abi::FrameType::endpoint, abi::FrameType::schedule};
    std::array<FrameIndex, heap_types.size()> heaps{};
    FrameIndex slots = no_frame;
    std::array<ProcessRef, process_count> processes;
    World_ at_take;
    std::size_t commits = 0;
    std::mt19937_64 random{seed()};
};

} // namespace

TEST_F(Causality, EverySnapshotIsOneInstant) {
    for (int round = 0; round < 30'000; ++round) {
        auto const kind = pick(100);
        if (kind < 50) {
            // Some pages are hot, some are idle for long.
            auto const page = pick(3) != 0 ? pick(4) : pick(pick(8) == 0 ? page_count : 8);
            auto const who = page < 15 ? pick(process_count) : pick(2);
            ASSERT_NO_FATAL_FAILURE(user_store(who, page)) << "round " << round;
        } else if (kind < 65) {
            kernel_store();
        } else if (kind < 98) {
            ASSERT_NO_FATAL_FAILURE(snapshot_step()) << "round " << round;
        } else if (kind < 99) {
            (void)evict_frame(world.kernel(), frame_of(pages[pick(page_count)]));
        } else if (pick(4) == 0) {
            drop_all(world.kernel());
        }
        if (round % 1000 == 0) {
            world.expect_sound();
            ASSERT_FALSE(HasFailure()) << "round " << round;
        }
    }
    RecordProperty("commits", std::to_string(commits));
    EXPECT_GT(commits, 500u);
    EXPECT_GT(world.memory().epoch.copied_objects, 500u);
}

} // namespace kernel::testing
