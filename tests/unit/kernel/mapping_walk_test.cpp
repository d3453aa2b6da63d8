// SPDX-License-Identifier: Apache-2.0
// The PATT walk and the capability walk: translation, restrictions, keepers, and
// each way to fail (F1 to F3, F8).
#include "fixture.hpp"

namespace kernel::testing {

namespace {

constexpr auto keeper_code = static_cast<std::uint64_t>(abi::PattPrefix::keeper);
constexpr auto background_code = static_cast<std::uint64_t>(abi::PattPrefix::background);

struct WalkTest : ::testing::Test {
    World world;
    Target top = node(24, 20);
    FrameIndex roots = world.frame(abi::FrameType::capability_page);
    SlotLocation root = page_slot(roots, 0);

    WalkTest() { world.store(root, world.to_patt(top)); }

    Target node(unsigned size, unsigned residual) {
        auto const target = world.object(abi::FrameType::patt);
        world.shape(target, size, residual);
        return target;
    }
    Walk walk(std::uint64_t address, Access access = Access::read) {
        Walk result;
        bool const found = patt_walk(world.kernel(), root, UserAddress(address), access, result);
        EXPECT_EQ(found, result.error == Error::none);
        return result;
    }
};

} // namespace

TEST_F(WalkTest, DescendsByPrefixAndRemainder) {
    auto const child = node(20, 12);
    auto const page = world.page();
    world.set_pair(top, 7, 0x30'0000, world.to_patt(child));
    world.set_pair(child, 2, 0x5000, world.to_page(page));
    auto const found = walk(0x30'5678);
    EXPECT_EQ(found.page, page);
    ASSERT_EQ(found.trail.size(), 2u);
    EXPECT_EQ(found.trail[1].node, child);
    EXPECT_EQ(found.trail[1].base, UserAddress(0x30'0000));
    EXPECT_EQ(walk(0x20'5678).error, Error::invalid_address);
    EXPECT_EQ(walk(0x30'6000).error, Error::invalid_address);
    EXPECT_EQ(walk(0x130'5678).error, Error::invalid_address); // beyond 2^24
    EXPECT_EQ(walk(0x30'6000, Access::capability_read).fault, abi::FaultCode::invalid_capability_reference);
}

TEST_F(WalkTest, PageCoversTheFirst4096BytesOfItsSlot) {
    world.set_pair(top, 0, 0, world.to_page(world.page()));
    EXPECT_EQ(walk(0xfff).error, Error::none);
    EXPECT_EQ(walk(0x1000).error, Error::invalid_address);
}

TEST_F(WalkTest, ChildLargerThanResidualIsMalformedEvenIfItGrewLater) {
    auto const child = node(20, 12);
    world.set_pair(child, 0, 0, world.to_page(world.page()));
    world.set_pair(top, 0, 0, world.to_patt(child));
    EXPECT_EQ(walk(0).error, Error::none);
    world.shape(child, 21, 12);
    EXPECT_EQ(walk(0).error, Error::malformed_space);
    EXPECT_EQ(walk(0).fault, abi::FaultCode::malformed_space);
}

TEST_F(WalkTest, RingsEnd) {
    auto const a = node(20, 20);
    auto const b = node(20, 20);
    world.set_pair(top, 0, 0, world.to_patt(a));
    world.set_pair(a, 0, 0, world.to_patt(b));
    world.set_pair(b, 0, 0, world.to_patt(a));
    EXPECT_EQ(walk(0).error, Error::malformed_space);
    world.set_pair(b, 0, background_code, world.to_patt(b));
    EXPECT_EQ(walk(0).error, Error::malformed_space);
}

TEST_F(WalkTest, BackgroundTranslatesWhatNoSlotDoes) {
    auto const behind = node(24, 20);
    auto const front = world.page();
    auto const back = world.page();
    world.set_pair(top, 1, 0x10'0000, world.to_page(front));
    world.set_pair(top, 2, background_code, world.to_patt(behind, abi::Right::read_only));
    world.set_pair(behind, 0, 0x20'0000, world.to_page(back));
    world.set_pair(behind, 1, 0x10'0000, world.to_page(back));
    EXPECT_EQ(walk(0x10'0000).page, front);
    EXPECT_EQ(walk(0x20'0000).page, back);
    EXPECT_EQ(walk(0x20'0000, Access::write).error, Error::access_violation);
    EXPECT_EQ(walk(0x30'0000).error, Error::invalid_address);
}

TEST_F(WalkTest, RestrictionsAddUp) {
    using abi::Right;
    auto const child = node(20, 12);
    auto const page = world.page();
    world.set_pair(top, 0, 0, world.to_patt(child, Right::no_execute));
    world.set_pair(child, 0, 0, world.to_page(page, Right::read_only));
    EXPECT_EQ(walk(0).rights, Right::no_execute | Right::read_only);
    EXPECT_EQ(walk(0, Access::execute).fault, abi::FaultCode::no_execute);
    EXPECT_EQ(walk(0, Access::write).fault, abi::FaultCode::access_violation);
    world.set_pair(child, 0, 0, world.to_page(page));
    EXPECT_EQ(walk(0, Access::write).error, Error::none);
    world.store(root, world.to_patt(top, Right::weak));
    EXPECT_EQ(walk(0, Access::write).error, Error::access_violation);
    // Refused before anything else is said about the address.
    EXPECT_EQ(walk(0xf'0000, Access::write).error, Error::access_violation);
}

TEST_F(WalkTest, LeafOfTheWrongKind) {
    world.set_pair(top, 0, 0, world.to_page(world.page()));
    auto const slots = world.frame(abi::FrameType::capability_page);
    world.set_pair(top, 1, 0x10'0000, world.capability(abi::CapabilityType::capability_page, {slots, 0}));
    EXPECT_EQ(walk(0, Access::capability_read).fault, abi::FaultCode::type_error);
    EXPECT_EQ(walk(0x10'0000).fault, abi::FaultCode::type_error);
    EXPECT_EQ(walk(0x10'0ff0, Access::capability_write).page, slots);
    auto const endpoint = world.object(abi::FrameType::endpoint);
    world.set_pair(top, 2, 0x20'0000, world.capability(abi::CapabilityType::endpoint, endpoint));
    EXPECT_EQ(walk(0x20'0000).error, Error::malformed_space);
}

TEST_F(WalkTest, KeeperIsTheInnermostThatMayBeCalled) {
    auto const child = node(20, 12);
    auto const endpoint = world.object(abi::FrameType::endpoint);
    auto const keeper = world.capability(abi::CapabilityType::entry, endpoint, abi::Right::send);
    world.set_pair(top, 0, 0, world.to_patt(child));
    EXPECT_FALSE(walk(0).keeper.exists());
    world.set_pair(top, 15, keeper_code, keeper);
    EXPECT_EQ(walk(0).keeper, object_slot(abi::FrameType::patt, top, 15));
    world.set_pair(child, 3, keeper_code, keeper);
    EXPECT_EQ(walk(0).keeper, object_slot(abi::FrameType::patt, child, 3));
    world.set_pair(top, 0, 0, world.to_patt(child, abi::Right::no_call));
    EXPECT_EQ(walk(0).keeper, object_slot(abi::FrameType::patt, top, 15));
    world.store(root, world.to_patt(top, abi::Right::no_call));
    EXPECT_FALSE(walk(0).keeper.exists());
}

TEST_F(WalkTest, VoidAndAbsent) {
    auto const page = world.page();
    world.set_pair(top, 0, 0, world.to_page(page));
    EXPECT_EQ(walk(0).page, page);
    retype_frame(world.kernel(), page, abi::FrameType::data_page, world.committed);
    EXPECT_EQ(walk(0).error, Error::invalid_address);
    auto const id = abi::FrameId::persistent(999'999);
    world.set_pair(top, 0, 0, abi::Capability::to_object(abi::CapabilityType::data_page, {id, 0}, {}));
    EXPECT_EQ(walk(0).error, Error::absent);
    EXPECT_EQ(core(world.kernel()).absent, id);
}

TEST_F(WalkTest, CapabilitySpaceOfOnePage) {
    auto const process = world.process({});
    auto const slots = world.frame(abi::FrameType::capability_page);
    auto find = [&](std::uint64_t slot, Access access) {
        return capability_walk(world.kernel(), process, slot, access);
    };
    EXPECT_EQ(find(0, Access::capability_read).error, Error::void_capability);
    auto const space = world.capability(abi::CapabilityType::capability_page, {slots, 0});
    world.set_process_slot(process, abi::ProcessSlot::capability_space, space);
    EXPECT_EQ(find(255, Access::capability_write)->location, page_slot(slots, 255));
    EXPECT_EQ(find(256, Access::capability_read).error, Error::invalid_address);
    world.set_process_slot(process, abi::ProcessSlot::capability_space, space.with_rights(abi::Right::weak));
    EXPECT_EQ(find(3, Access::capability_write).error, Error::access_violation);
    world.store(page_slot(slots, 3), world.to_page(world.page()));
    auto const fetched = fetch_capability(*find(3, Access::capability_read));
    EXPECT_TRUE(fetched.rights().has(abi::Right::read_only | abi::Right::weak));
}

TEST_F(WalkTest, CapabilitySpaceOfNodes) {
    auto const process = world.process({});
    auto const slots = world.frame(abi::FrameType::capability_page);
    world.set_pair(top, 1, 0x10'0000, world.capability(abi::CapabilityType::capability_page, {slots, 0}));
    world.set_process_slot(process, abi::ProcessSlot::capability_space, world.to_patt(top));
    auto const found = capability_walk(world.kernel(), process, 0x1'0000 + 77, Access::capability_write);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->location, page_slot(slots, 77));
    EXPECT_EQ(capability_walk(world.kernel(), process, ~std::uint64_t{0}, Access::capability_read).error,
              Error::invalid_address);
}

} // namespace kernel::testing
