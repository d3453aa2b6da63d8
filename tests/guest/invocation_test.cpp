// SPDX-License-Identifier: Apache-2.0
// Invocations between processes and of kernel capabilities: messages, events, sleep, faults told to keepers.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/clock.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/restart.hpp>

#include <abi/operations/clock.hpp>

namespace {

using abi::Error;
using runtime::Message;
using runtime::Slot;
using tests::Action;
using tests::check;
using tests::check_equal;
using tests::check_error;

constexpr runtime::Clock clock{abi::SupervisorSlot::clock};
constexpr runtime::Endpoint own_endpoint{abi::SupervisorSlot::own_endpoint};

constexpr Slot entry(64);
constexpr Slot restart(65);
constexpr Slot old_restart(66);
constexpr Slot own_entry(67);
constexpr Slot heap(68);
constexpr Slot frame(69);

constexpr std::uint64_t millisecond = 1'000'000;

void make_echo_entry() {
    tests::start_assistant(Action::echo);
    runtime::Endpoint const endpoint{tests::program_slot(1, abi::ProgramSlot::endpoint)};
    check_error(Error::none, endpoint.make_entry(5, entry).error, "an entry to the assistant");
}

// An endpoint of its own, with all rights.
void make_endpoint(Slot into) { tests::make_object(abi::FrameType::endpoint, heap, frame, into); }

// The assistant's keeper becomes this program.
void keep_assistant() {
    check_error(Error::none, own_endpoint.make_entry(9, own_entry).error, "an entry to this program");
    check_error(Error::none, tests::assistant().set_slot(3, own_entry).error, "the keeper of the assistant");
}
void unkeep_assistant() {
    tests::stop_assistant();
    check_error(Error::none, tests::assistant().set_slot(3, Slot(0)).error, "no keeper");
}

void expect_fault(abi::FaultCode code, std::uint64_t address, Slot where) {
    Message message;
    message.accept_capability(where);
    check_error(Error::none, runtime::receive(message).error, "a fault message comes");
    check_equal(static_cast<std::uint64_t>(abi::MessageKind::fault),
                static_cast<std::uint64_t>(message.kind()), "kind");
    check_equal(9, message.payload(), "through the entry in the keeper slot");
    check_equal(static_cast<std::uint64_t>(code), message.word(0), "code");
    check_equal(address, message.word(1), "address");
}

} // namespace

