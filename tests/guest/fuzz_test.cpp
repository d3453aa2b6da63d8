// SPDX-License-Identifier: Apache-2.0
// A process that holds one of everything invokes at random. It may spoil itself and the others that it has
// power over; the kernel and this program, which it has none over, go on.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/client/device_memory.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/frame_range.hpp>
#include <runtime/client/io_ports.hpp>
#include <runtime/client/schedule.hpp>

#include <abi/boot_info.hpp>
#include <abi/capability_types.hpp>
#include <abi/objects/schedule.hpp>

#include <bit>

namespace {

using abi::CapabilityType;
using abi::Error;
using abi::SupervisorSlot;
using runtime::Slot;
using tests::Action;
using tests::check;
using tests::check_error;

constexpr runtime::FrameRange range{SupervisorSlot::frame_range};
constexpr runtime::Process self{SupervisorSlot::own_process};
constexpr runtime::Clock clock{SupervisorSlot::clock};

// The fuzzer is program 1, its victims are the next two.
constexpr unsigned victim_count = 2;
constexpr std::uint64_t kinds_first = 160;
constexpr Slot shared_page(64);
constexpr Slot own_space(65);
constexpr Slot heap(66);
constexpr Slot frame(67);
constexpr Slot own_schedule(68);
constexpr Slot scratch(69);

constexpr Slot kind(CapabilityType type) { return Slot(kinds_first + static_cast<std::uint64_t>(type)); }

void make_object(abi::FrameType type, Slot into, std::uint8_t index = 0) {
    tests::make_object(type, heap, frame, into, index);
}

// Nothing that is given away may be of a higher priority than this program.
void rise() {
    make_object(abi::FrameType::schedule, own_schedule);
    runtime::Schedule const schedule{own_schedule};
    check_error(Error::none, schedule.set_priority(abi::priority_count - 1).error, "highest priority");
    check_error(Error::none,
                self.set_slot(static_cast<std::uint64_t>(abi::ProcessSlot::schedule), own_schedule).error,
                "own schedule");
}

Slot of_program(unsigned program, abi::ProgramSlot which) { return tests::program_slot(program, which); }

// One capability of each type, of this program's own making or of this victim's.
void collect(unsigned victim) {
    using Program = abi::ProgramSlot;
    auto const copy = [](CapabilityType type, Slot from) {
        check_error(Error::none, runtime::copy_capability(kind(type), from).error, "copy");
    };
    for (auto const& [type, slot] : {std::pair{CapabilityType::log, SupervisorSlot::log},
                                     {CapabilityType::clock, SupervisorSlot::clock},
                                     {CapabilityType::discrim, SupervisorSlot::discrim},
                                     {CapabilityType::irq, SupervisorSlot::irq},
                                     {CapabilityType::device_memory, SupervisorSlot::device_memory},
                                     {CapabilityType::object_source, SupervisorSlot::object_source},
                                     {CapabilityType::checkpoint, SupervisorSlot::checkpoint},
                                     {CapabilityType::system_control, SupervisorSlot::system_control},
                                     {CapabilityType::frame_range, SupervisorSlot::frame_range}})
        copy(type, Slot(slot));
    // Ports that nothing listens to.
    check_error(
        Error::none,
        runtime::IoPorts{SupervisorSlot::io_ports}.narrow(0x80, 4, kind(CapabilityType::io_ports)).error,
        "ports");
    copy(CapabilityType::process, of_program(victim, Program::process));
    copy(CapabilityType::capability_page, of_program(victim, Program::capability_page));
    copy(CapabilityType::patt, of_program(victim, Program::address_space));
    copy(CapabilityType::endpoint, of_program(victim, Program::endpoint));
    // These may have been destroyed by the fuzzer: then there is none.
    static_cast<void>(
        runtime::Endpoint{of_program(victim, Program::endpoint)}.make_entry(1, kind(CapabilityType::entry)));
    static_cast<void>(
        runtime::Process{of_program(victim, Program::process)}.make_restart(kind(CapabilityType::restart)));
    if (range.claim(0, kind(CapabilityType::data_page)).failed()) return; // the fuzzer has used up the frames
    static_cast<void>(
        range.make_heap(static_cast<std::uint8_t>(abi::FrameType::patt), kind(CapabilityType::heap)));
}

void give() {
    runtime::CapabilityPage const page{of_program(1, abi::ProgramSlot::capability_page)};
    for (std::uint64_t slot = 1; slot < abi::capabilities_per_page; ++slot)
        static_cast<void>(
            page.store(slot, kind(static_cast<CapabilityType>(slot % abi::capability_type_count))));
}

void map_arena() {
    runtime::DeviceMemory const arena{SupervisorSlot::dma_arena};
    check_error(Error::none,
                arena.map(of_program(1, abi::ProgramSlot::address_space), abi::dma_arena_address).error,
                "the arena is in the fuzzer's space");
}

bool in_amnesia() {
    auto const* info = std::bit_cast<abi::BootInfo const*>(abi::boot_info_address);
    return std::string_view(info->command_line.data(), info->command_line_length).find("amnesia") !=
           std::string_view::npos;
}

// Runs the fuzzer for a while; false: it has made no invocation.
bool run_once(std::uint64_t seed, unsigned victim, bool afresh) {
    auto const before = tests::shared_word();
    collect(victim);
    give();
    if (afresh) tests::start_assistant(Action::invoke_at_random, seed);
    check_error(Error::none, clock.sleep_for(20'000'000).error, "sleep");
    return tests::shared_word() != before;
}

// From seed to seed, until it has made that many invocations more.
void run(std::uint64_t invocations) {
    auto const wanted = tests::shared_word() + invocations;
    bool goes_on = false;
    for (unsigned round = 0; tests::shared_word() < wanted; ++round)
        goes_on = run_once(1 + round, 2 + round % victim_count, !goes_on);
}

// With power over itself, until it has no more space, slots or schedule to run with.
void run_to_ruin() {
    bool goes_on = false;
    unsigned idle = 0;
    for (unsigned round = 0; round < 60 && idle < 4; ++round) {
        goes_on = run_once(1000 + round, 1, !goes_on);
        idle = goes_on ? 0 : idle + 1;
    }
    tests::stop_assistant();
}

} // namespace

GUEST_TEST(random_invocations, "a process with all authority but this program's cannot break the kernel") {
    rise();
    check_error(Error::none, self.get_slot(0, own_space).error, "own space");
    check_error(Error::none, range.claim(0, shared_page).error, "shared page");
    if (!tests::share_page(shared_page, own_space, scratch)) return;
    if (!tests::share_page(shared_page, of_program(1, abi::ProgramSlot::address_space), scratch)) return;
    map_arena();
    make_object(abi::FrameType::schedule, kind(CapabilityType::schedule), 1);
    run(in_amnesia() ? 1'000 : 8'000);
    tests::note(tests::shared_word(), " invocations");
    run_to_ruin();
    tests::note(tests::shared_word(), " invocations until its ruin");
}
