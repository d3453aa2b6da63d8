// SPDX-License-Identifier: Apache-2.0
// Checked before committed (R15): a broken frame refuses the commit, not the machine.
#include "fake_store.hpp"

#include <mapping/mapping_list.hpp>

namespace kernel::testing {

namespace {

struct Audit : ::testing::Test {
    World world;
    FakeStore store{world};
    FrameIndex slots = world.frame(abi::FrameType::capability_page);

    // Drains all; the number of refused images.
    int drain_refusals() {
        int refused = 0;
        FrameImage image;
        alignas(64) std::array<std::byte, abi::frame_size> content;
        for (;;) {
            auto const more = drain_next(world.kernel(), image, content);
            if (more.error == Error::audit_failed) ++refused;
            else if (!*more) return refused;
        }
    }
    // A mistake of the kernel: bytes that no operation writes.
    void plant(std::uint32_t slot, abi::Capability capability) {
        world.store(page_slot(slots, slot), {});
        rewrite_form(page_slot(slots, slot), capability);
    }
};

} // namespace

TEST_F(Audit, StaleCapabilitiesAreLegal) {
    auto const page = world.page();
    world.store(page_slot(slots, 0), world.to_page(page));
    ASSERT_TRUE(prepare(world.kernel(), page_slot(slots, 0)));
    retype_frame(world.kernel(), page, abi::FrameType::endpoint, world.committed);
    ASSERT_TRUE(take(world.kernel()));
    EXPECT_EQ(drain_refusals(), 0);
    EXPECT_TRUE(commit_snapshot(world.kernel(), 1));
}

TEST_F(Audit, EachBrokenRuleRefusesTheCommit) {
    auto const page = world.page();
    auto const good = world.to_page(page);
    auto const mark = world.header(page).mark;
    abi::Capability const broken[] = {
        abi::Capability::to_object(abi::CapabilityType::data_page, good.object(), mark.next()),
        abi::Capability::to_object(abi::CapabilityType::capability_page, good.object(), mark),
        good.with_rights(abi::Right::send),
        good.with_type(static_cast<abi::CapabilityType>(99)),
        {0, 1},
    };
    for (auto const& capability : broken) {
        plant(7, capability);
        ASSERT_TRUE(take(world.kernel()));
        EXPECT_EQ(drain_refusals(), 1);
        EXPECT_EQ(commit_snapshot(world.kernel(), 1).error, Error::audit_failed);
        // The machine says so, runs on, and commits once the frame is right again.
        plant(7, good);
        abandon_snapshot(world.kernel());
        world.expect_sound();
        ASSERT_NO_FATAL_FAILURE(store.checkpoint());
        EXPECT_EQ(snapshots(world.kernel()).refused_in_a_row, 0u);
    }
}

TEST_F(Audit, ThirdRefusalInARowStopsTheMachine) {
    auto refuse = [this] {
        plant(7, {0, 1});
        ASSERT_TRUE(take(world.kernel()));
        EXPECT_EQ(drain_refusals(), 1);
        abandon_snapshot(world.kernel());
    };
    refuse();
    refuse();
    EXPECT_EQ(snapshots(world.kernel()).refused_in_a_row, 2u);
    EXPECT_DEATH(refuse(), "three snapshots in a row");
}

// The audit of the caches itself must be able to fail.
TEST_F(Audit, CachesAuditSeesPlantedDamage) {
    auto const page = world.page();
    auto const top = world.object(abi::FrameType::patt);
    world.shape(top, 16, 12);
    world.set_pair(top, 0, 0, world.to_page(page));
    auto const process = world.process(world.to_patt(top));
    ASSERT_EQ(user_access(world, process, UserAddress(0), false), page);
    EXPECT_TRUE(audit_caches(world.kernel()).clean());
    auto const reference = world.header(page).first_mapping;
    entry_slot(world.kernel(), reference).set(PageEntry::Bit::writable);
    EXPECT_EQ(audit_caches(world.kernel()).rule, "writable entry without a grant");
    entry_slot(world.kernel(), reference).clear(PageEntry::Bit::writable);
    world.header(page).first_mapping = base::ListLink::none;
    EXPECT_EQ(audit_caches(world.kernel()).rule, "leaf entries and mapping lists differ");
    world.header(page).first_mapping = reference;
    world.header(page).epoch = Epoch(0);
    EXPECT_EQ(audit_caches(world.kernel()).rule, "frame on a wrong list");
}

} // namespace kernel::testing
