// SPDX-License-Identifier: Apache-2.0
// Frames that are not there: who needs one waits until this program, in the migrator's place, supplies it;
// what is lost or unsound is a fault of whoever needs it, and data never.
#include <harness/assistant.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/checkpoint.hpp>
#include <runtime/client/device_memory.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/object_source.hpp>

#include <abi/boot_info.hpp>
#include <abi/objects/capability_page.hpp>

#include <array>
#include <bit>

namespace {

using abi::Error;
using abi::FaultCode;
using abi::SupervisorSlot;
using runtime::Message;
using runtime::Slot;
using tests::Action;
using tests::check;
using tests::check_equal;
using tests::check_error;

constexpr runtime::ObjectSource source{SupervisorSlot::object_source};
constexpr runtime::Checkpoint checkpoint{SupervisorSlot::checkpoint};
constexpr Slot own_space(64);
constexpr Slot root(65);
constexpr Slot other(66);
constexpr std::uint64_t wanted_bit = 1;

// What the store would have: the root page names these frames in the slots of the same numbers.
constexpr std::uint64_t sound_frame = 9;
constexpr std::uint64_t lost_frame = 10;
constexpr std::uint64_t unsound_frame = 11;
constexpr std::uint64_t free_frame = 12;
constexpr std::uint32_t version = 3;

using Page = std::array<std::uint64_t, abi::frame_size / sizeof(std::uint64_t)>;
Page& arena() { return *std::bit_cast<Page*>(abi::dma_arena_address); }

constexpr std::uint8_t type_tag(abi::FrameType type) { return static_cast<std::uint8_t>(type); }

// Once: restores the boot, so that the root page is known and absent.
bool begin() {
    static constinit bool begun = false;
    if (begun) return true;
    check_error(Error::none, runtime::Process{SupervisorSlot::own_process}.get_slot(0, own_space).error,
                "space");
    check_error(Error::none,
                runtime::DeviceMemory{SupervisorSlot::dma_arena}.map(own_space, abi::dma_arena_address).error,
                "the arena is mapped");
    check_error(Error::none, source.attach(SupervisorSlot::own_endpoint, wanted_bit).error, "attach");
    check_error(Error::none, source.restore(7, 1'000'000'000, 7, root).error, "restore");
    check_error(Error::in_use, source.restore(8, 0, 7, other).error, "a boot is restored once");
    runtime::CapabilityPage const slots{tests::program_slot(1, abi::ProgramSlot::capability_page)};
    begun = !slots.store(tests::root_page_slot.number, root).failed();
    return check(begun, "the assistant has the root page");
}

void supply_root() {
    arena().fill(0);
    auto const put = [](std::uint64_t frame) {
        auto const capability = abi::Capability::to_object(
            abi::CapabilityType::data_page, {abi::FrameId::persistent(frame), 0}, abi::Version(version));
        arena()[2 * frame] = capability.word0;
        arena()[2 * frame + 1] = capability.word1;
    };
    for (auto const frame : {sound_frame, lost_frame, unsound_frame, free_frame}) put(frame);
    auto const tag = type_tag(abi::FrameType::capability_page);
    check_error(Error::none, source.supply(abi::root_frame.raw(), tag, 1, abi::dma_arena_address).error,
                "the root page");
}

void supply(std::uint64_t frame) {
    switch (frame) {
    case abi::root_frame.raw(): return supply_root();
    case sound_frame:
        arena().fill(0x5a5a);
        check_error(
            Error::none,
            source.supply(frame, type_tag(abi::FrameType::data_page), version, abi::dma_arena_address).error,
            "a data page");
        return;
    case lost_frame: check_error(Error::none, source.corrupt(frame).error, "lost"); return;
    case unsound_frame:
        arena().fill(~std::uint64_t{0});
        check_error(
            Error::corrupt,
            source.supply(frame, type_tag(abi::FrameType::patt), version, abi::dma_arena_address).error,
            "no frame of nodes looks like that");
        return;
    case free_frame: check_error(Error::none, source.absent(frame, version).error, "never written"); return;
    default: check(false, "nobody needs another frame");
    }
}

// Serves requests until the assistant's fate is decided; that, and how many frames it took.
struct Outcome {
    FaultCode fault;
    unsigned supplied;
};
Outcome serve() {
    Outcome outcome{};
    for (unsigned turn = 0; turn < 100'000; ++turn) {
        auto const state = tests::assistant().state();
        if (state->state == static_cast<std::uint8_t>(abi::RunState::faulted)) {
            outcome.fault = static_cast<FaultCode>(state->fault_code);
            return outcome;
        }
        auto const wanted = source.requests();
        check_error(Error::none, wanted.error, "requests");
        if (wanted->count > 0) supply(wanted->frame0), ++outcome.supplied;
        check(wanted->count < 2, "one process needs one frame at a time");
        runtime::yield();
    }
    check(false, "the assistant gets on");
    return outcome;
}

void expect(std::uint64_t slot, FaultCode fate, char const* what) {
    if (!begin()) return;
    tests::start_assistant(Action::use_root_slot, slot);
    check_equal(static_cast<std::uint64_t>(fate), static_cast<std::uint64_t>(serve().fault), what);
}

} // namespace

GUEST_TEST(absent_frames_are_waited_for,
           "a process waits for a frame, is woken by its supply, and repeats its call") {
    if (!begin()) return;
    tests::start_assistant(Action::use_root_slot, sound_frame);
    Message event;
    check_error(Error::none, runtime::receive(event).error, "an event comes");
    check_equal(wanted_bit, event.word(0), "as attached");
    for (unsigned i = 0; i < 100; ++i) runtime::yield();
    check_equal(static_cast<std::uint64_t>(abi::RunState::ready), tests::assistant().state()->state,
                "it is not faulted, and gets nowhere");
    auto const outcome = serve();
    check_equal(static_cast<std::uint64_t>(FaultCode::break_point), static_cast<std::uint64_t>(outcome.fault),
                "it reaches its end");
    check(outcome.supplied >= 1, "by way of its frame");
}

GUEST_TEST(lost_content_is_a_fault, "lost and unsound frames fault whoever needs them") {
    expect(lost_frame, FaultCode::content_lost, "a frame that cannot be read");
    expect(unsound_frame, FaultCode::content_lost, "a frame whose content breaks the rules");
}

GUEST_TEST(stale_capabilities_are_void, "a capability to a frame that is free by now is void, and no fault") {
    expect(free_frame, FaultCode::invalid_data_reference, "the assistant is told so");
    check_equal(tests::address_of_error(Error::void_capability), tests::assistant().state()->fault_address,
                "by this error");
}

GUEST_TEST(addresses_of_the_kernel,
           "the kernel copies from and to the arena only, whatever address it is given") {
    if (!begin()) return;
    for (std::uint64_t const address :
         {std::uint64_t{0}, std::uint64_t{0x40'0000}, std::uint64_t{0x8000'0000'0000},
          std::uint64_t{0xffff'8000'0000'0000}, std::uint64_t{0xffff'ffff'8000'0000}, ~std::uint64_t{0},
          abi::dma_arena_address + abi::dma_arena_bytes, abi::dma_arena_address + abi::dma_arena_bytes - 1,
          abi::dma_arena_address - 1}) {
        auto const tag = type_tag(abi::FrameType::data_page);
        check_error(Error::invalid_address, source.supply(100, tag, 1, address).error, "supply");
        check_error(Error::invalid_address, checkpoint.drain(address, 1).error, "drain");
        check(tests::assistant().stop().error == Error::none, "stop");
        if (address >= 0x8000'0000'0000)
            check_error(Error::bad_argument,
                        runtime::DeviceMemory{SupervisorSlot::dma_arena}.map(own_space, address).error,
                        "map");
    }
    check_error(Error::invalid_address,
                checkpoint.drain(abi::dma_arena_address + abi::dma_arena_bytes - abi::frame_size, 2).error,
                "the second frame lies outside");
}