GUEST_TEST(kernel_capabilities_answer, "operations answer at once; wrong ones with a defined error") {
    auto const first = clock.now();
    auto const second = clock.now();
    check(!first.failed() && second->nanoseconds > first->nanoseconds, "time passes");
    Message unknown(abi::operation_code(12, 99));
    check_error(Error::bad_operation, runtime::call(abi::SupervisorSlot::clock, unknown).error,
                "no such operation");
    Message long_message(abi::op::clock::now);
    long_message.put(1);
    check_error(Error::malformed_message, runtime::call(abi::SupervisorSlot::clock, long_message).error,
                "a word too many");
    Message null(1);
    check_error(Error::void_capability, runtime::call(Slot(0), null).error, "null");
    Message outside(1);
    check(runtime::call(Slot(100'000), outside).failed(), "a slot outside the space");
}

GUEST_TEST(calls_are_answered, "hundreds of calls to another process come back with their answers") {
    make_echo_entry();
    bool right = true;
    for (std::uint64_t i = 0; right && i < 300; ++i) {
        Message message(1);
        message.put(i);
        right = !runtime::call(entry, message).failed() && message.word(1) == i + 1;
    }
    check(right, "each answer belongs to its question");
    tests::stop_assistant();
}

GUEST_TEST(long_messages, "words beyond the registers arrive as well") {
    make_echo_entry();
    Message message(1);
    for (std::uint64_t i = 1; i < 64; ++i) message.put(i * i);
    check_error(Error::none, runtime::call(entry, message).error, "a message of 64 words");
    check_equal(2, message.word(1), "is answered");
    tests::stop_assistant();
}

GUEST_TEST(non_blocking_send, "a send that would wait for a busy receiver says so") {
    make_echo_entry();
    tests::start_assistant(Action::spin);
    check_error(Error::would_block, runtime::send_now(entry, Message(1)).error, "busy receiver");
    tests::stop_assistant();
}

GUEST_TEST(events_come_before_messages, "bits are OR-ed, delivered once, and polling finds nothing then") {
    check_error(Error::none, own_endpoint.post(1).error, "post");
    check_error(Error::none, own_endpoint.post(4).error, "post");
    Message message;
    check_error(Error::none, runtime::receive(message).error, "receive");
    check_equal(static_cast<std::uint64_t>(abi::MessageKind::event),
                static_cast<std::uint64_t>(message.kind()), "kind");
    check_equal(5, message.word(0), "all bits at once");
    Message nothing;
    check_error(Error::would_block, runtime::receive_now(nothing).error, "nothing is left");
}

GUEST_TEST(alarms, "an alarm posts its bits in time, and one that was taken back does not") {
    auto const start = clock.now()->nanoseconds;
    check_error(Error::none, own_endpoint.set_alarm(start + 5 * millisecond, 2).error, "set");
    Message message;
    check_error(Error::none, runtime::receive(message).error, "receive");
    check_equal(2, message.word(0), "bits");
    check(clock.now()->nanoseconds >= start + 5 * millisecond, "not too early");
    // On a slow machine its time may come before it is taken back: then once more, with more time.
    for (auto ahead = 50 * millisecond;; ahead *= 2) {
        auto const time = clock.now()->nanoseconds + ahead;
        check_error(Error::none, own_endpoint.set_alarm(time, 2).error, "set");
        check_error(Error::none, own_endpoint.set_alarm(0, 0).error, "take back");
        bool const in_time = clock.now()->nanoseconds < time;
        check_error(Error::none, clock.sleep_until(time + 5 * millisecond).error, "sleep");
        Message nothing;
        auto const error = runtime::receive_now(nothing).error;
        if (!in_time) continue;
        check_error(Error::would_block, error, "no event");
        break;
    }
}

GUEST_TEST(sleeping, "a sleeper wakes when its time has come, although another process spins") {
    tests::start_assistant(Action::spin);
    auto const start = clock.now()->nanoseconds;
    check_error(Error::none, clock.sleep_for(8 * millisecond).error, "sleep");
    auto const slept = clock.now()->nanoseconds - start;
    check(slept >= 8 * millisecond, "long enough");
    check(slept < 2000 * millisecond, "not for ever");
    tests::stop_assistant();
}

GUEST_TEST(faults_go_to_the_keeper, "with code, address and a restart capability that is good once") {
    keep_assistant();
    tests::start_assistant(Action::read_unmapped);
    expect_fault(abi::FaultCode::invalid_data_reference, tests::unmapped_address, restart);
    check_equal(static_cast<std::uint64_t>(abi::RunState::reported), tests::assistant().state()->state,
                "it waits");
    check_error(Error::none, runtime::copy_capability(old_restart, restart).error, "copy");
    check_error(Error::none, runtime::Restart{restart}.resume(true).error, "the instruction runs again");
    expect_fault(abi::FaultCode::invalid_data_reference, tests::unmapped_address, restart);
    check_error(Error::void_capability, runtime::Restart{old_restart}.resume(true).error,
                "the old one is spent");
    check_error(Error::none, runtime::Restart{restart}.resume(false).error, "declined");
    expect_fault(abi::FaultCode::invalid_data_reference, tests::unmapped_address, restart);
    unkeep_assistant();
}

GUEST_TEST(foreign_system_calls, "a keeper can answer a system call that is not Stele's") {
    keep_assistant();
    tests::start_assistant(Action::unknown_system_call);
    Message message;
    message.accept_capability(restart);
    check_error(Error::none, runtime::receive(message).error, "a fault message comes");
    check_equal(static_cast<std::uint64_t>(abi::FaultCode::foreign_system_call), message.word(0), "code");
    check_error(Error::none, runtime::Restart{restart}.resume(true).error, "it goes on behind the call");
    Message next;
    next.accept_capability(restart);
    check_error(Error::none, runtime::receive(next).error, "until its end");
    check_equal(static_cast<std::uint64_t>(abi::FaultCode::break_point), next.word(0),
                "which is a break point");
    unkeep_assistant();
}

GUEST_TEST(late_keepers, "a process that stays faulted is told to the keeper it gets later") {
    tests::start_assistant(Action::bad_opcode);
    tests::wait_for_fault();
    keep_assistant();
    Message message;
    message.accept_capability(restart);
    check_error(Error::none, runtime::receive(message).error, "a fault message comes");
    check_equal(static_cast<std::uint64_t>(abi::FaultCode::bad_opcode), message.word(0), "code");
    unkeep_assistant();
}

GUEST_TEST(revoked_entries, "entries of a revoked endpoint are void") {
    tests::start_assistant(Action::echo);
    runtime::Endpoint const endpoint{own_entry};
    make_endpoint(own_entry);
    check_error(Error::none, endpoint.bind(tests::program_slot(1, abi::ProgramSlot::process)).error, "bind");
    check_error(Error::none, endpoint.make_entry(5, entry).error, "an entry to the assistant");
    Message first(1);
    first.put(1);
    check_error(Error::none, runtime::call(entry, first).error, "it answers");
    check_error(Error::none, endpoint.revoke().error, "revoke");
    Message second(1);
    second.put(1);
    check_error(Error::void_capability, runtime::call(entry, second).error, "void");
    check_error(Error::void_capability, endpoint.set_value(1).error, "for its owner as well");
    tests::stop_assistant();
}
