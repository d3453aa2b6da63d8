// SPDX-License-Identifier: Apache-2.0
// The first checkpoint of a description with ranges and heaps: what their capabilities say.
#include "image_builder.hpp"

#include <abi/boot_slots.hpp>
#include <abi/objects/capability_page.hpp>
#include <abi/objects/heap.hpp>
#include <abi/objects/process.hpp>

#include <gtest/gtest.h>

namespace {

using namespace tools;

constexpr std::uint64_t range_slot = 1, other_slot = 2, heap_slot = 3;

CapabilityDescription capability(std::uint64_t slot, abi::CapabilityType type, std::string target) {
    CapabilityDescription made;
    made.slot = slot;
    made.type = type;
    made.target = std::move(target);
    return made;
}

SystemDescription description() {
    SystemDescription system;
    system.ranges = {{.name = "r", .frames = 100}, {.name = "s", .frames = 7}};
    system.heaps = {{.name = "p", .object_type = abi::FrameType::patt},
                    {.name = "e", .object_type = abi::FrameType::endpoint}};
    ProcessDescription process;
    process.name = "a";
    process.program = "counter";
    process.capabilities = {capability(range_slot, abi::CapabilityType::frame_range, "r"),
                            capability(other_slot, abi::CapabilityType::frame_range, "s"),
                            capability(heap_slot, abi::CapabilityType::heap, "e")};
    system.processes.push_back(process);
    return system;
}

// The content of a frame that the arena made.
std::array<std::byte, abi::frame_size> const& content(FrameArena const& arena, abi::FrameId frame) {
    return arena.frames()[frame.number() - abi::root_frame.number()].content;
}

abi::CapabilityPage capabilities_of_process(FrameArena const& arena) {
    for (auto const& frame : arena.frames()) {
        if (frame.type != abi::FrameType::process) continue;
        auto const& process = base::view<abi::Process>(base::ConstBytes(frame.content));
        auto const slot = static_cast<std::size_t>(abi::ProcessSlot::capability_space);
        auto const page = process.slots[slot].object().frame();
        return base::view<abi::CapabilityPage>(base::ConstBytes(content(arena, page)));
    }
    ADD_FAILURE() << "no process";
    return {};
}

TEST(ImageBuilder, RangesLieBehindEveryFrameAndDoNotOverlap) {
    auto const arena = build_first_checkpoint(description(), std::filesystem::path(STELE_TEST_PROGRAMS));
    auto const page = capabilities_of_process(arena);
    auto const& first = page.slots[range_slot];
    auto const& second = page.slots[other_slot];
    EXPECT_EQ(first.type(), abi::CapabilityType::frame_range);
    EXPECT_EQ(first.payload(), 100u);
    EXPECT_EQ(second.payload(), 7u);
    EXPECT_EQ(first.data(), arena.frames().back().id.number() + 1);
    EXPECT_EQ(second.data(), first.data() + 100);
}

// What the console goes by: each process, and behind it the endpoints that name it as their receiver.
TEST(ImageBuilder, TheRootPageListsProcessesWithTheirEndpoints) {
    auto system = description();
    system.endpoints = {{.name = "of b", .receiver = "b"}, {.name = "nobodys", .receiver = ""}};
    auto second = system.processes.front();
    second.name = "b";
    system.processes.push_back(second);
    // So many that the list goes on on a second page.
    for (int i = 0; i < 300; ++i)
        system.endpoints.push_back({.name = "more " + std::to_string(i), .receiver = "b"});
    auto const arena = build_first_checkpoint(system, std::filesystem::path(STELE_TEST_PROGRAMS));
    auto const page_at = [&](abi::Capability capability) -> abi::CapabilityPage const& {
        EXPECT_EQ(capability.type(), abi::CapabilityType::capability_page);
        return base::view<abi::CapabilityPage>(base::ConstBytes(content(arena, capability.object().frame())));
    };
    auto const& root = base::view<abi::CapabilityPage>(base::ConstBytes(content(arena, abi::root_frame)));
    auto const& first = page_at(root.slots[abi::slot(abi::RootSlot::processes)]);
    EXPECT_TRUE(first.slots[0].is_null());
    EXPECT_EQ(first.slots[1].type(), abi::CapabilityType::process);
    EXPECT_EQ(first.slots[2].type(), abi::CapabilityType::process);
    EXPECT_NE(first.slots[1].object(), first.slots[2].object());
    std::size_t count = 0;
    for (std::size_t i = 3; i < abi::process_list_end; ++i) {
        ++count;
        EXPECT_EQ(first.slots[i].type(), abi::CapabilityType::endpoint) << i;
        EXPECT_EQ(first.slots[i].rights(), abi::endpoint_permissions) << i;
    }
    auto const& further = page_at(first.slots[abi::process_list_end]);
    for (std::size_t i = 1; i < abi::process_list_end && !further.slots[i].is_null(); ++i) ++count;
    EXPECT_EQ(count, 301u);
    EXPECT_TRUE(further.slots[abi::process_list_end].is_null());

    auto const heap = root.slots[abi::slot(abi::RootSlot::process_heap)];
    ASSERT_EQ(heap.type(), abi::CapabilityType::heap);
    auto const& object = base::view<abi::Heap>(base::ConstBytes(content(arena, heap.object().frame())),
                                               heap.object().index() * sizeof(abi::Heap));
    EXPECT_EQ(object.object_type, static_cast<std::uint8_t>(abi::FrameType::process));
    EXPECT_EQ(object.frame_limit, 0u) << "it makes no process";
}

TEST(ImageBuilder, HeapsArePersistentAndEmpty) {
    auto const arena = build_first_checkpoint(description(), std::filesystem::path(STELE_TEST_PROGRAMS));
    auto const capability = capabilities_of_process(arena).slots[heap_slot];
    ASSERT_EQ(capability.type(), abi::CapabilityType::heap);
    auto const object = capability.object();
    auto const& heap = base::view<abi::Heap>(base::ConstBytes(content(arena, object.frame())),
                                             object.index() * sizeof(abi::Heap));
    EXPECT_EQ(heap.header.flags, abi::ObjectHeader::in_use);
    EXPECT_EQ(heap.header.version, capability.version().raw());
    EXPECT_EQ(heap.object_type, static_cast<std::uint8_t>(abi::FrameType::endpoint));
    EXPECT_EQ(heap.persistent, 1);
    EXPECT_EQ(heap.frame_count, 0u);
    EXPECT_GT(heap.frame_limit, 0u);
}

} // namespace
