// SPDX-License-Identifier: Apache-2.0
// Identifiers, capabilities and messages: every field survives, and none reaches into another (R1, R3).
#include <abi/capability.hpp>
#include <abi/error.hpp>
#include <abi/message.hpp>
#include <abi/objects/frame_shape.hpp>
#include <abi/version.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace abi;

TEST(R1Capability, PreparingChangesTargetAndBitOnly) {
    auto const object = ObjectId(FrameId::persistent(0x1234'5678'9abc), 0x7f);
    auto const rights = Right::send | Right::weak;
    auto const plain =
        Capability::to_object(CapabilityType::endpoint, object, Version(0xabcdef), rights, 0xdeadbeef);
    auto const prepared = plain.prepared_as(77);
    EXPECT_TRUE(prepared.is_prepared());
    EXPECT_EQ(prepared.table_index(), 77u);
    EXPECT_EQ(prepared.type(), CapabilityType::endpoint);
    EXPECT_EQ(prepared.version(), Version(0xabcdef));
    EXPECT_EQ(prepared.rights(), rights);
    EXPECT_EQ(prepared.payload(), 0xdeadbeefu);
    EXPECT_EQ(prepared.unprepared_as(object), plain);
    EXPECT_EQ(plain.object(), object);
}

TEST(R1Identifiers, NonPersistentFramesCarryTheirBoot) {
    auto const frame = FrameId::non_persistent(0x3fffff, 0x3ffffff);
    EXPECT_FALSE(frame.is_persistent());
    EXPECT_EQ(frame.boot(), 0x3fffffu);
    EXPECT_EQ(frame.physical_frame(), 0x3ffffffu);
    EXPECT_EQ(ObjectId(frame, 5).frame(), frame);
    EXPECT_EQ(ObjectId(frame, 5).index(), 5u);
    EXPECT_TRUE(FrameId::persistent(~0ull).is_persistent());
}

TEST(R3Version, StopsAtTheLastValue) {
    EXPECT_EQ(Version(Version::last - 1).next(), Version(Version::last));
    EXPECT_TRUE(Version(Version::last).is_retired());
    EXPECT_EQ(Version(Version::last).next(), Version(Version::last));
}

TEST(Types, NumbersAndNamesAreDistinct) {
    std::set<std::string_view> names;
    for (auto const& row : capability_types) EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(is_known(static_cast<CapabilityType>(127)));
}

TEST(Errors, NumbersAndNamesAreDistinct) {
    std::set<std::uint32_t> numbers;
    std::set<std::string_view> names;
    for (auto const& text : error_texts) {
        EXPECT_TRUE(numbers.insert(static_cast<std::uint32_t>(text.error)).second) << text.name;
        EXPECT_TRUE(names.insert(text.name).second) << text.name;
    }
    EXPECT_EQ(describe(static_cast<Error>(9999)).name, "unknown");
}

TEST(Shapes, ObjectsFillTheirFrames) {
    for (std::uint8_t type = 0; type < frame_type_count; ++type) {
        auto const shape = shape_of(static_cast<FrameType>(type));
        if (type == 0) continue;
        EXPECT_EQ(std::size_t{shape.objects} * shape.object_size, frame_size);
        EXPECT_LE(shape.capability_offset + shape.capability_count * sizeof(Capability), shape.object_size);
        EXPECT_LE(shape.objects, 1u << ObjectId::index_bits);
    }
}

TEST(ControlWord, RefusesReservedBitsAndStringItems) {
    using C = ControlWord;
    EXPECT_TRUE(C().with<C::Words>(64).with<C::Capabilities>(4).with<C::Accepted>(4).well_formed());
    EXPECT_FALSE(C().with<C::Words>(65).well_formed());
    EXPECT_FALSE(C().with<C::Capabilities>(5).well_formed());
    EXPECT_FALSE(C().with<C::StringCode>(1).well_formed());
    EXPECT_FALSE(C().with<C::Reserved>(1).well_formed());
}

} // namespace
