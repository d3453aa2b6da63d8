// SPDX-License-Identifier: Apache-2.0
// Page faults, write grants, mapping lists and user memory, as the processor
// and the kernel's copies see them.
#include "fake_store.hpp"

#include <mapping/mapping_list.hpp>
#include <mapping/user_memory.hpp>

namespace kernel::testing {

namespace {

struct FaultTest : ::testing::Test {
    World world;
    FakeStore store{world};
    Target top = world.object(abi::FrameType::patt);
    FrameIndex page = world.page();
    ProcessRef process = (world.shape(top, 16, 12), world.process(world.to_patt(top)));
    MapOutcome outcome;

    FaultTest() { world.set_pair(top, 0, 0x4000, world.to_page(page)); }

    FrameIndex access(std::uint64_t address, bool write, ProcessRef by) {
        return user_access(world, by, UserAddress(address), write, &outcome);
    }
    FrameIndex access(std::uint64_t address, bool write) { return access(address, write, process); }
    std::uint64_t faults() { return mappings(world.kernel()).faults; }
    std::size_t mappings_of(FrameIndex frame) {
        std::size_t count = 0;
        each_mapping(world.kernel(), frame, [&](MappingReference) { ++count; });
        return count;
    }
};

} // namespace

TEST_F(FaultTest, MapsReadsAndWrites) {
    EXPECT_EQ(access(0x4010, false), page);
    EXPECT_EQ(access(0x4010, true), page);
    EXPECT_EQ(faults(), 2u);
    EXPECT_EQ(access(0x4ff8, true), page);
    EXPECT_EQ(faults(), 2u);
    EXPECT_EQ(access(0x5000, false), no_frame);
    EXPECT_EQ(outcome.error, Error::invalid_address);
    EXPECT_EQ(outcome.fault, abi::FaultCode::invalid_data_reference);
    EXPECT_EQ(access(0x8000'0000'0000, false), no_frame);
    world.expect_sound();
}

TEST_F(FaultTest, SlotWriteDropsTheTranslation) {
    access(0x4000, true);
    auto const other = world.page();
    world.set_pair(top, 0, 0x4000, world.to_page(other, abi::Right::read_only));
    EXPECT_EQ(mappings_of(page), 0u);
    EXPECT_EQ(access(0x4000, false), other);
    EXPECT_EQ(access(0x4000, true), no_frame);
    EXPECT_EQ(outcome.fault, abi::FaultCode::access_violation);
    // Another prefix: the old block goes.
    world.set_pair(top, 0, 0x6000, world.to_page(other));
    EXPECT_EQ(access(0x4000, false), no_frame);
    EXPECT_EQ(access(0x6000, true), other);
    world.expect_sound();
}

TEST_F(FaultTest, LoadedTranslationsAreFlushed) {
    access(0x4000, true);
    auto const before = arch::fake_tlb().page_flushes;
    world.set_pair(top, 0, 0x4000, {});
    EXPECT_EQ(arch::fake_tlb().page_flushes, before + 1);
    EXPECT_EQ(arch::fake_tlb().last_page, UserAddress(0x4000));
}

TEST_F(FaultTest, SpacesAreSharedByRootAndRights) {
    auto const second = world.process(world.to_patt(top));
    auto const third = world.process(world.to_patt(top, abi::Right::read_only));
    EXPECT_EQ(access(0x4000, true), page);
    EXPECT_EQ(load_space(world.kernel(), process).value, load_space(world.kernel(), second).value);
    EXPECT_NE(load_space(world.kernel(), process).value, load_space(world.kernel(), third).value);
    EXPECT_EQ(access(0x4000, true, second), page);
    EXPECT_EQ(faults(), 1u);
    EXPECT_EQ(access(0x4000, true, third), no_frame);
    EXPECT_EQ(access(0x4000, false, third), page);
    EXPECT_EQ(mappings_of(page), 2u);
    world.expect_sound();
}

// Dispatch may refuse a process after its space was found. Until another one runs, translations are flushed
// and tables given up by what is noted as loaded: it must be what the processor has.
TEST_F(FaultTest, TheSpaceNotedAsLoadedIsTheProcessors) {
    auto const other = world.process(world.to_patt(top, abi::Right::no_call));
    for (auto const& turn : {process, other, process}) {
        auto const before = arch::fake_tlb().full_flushes;
        auto const space = load_space(world.kernel(), turn);
        ASSERT_TRUE(space);
        EXPECT_EQ(arch::loaded_space(), *space);
        EXPECT_EQ(arch::fake_tlb().full_flushes, before + 1);
        EXPECT_EQ(load_space(world.kernel(), turn).value, *space);
        EXPECT_EQ(arch::fake_tlb().full_flushes, before + 1) << "loaded already";
    }
    drop_all(world.kernel());
    EXPECT_EQ(arch::loaded_space(), arch::kernel_space());
}

TEST_F(FaultTest, NoSpaceIsAFault) {
    auto const lost = world.process({});
    EXPECT_EQ(load_space(world.kernel(), lost).error, Error::void_capability);
    auto const result = map_fault(world.kernel(), lost, UserAddress(0), Access::read);
    EXPECT_EQ(result.fault, abi::FaultCode::no_address_space);
    auto const small = world.process(world.to_page(page));
    EXPECT_EQ(access(0x123, true, small), page);
    EXPECT_EQ(access(0x1000, false, small), no_frame);
}

// R9: freezing goes through every mapping; a page written in every epoch faults once only.
TEST_F(FaultTest, HotPageFaultsOnce) {
    access(0x4000, true);
    for (int epoch = 0; epoch < 20; ++epoch) {
        ASSERT_NO_FATAL_FAILURE(store.checkpoint());
        auto const before = faults();
        EXPECT_EQ(access(0x4000, true), page);
        EXPECT_EQ(faults(), before);
        world.expect_sound();
    }
    EXPECT_GE(world.header(page).heat, hot_heat);
}

TEST_F(FaultTest, FrozenThroughEveryMappingAndThawedAtTheDrain) {
    auto const other = world.process(world.to_patt(top, abi::Right::no_call));
    access(0x4000, true);
    access(0x4000, true, other);
    ASSERT_NO_FATAL_FAILURE(store.begin());
    world.expect_sound();
    auto const tops = {load_space(world.kernel(), process).value, load_space(world.kernel(), other).value};
    for (auto const space : tops) EXPECT_EQ(hardware_access(space, UserAddress(0x4000), true), no_frame);
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    for (auto const space : tops) EXPECT_EQ(hardware_access(space, UserAddress(0x4000), true), page);
    world.expect_sound();
}

// R9's test: untouched for 100 epochs, then written through its second mapping: the write is in the snapshot.
TEST_F(FaultTest, R9IdleForLongThenWrittenThroughTheSecondMapping) {
    auto const other = world.process(world.to_patt(top, abi::Right::no_call));
    access(0x4000, true);
    access(0x4000, true, other);
    auto const id = world.header(page).id.raw();
    for (int epoch = 0; epoch < 100; ++epoch) ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(mappings(world.kernel()).grants, 0u); // idle grants are withdrawn
    EXPECT_EQ(world.header(page).state, FrameState::stabilising);
    ASSERT_EQ(access(0x4000, true, other), page);
    base::write(base::Bytes(arch::frame_bytes(page)), 0, std::uint64_t{0xfeed}); // the user's store
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(base::read<std::uint64_t>(store.committed().at(id).content), 0xfeedu);
}

// An idle grant's page is written by the processor without a fault; only the entry's dirty bit tells.
TEST_F(FaultTest, DirtyBitAloneBringsThePageIntoTheSnapshot) {
    access(0x4000, true);
    auto const id = world.header(page).id.raw();
    for (int epoch = 0; epoch < 5; ++epoch) ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto const before = faults();
    ASSERT_EQ(access(0x4000, true), page);
    base::write(base::Bytes(arch::frame_bytes(page)), 0, std::uint64_t{0xbeef});
    EXPECT_EQ(faults(), before);
    EXPECT_FALSE(evict_frame(world.kernel(), page)); // and an eviction does not lose it
    EXPECT_EQ(world.header(page).state, FrameState::dirty);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(base::read<std::uint64_t>(store.committed().at(id).content), 0xbeefu);
}

TEST_F(FaultTest, NonPersistentPagesAreNeverFrozen) {
    auto const ram = world.transient(abi::FrameType::data_page);
    world.set_pair(top, 1, 0x5000, world.to_page(ram));
    EXPECT_EQ(access(0x5000, true), ram);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto const before = faults();
    EXPECT_EQ(access(0x5000, true), ram);
    EXPECT_EQ(faults(), before);
}

// R29: no reservation left: the writer waits and the epoch is asked to end.
TEST_F(FaultTest, DirtyLimitHoldsWritersBack) {
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    world.memory().epoch.dirty_limit = 0;
    EXPECT_EQ(access(0x4000, false), page);
    EXPECT_EQ(access(0x4000, true), no_frame);
    EXPECT_EQ(outcome.error, Error::no_memory);
    EXPECT_EQ(outcome.fault, abi::FaultCode::none);
    EXPECT_TRUE(world.memory().epoch.end_wanted);
}

// A page with a grant may be written without a fault: each counts, also while nobody writes (R29).
TEST_F(FaultTest, IdleGrantsCountAgainstTheLimit) {
    auto const outer = world.object(abi::FrameType::patt);
    world.shape(outer, 20, 16);
    for (unsigned node = 0; node < 2; ++node) {
        auto const inner = world.object(abi::FrameType::patt);
        world.shape(inner, 16, 12);
        for (unsigned slot = 0; slot < abi::patt_slots; ++slot)
            world.set_pair(inner, slot, std::uint64_t{slot} << 12, world.to_page(world.page()));
        world.set_pair(outer, node, std::uint64_t{node} << 16, world.to_patt(inner));
    }
    auto const other = world.process(world.to_patt(outer));
    constexpr std::uint64_t last = 2 * abi::patt_slots - 1;
    for (std::uint64_t i = 0; i < last; ++i) ASSERT_NE(access(i << 12, true, other), no_frame);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto& epoch = world.memory().epoch;
    epoch.dirty_limit = mappings(world.kernel()).grants;
    ASSERT_TRUE(has_room_for_writes(world.memory())) << "the unit itself is admitted";
    EXPECT_EQ(access(last << 12, true, other), no_frame);
    EXPECT_EQ(outcome.error, Error::no_memory);
    EXPECT_TRUE(epoch.end_wanted);
}

// The record that a full table gives up for the second node of a walk is not that of its first.
TEST_F(FaultTest, AWalkDoesNotForgetItself) {
    auto const outer = world.object(abi::FrameType::patt);
    auto const inner = world.object(abi::FrameType::patt);
    world.shape(outer, 20, 16);
    world.shape(inner, 16, 12);
    world.set_pair(inner, 0, 0x4000, world.to_page(world.page()));
    world.set_pair(outer, 0, 0x3'0000, world.to_patt(inner));
    auto const other = world.process(world.to_patt(outer));
    auto& depends = mappings(world.kernel()).depends;
    EXPECT_EQ(access(0x4000, false), page); // a record that may go
    while (depends.size() - depends.used() > 1) depends[depends.allocate()].node = no_index;
    auto const last = depends.allocate();
    depends.release(last);
    mappings(world.kernel()).depend_hand = last;
    EXPECT_NE(access(0x3'4000, false, other), no_frame);
    EXPECT_EQ(mappings_of(page), 0u) << "that record's mapping went with it";
    world.set_pair(outer, 0, 0x3'0000, {});
    EXPECT_EQ(access(0x3'4000, false, other), no_frame);
    world.expect_sound();
}

TEST_F(FaultTest, DeviceWindows) {
    auto const physical = physical_address(arch::fake_memory_frames) + 0x10'0000;
    DeviceWindowRequest const registers{UserAddress(0x10'0000), physical, 0x2000, false};
    EXPECT_TRUE(map_device(world.kernel(), top, registers));
    EXPECT_EQ(map_device(world.kernel(), top, registers).error, Error::bad_argument);
    EXPECT_EQ(access(0x10'1008, true), frame_index(physical + 0x1000));
    EXPECT_EQ(resolve_user(world.kernel(), process, UserAddress(0x10'0000), Access::read).error,
              Error::invalid_address);
    EXPECT_EQ(resolve_arena(world.kernel(), process, UserAddress(0x10'0000)).error, Error::invalid_address);
    drop_all(world.kernel());
    EXPECT_EQ(access(0x10'1008, true), frame_index(physical + 0x1000));
    world.expect_sound();
}

// The kernel copies whole frames from and to the arena, which is RAM that it keeps for itself.
TEST_F(FaultTest, ArenaWindow) {
    DeviceWindowRequest const arena{UserAddress(0x20'0000), PhysicalAddress(0x1000), 0x2000, true};
    EXPECT_TRUE(map_device(world.kernel(), top, arena));
    auto const resolved = [this](std::uint64_t address) {
        return resolve_arena(world.kernel(), process, UserAddress(address));
    };
    EXPECT_EQ(resolved(0x20'1000)->data(), arch::frame_bytes(FrameIndex{2}).data());
    EXPECT_EQ(resolved(0x20'1001).error, Error::invalid_address) << "the frame ends outside";
    EXPECT_EQ(resolved(0x1f'ffff).error, Error::invalid_address);
    EXPECT_EQ(resolved(0xffff'8000'0000'1000).error, Error::invalid_address) << "the kernel's own address";
    EXPECT_EQ(resolved(~std::uint64_t{0}).error, Error::invalid_address);
}

// The node that comes into use at the place of a destroyed one inherits no device.
TEST_F(FaultTest, WindowsDieWithTheirSpace) {
    auto const physical = physical_address(arch::fake_memory_frames);
    EXPECT_TRUE(map_device(world.kernel(), top, {UserAddress(0x10'0000), physical, 0x1000, false}));
    EXPECT_EQ(access(0x10'0000, true), frame_index(physical));
    destroy_object(world.kernel(), top, world.committed);
    use_object(world.kernel(), top, world.committed);
    auto const heir = world.process(world.to_patt(top));
    EXPECT_EQ(access(0x10'0000, true, heir), no_frame);
    EXPECT_EQ(outcome.error, Error::invalid_address);
}

TEST_F(FaultTest, CopiesToAndFromUserMemory) {
    auto const next = world.page();
    world.set_pair(top, 1, 0x5000, world.to_page(next));
    std::array<std::byte, 64> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i + 1);
    auto const at = UserAddress(0x4fe0);
    ASSERT_TRUE(copy_to_user(world.kernel(), process, at, out, world.committed));
    std::array<std::byte, 64> in{};
    ASSERT_TRUE(copy_from_user(world.kernel(), process, at, in));
    EXPECT_EQ(in, out);
    world.set_pair(top, 1, 0x5000, world.to_page(next, abi::Right::read_only));
    EXPECT_EQ(copy_to_user(world.kernel(), process, at, out, world.committed).error, Error::access_violation);
    EXPECT_TRUE(copy_from_user(world.kernel(), process, at, in));
    EXPECT_EQ(copy_from_user(world.kernel(), process, UserAddress(0x5ff0), in).error, Error::invalid_address);
}

} // namespace kernel::testing
