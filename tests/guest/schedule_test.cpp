// SPDX-License-Identifier: Apache-2.0
// Priorities and time slices: the higher priority runs, equals share, and nobody keeps the processor.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/clock.hpp>
#include <runtime/client/frame_range.hpp>
#include <runtime/client/schedule.hpp>

#include <abi/objects/schedule.hpp>

namespace {

using abi::Error;
using abi::SupervisorSlot;
using runtime::Slot;
using tests::Action;
using tests::check;
using tests::check_equal;
using tests::check_error;

constexpr runtime::Clock clock{SupervisorSlot::clock};
constexpr runtime::FrameRange range{SupervisorSlot::frame_range};
constexpr runtime::Process self{SupervisorSlot::own_process};
constexpr auto schedule_slot = static_cast<std::uint64_t>(abi::ProcessSlot::schedule);

constexpr Slot shared_page(64);
constexpr Slot own_space(65);
constexpr Slot heap(66);
constexpr Slot frame(67);
constexpr Slot own_schedule(68);
constexpr Slot other_schedule(69);
constexpr Slot scratch(70);
constexpr Slot assistants_schedule(71);

// The shared page, and a schedule to move the assistant to; this program's own is the first of them.
bool begin() {
    static constinit bool begun = false;
    if (begun) return true;
    check_error(Error::none, self.get_slot(0, own_space).error, "own space");
    check_error(Error::none, self.get_slot(schedule_slot, own_schedule).error, "own schedule");
    check_error(Error::none, tests::assistant().get_slot(schedule_slot, assistants_schedule).error,
                "its schedule");
    check_error(Error::none, range.claim(0, shared_page).error, "shared page");
    if (!tests::share_page(shared_page, own_space, scratch)) return false;
    if (!tests::share_page(shared_page, tests::program_slot(1, abi::ProgramSlot::address_space), scratch))
        return false;
    begun = tests::make_object(abi::FrameType::schedule, heap, frame, other_schedule) != 0;
    return check(begun, "another schedule");
}

std::uint32_t own_priority() { return runtime::Schedule{own_schedule}.priority()->priority; }

void run_assistant_at(std::uint32_t priority) {
    tests::stop_assistant();
    check_error(Error::none, runtime::Schedule{other_schedule}.set_priority(priority).error, "priority");
    check_error(Error::none, tests::assistant().set_slot(schedule_slot, other_schedule).error, "schedule");
    tests::shared_word() = 0;
    tests::start_assistant(Action::count);
}

// Without a system call, so that only the timer can take the processor away.
void spin(std::uint64_t rounds) {
    for (std::uint64_t i = 0; i < rounds; ++i) asm volatile("" : "+r"(i));
}
constexpr std::uint64_t many_slices = 200'000'000;
constexpr std::uint64_t piece = 1'000'000;

} // namespace

GUEST_TEST(priorities_have_limits, "a schedule has one of 32 priorities") {
    if (!begin()) return;
    runtime::Schedule const schedule{other_schedule};
    check_error(Error::bad_argument, schedule.set_priority(abi::priority_count).error, "one too many");
    check_error(Error::bad_argument, schedule.set_priority(0xffff'ffff).error, "far too many");
    for (std::uint32_t priority = 0; priority < abi::priority_count; ++priority) {
        check_error(Error::none, schedule.set_priority(priority).error, "set");
        check_equal(priority, schedule.priority()->priority, "read back");
    }
}

GUEST_TEST(equals_share, "a process that makes no system call does not keep the processor from its equal") {
    if (!begin()) return;
    run_assistant_at(own_priority());
    for (std::uint64_t spent = 0; tests::shared_word() == 0 && spent < many_slices; spent += piece)
        spin(piece);
    check(tests::shared_word() > 0, "the assistant has counted");
    auto const seen = tests::shared_word();
    for (std::uint64_t spent = 0; tests::shared_word() == seen && spent < many_slices; spent += piece)
        spin(piece);
    check(tests::shared_word() > seen, "and counts on");
    tests::stop_assistant();
}

GUEST_TEST(lower_waits, "a lower priority gets the processor only when nobody above wants it") {
    if (!begin()) return;
    run_assistant_at(own_priority() - 1);
    auto const start = clock.now()->nanoseconds;
    while (clock.now()->nanoseconds - start < 40'000'000) runtime::yield();
    check_equal(0, tests::shared_word(), "it has not run while this program did");
    check_error(Error::none, clock.sleep_for(20'000'000).error, "sleep");
    check(tests::shared_word() > 0, "it ran while this program slept");
    tests::stop_assistant();
}

GUEST_TEST(priority_changes_count, "a new priority takes effect on those who run already") {
    if (!begin()) return;
    auto const normal = own_priority();
    run_assistant_at(normal - 1);
    check_error(Error::none, runtime::Schedule{other_schedule}.set_priority(normal).error,
                "as high as this one");
    for (std::uint64_t spent = 0; tests::shared_word() == 0 && spent < many_slices; spent += piece) {
        spin(piece);
        runtime::yield();
    }
    check(tests::shared_word() > 0, "now it runs");
    tests::stop_assistant();
}

GUEST_TEST(no_schedule, "a process without a schedule is faulted, and goes on with one") {
    if (!begin()) return;
    run_assistant_at(own_priority());
    check_error(Error::none, tests::assistant().set_slot(schedule_slot, Slot(0)).error, "none");
    auto const state = tests::wait_for_fault();
    check_equal(static_cast<std::uint64_t>(abi::FaultCode::no_schedule), state.fault_code, "fault");
    check_error(Error::none, tests::assistant().set_slot(schedule_slot, assistants_schedule).error,
                "the old one");
    auto const counted = tests::shared_word();
    check_error(Error::none, tests::assistant().resume(true).error, "resume");
    for (unsigned i = 0; tests::shared_word() == counted && i < 20'000; ++i) runtime::yield();
    check(tests::shared_word() > counted, "it counts on");
    tests::stop_assistant();
}
