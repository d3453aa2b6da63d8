// SPDX-License-Identifier: Apache-2.0
// Structure of frame contents: each rule of R15 that bytes alone can break, broken once.
#include "fixture.hpp"

#include <object/structure.hpp>

#include <abi/message.hpp>

#include <functional>

namespace kernel::testing {

namespace {

using Content = std::array<std::byte, abi::frame_size>;

struct Structure : ::testing::Test {
    alignas(64) Content content{};
    abi::Version mark{5};

    template <class T>
    T& object(unsigned index) {
        return base::view<T>(base::Bytes(content), index * sizeof(T));
    }
    std::string_view rule(abi::FrameType type) { return check_structure(type, mark, content).rule; }

    abi::Patt& sound_patt() {
        auto& patt = object<abi::Patt>(2);
        patt = {};
        patt.header = {3, abi::ObjectHeader::in_use};
        patt.size = 20;
        patt.residual = 16;
        for (auto& prefix : patt.prefixes) prefix = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
        patt.prefixes[4] = 0x30000;
        patt.prefixes[5] = static_cast<std::uint64_t>(abi::PattPrefix::keeper);
        return patt;
    }
};

} // namespace

TEST_F(Structure, FreshFramesAreSound) {
    World world;
    for (std::uint8_t type = 0; type < abi::frame_type_count; ++type) {
        auto const frame = world.frame(static_cast<abi::FrameType>(type));
        auto const shape = abi::shape_of(static_cast<abi::FrameType>(type));
        if (shape.has_header)
            for (unsigned i = 0; i < shape.objects; i += 2) world.object_in(frame, i);
        auto const finding = check_structure(static_cast<abi::FrameType>(type), world.header(frame).mark,
                                             base::ConstBytes(arch::frame_bytes(frame)));
        EXPECT_TRUE(finding.clean()) << int{type} << finding.rule;
    }
}

TEST_F(Structure, PattRules) {
    using Break = std::function<void(abi::Patt&)>;
    sound_patt();
    EXPECT_EQ(rule(abi::FrameType::patt), "");
    std::pair<Break, std::string_view> const breaks[] = {
        {[](abi::Patt& p) { p.residual = 11; }, "size and residual do not fit"},
        {[](abi::Patt& p) { p.size = 65; }, "size and residual do not fit"},
        {[](abi::Patt& p) { p.residual = 21; }, "size and residual do not fit"},
        {[](abi::Patt& p) { p.prefixes[0] = 0x100000; }, "prefix outside size and residual"},
        {[](abi::Patt& p) { p.prefixes[0] = 0x8000; }, "prefix outside size and residual"},
        {[](abi::Patt& p) { p.prefixes[0] = 7; }, "prefix outside size and residual"},
        {[](abi::Patt& p) { p.prefixes[9] = 0x30000; }, "two slots with one prefix"},
        {[](abi::Patt& p) { p.prefixes[9] = 3; }, "two slots with one prefix"},
        {[](abi::Patt& p) { p.capabilities[0] = abi::Capability::number(1, 2); },
         "capability in an empty slot"},
        {[](abi::Patt& p) { p.reserved0 = 1; }, "reserved bits are set"},
        {[](abi::Patt& p) { p.header.version = 6; }, "version above the frame's mark"},
        {[](abi::Patt& p) { p.header.flags = 2; }, "reserved bits are set"},
        {[](abi::Patt& p) { p.header.flags = 0; }, "unused object is not zero"},
    };
    for (auto const& [change, expected] : breaks) {
        change(sound_patt());
        EXPECT_EQ(rule(abi::FrameType::patt), expected);
    }
}

TEST_F(Structure, CapabilityRules) {
    using abi::Capability;
    using abi::CapabilityType;
    auto& slot = object<Capability>(17);
    std::pair<Capability, std::string_view> const cases[] = {
        {Capability::number(0xffff'ffff, 0x00ff'ffff'ffff'ffff), ""},
        {Capability::to_object(CapabilityType::data_page, abi::ObjectId(99), abi::Version(9)), ""},
        {Capability{1, 0}, "prepared form outside memory"},
        {Capability{std::uint64_t{127} << 1, 0}, "unknown capability type"},
        {Capability::to_object(CapabilityType::data_page, {}, {}, abi::Right::send),
         "rights outside the type's mask"},
        {Capability{0, 4}, "null capability with content"},
        {Capability{Capability::VersionField::make(1) | std::uint64_t{14} << 1, 0},
         "version without an object"},
    };
    for (auto const& [capability, expected] : cases) {
        slot = capability;
        EXPECT_EQ(rule(abi::FrameType::capability_page), expected);
    }
    slot = Capability{1, 0};
    EXPECT_EQ(check_structure(abi::FrameType::capability_page, mark, content).offset, 17 * 16u);
    EXPECT_EQ(rule(abi::FrameType::data_page), "");
    EXPECT_EQ(rule(abi::FrameType::free), "free frame is not zero");
    EXPECT_EQ(rule(static_cast<abi::FrameType>(8)), "unknown frame type");
}

TEST_F(Structure, OtherObjects) {
    auto& process = object<abi::Process>(0);
    process.header.flags = 1;
    process.state = static_cast<abi::RunState>(6);
    EXPECT_EQ(rule(abi::FrameType::process), "unknown run state");
    process.state = abi::RunState::ready;
    EXPECT_EQ(rule(abi::FrameType::process), "");
    // What the kernel would take as the length of an array.
    process.event_endpoint_count = abi::process_event_endpoints + 1;
    EXPECT_EQ(rule(abi::FrameType::process), "too many event endpoints");
    process.event_endpoint_count = abi::process_event_endpoints;
    process.receive_control = abi::ControlWord::Accepted::make(abi::message_capabilities_max + 1);
    EXPECT_EQ(rule(abi::FrameType::process), "malformed receive control word");
    process.receive_control = abi::ControlWord::Accepted::make(abi::message_capabilities_max);
    EXPECT_EQ(rule(abi::FrameType::process), "");
    content = {};
    auto& heap = object<abi::Heap>(31);
    heap.header.flags = 1;
    heap.object_type = 4;
    EXPECT_EQ(rule(abi::FrameType::heap), "non-persistent heap is not resident (R38)");
    heap.resident = 1;
    EXPECT_EQ(rule(abi::FrameType::heap), "");
    heap.object_type = 2;
    EXPECT_EQ(rule(abi::FrameType::heap), "unknown object type");
    content = {};
    auto& schedule = object<abi::Schedule>(63);
    schedule.header.flags = 1;
    schedule.priority = 32;
    EXPECT_EQ(rule(abi::FrameType::schedule), "priority out of range");
    EXPECT_EQ(check_structure(abi::FrameType::schedule, mark, content).offset, 63 * 64u);
}

// Hostile bytes end in a finding or in sound content, never in a broken contract.
TEST_F(Structure, RandomBytesAreJudged) {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 4000; ++round) {
        content = {};
        auto const changes = random() % 40;
        for (std::uint64_t i = 0; i < changes; ++i) content[random() % content.size()] = std::byte(random());
        for (std::uint8_t type = 0; type < abi::frame_type_count; ++type)
            EXPECT_LT(check_structure(static_cast<abi::FrameType>(type), mark, content).offset,
                      abi::frame_size);
    }
}

} // namespace kernel::testing
