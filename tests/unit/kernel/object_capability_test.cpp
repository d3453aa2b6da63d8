// SPDX-License-Identifier: Apache-2.0
// Capabilities: prepared and unprepared forms, validity, diminishing.
#include "fixture.hpp"

namespace kernel::testing {

namespace {

struct Slots : ::testing::Test {
    World world;
    FrameIndex page = world.frame(abi::FrameType::capability_page);
    SlotLocation slot(std::uint32_t index) const { return page_slot(page, index); }
};

} // namespace

TEST_F(Slots, PrepareRewritesTheFormAndNothingElse) {
    auto const target = world.object(abi::FrameType::endpoint);
    auto const capability = world.capability(abi::CapabilityType::endpoint, target, abi::endpoint_permissions)
                                .with_payload(0x1234'5678);
    world.store(slot(0), capability);
    auto const dirty = world.memory().epoch.dirty.count;
    auto const found = prepare(world.kernel(), slot(0));
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, target);
    EXPECT_TRUE(read_slot(slot(0)).is_prepared());
    EXPECT_EQ(read_slot(slot(0)).payload(), 0x1234'5678u);
    EXPECT_EQ(read_slot(slot(0)).rights(), abi::endpoint_permissions);
    EXPECT_EQ(unprepared(world.kernel(), read_slot(slot(0))), capability);
    EXPECT_EQ(world.memory().epoch.dirty.count, dirty);
    // Two capabilities to one object share an entry.
    world.store(slot(1), capability);
    ASSERT_TRUE(prepare(world.kernel(), slot(1)));
    EXPECT_EQ(read_slot(slot(0)), read_slot(slot(1)));
}

// R3, T1: destroying makes every capability void, prepared or not; the next
// object at the place is another one.
TEST_F(Slots, DestroyedObjectsAreVoidForEver) {
    auto const target = world.object(abi::FrameType::endpoint);
    auto const capability = world.capability(abi::CapabilityType::endpoint, target);
    world.store(slot(0), capability);
    world.store(slot(1), capability);
    ASSERT_TRUE(prepare(world.kernel(), slot(0)));
    destroy_object(world.kernel(), target, world.committed);
    EXPECT_EQ(prepare(world.kernel(), slot(0)).error, Error::void_capability);
    EXPECT_EQ(prepare(world.kernel(), slot(1)).error, Error::void_capability);
    use_object(world.kernel(), target, world.committed);
    EXPECT_EQ(prepare(world.kernel(), slot(0)).error, Error::void_capability);
    EXPECT_EQ(prepare(world.kernel(), slot(1)).error, Error::void_capability);
    EXPECT_EQ(resolve(world.kernel(), read_slot(slot(0))).error, Error::void_capability);
    world.store(slot(0), world.capability(abi::CapabilityType::endpoint, target));
    EXPECT_TRUE(prepare(world.kernel(), slot(0)));
}

TEST_F(Slots, RetypedFramesAreVoidForOldCapabilities) {
    auto const data = world.page();
    world.store(slot(0), world.to_page(data));
    ASSERT_TRUE(prepare(world.kernel(), slot(0)));
    retype_frame(world.kernel(), data, abi::FrameType::data_page, world.committed);
    EXPECT_EQ(prepare(world.kernel(), slot(0)).error, Error::void_capability);
    retype_frame(world.kernel(), data, abi::FrameType::schedule, world.committed);
    EXPECT_EQ(prepare(world.kernel(), slot(0)).error, Error::void_capability);
    EXPECT_EQ(object_view<abi::Schedule>(data, 5).header.version, world.header(data).mark.raw());
}

TEST_F(Slots, LastVersionRetires) {
    auto const data = world.page();
    world.header(data).mark = abi::Version(abi::Version::last - 2);
    EXPECT_TRUE(versions_left(world.kernel(), data));
    retype_frame(world.kernel(), data, abi::FrameType::data_page, world.committed);
    EXPECT_FALSE(versions_left(world.kernel(), data));
}

TEST_F(Slots, AbsentNamesTheFrame) {
    auto const id = abi::FrameId::persistent(777'000);
    world.store(slot(0),
                abi::Capability::to_object(abi::CapabilityType::data_page, {id, 0}, abi::Version(3)));
    EXPECT_EQ(prepare(world.kernel(), slot(0)).error, Error::absent);
    EXPECT_EQ(core(world.kernel()).absent, id);
    EXPECT_FALSE(read_slot(slot(0)).is_prepared());
}

TEST_F(Slots, EvictedTargetsAreFoundAgain) {
    auto const id = abi::FrameId::persistent(888'000);
    std::array<std::byte, abi::frame_size> content{};
    FrameCache::Identity const identity{id, abi::FrameType::data_page, abi::Version(9)};
    auto const first = install_supplied(world.kernel(), identity, content);
    ASSERT_TRUE(first);
    world.store(slot(0), world.to_page(*first));
    ASSERT_TRUE(prepare(world.kernel(), slot(0)));
    ASSERT_TRUE(evict_frame(world.kernel(), *first));
    EXPECT_TRUE(read_slot(slot(0)).is_prepared());
    EXPECT_EQ(unprepared(world.kernel(), read_slot(slot(0))).object().frame(), id);
    EXPECT_EQ(prepare(world.kernel(), slot(0)).error, Error::absent);
    EXPECT_EQ(core(world.kernel()).absent, id);
    auto const again = install_supplied(world.kernel(), identity, content);
    ASSERT_TRUE(again);
    auto const found = prepare(world.kernel(), slot(0));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->frame, *again);
    world.expect_sound();
}

// R2: in memory this boot's identifiers have boot number 0, on disk the real one; other boots' name nothing.
TEST_F(Slots, BootNumbers) {
    core(world.kernel()).boot_number = 41;
    auto const frame = world.transient(abi::FrameType::data_page);
    auto const here = world.to_page(frame);
    auto const disk = on_disk(world.kernel(), here);
    EXPECT_EQ(disk.object().frame().boot(), 41u);
    EXPECT_TRUE(resolve(world.kernel(), here));
    EXPECT_TRUE(resolve(world.kernel(), disk));
    core(world.kernel()).boot_number = 42;
    EXPECT_EQ(resolve(world.kernel(), disk).error, Error::void_capability);
    auto const irq = abi::Capability::miscellaneous(abi::CapabilityType::irq, 0, 7);
    EXPECT_EQ(on_disk(world.kernel(), irq).payload(), 42u);
    auto const log = abi::Capability::miscellaneous(abi::CapabilityType::log, 0, 7);
    EXPECT_EQ(on_disk(world.kernel(), log), log);
}

TEST_F(Slots, CastChecksTypeRightAndPresence) {
    auto const target = world.object(abi::FrameType::endpoint);
    world.store(slot(0), world.capability(abi::CapabilityType::endpoint, target, abi::Right::send));
    auto cast = [&](abi::CapabilityType type, Need need) {
        return capability_cast<abi::Endpoint>(world.kernel(), slot(0), type, need).error;
    };
    EXPECT_EQ(cast(abi::CapabilityType::endpoint, Need{abi::Right::send, {}}), Error::none);
    EXPECT_EQ(cast(abi::CapabilityType::endpoint, Need{abi::Right::receive, {}}), Error::no_right);
    EXPECT_EQ(cast(abi::CapabilityType::entry, need_nothing), Error::wrong_type);
    world.store(slot(1), world.to_page(world.page(), abi::Right::read_only));
    EXPECT_EQ(page_cast(world.kernel(), slot(1), abi::CapabilityType::data_page, need_write).error,
              Error::no_right);
    EXPECT_EQ(page_cast(world.kernel(), slot(2), abi::CapabilityType::data_page).error,
              Error::void_capability);
}

TEST_F(Slots, DiminishIsReadOnlyWeakOrNothingAndTwiceIsOnce) {
    using enum abi::CapabilityType;
    for (std::size_t type = 0; type < abi::capability_type_count; ++type) {
        auto const capability = abi::Capability::miscellaneous(static_cast<abi::CapabilityType>(type), 5, 77);
        auto const weak = diminish(capability);
        EXPECT_EQ(diminish(weak), weak);
        switch (static_cast<abi::CapabilityType>(type)) {
        case data_page:
        case capability_page:
        case patt: EXPECT_TRUE(weak.rights().has(abi::Right::read_only | abi::Right::weak)); break;
        case null:
        case number:
        case discrim: EXPECT_EQ(weak, capability); break;
        default: EXPECT_TRUE(weak.is_null());
        }
    }
}

} // namespace kernel::testing
