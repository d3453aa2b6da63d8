// SPDX-License-Identifier: Apache-2.0
// Endpoints from the sender's side: who has to wait, what ends the waiting, and what a sender that must not
// wait finds. Two assistants call; this program is the receiver.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/heap.hpp>

#include <abi/objects/process.hpp>
#include <abi/system_call.hpp>

namespace {

using abi::Error;
using abi::SupervisorSlot;
using runtime::Message;
using runtime::Slot;
using tests::Action;
using tests::check;
using tests::check_equal;
using tests::check_error;
using Control = abi::ControlWord;

constexpr runtime::Endpoint own_endpoint{SupervisorSlot::own_endpoint};

constexpr Slot entry(64);
constexpr Slot heap(65);
constexpr Slot frame(66);
constexpr Slot second(67); // an endpoint of this program
constexpr Slot reduced(68);
constexpr Slot reply(69);
constexpr Slot other_reply(70);

constexpr unsigned enough_yields = 200; // for everybody to have come as far as can be

constinit std::uint64_t second_frame = 0;

runtime::Process program(unsigned index) {
    return runtime::Process{tests::program_slot(index, abi::ProgramSlot::process)};
}

// A fresh endpoint of which this program is the receiver.
void make_second_endpoint() {
    second_frame = tests::make_object(abi::FrameType::endpoint, heap, frame, second);
    check_error(Error::none, runtime::Endpoint{second}.bind(SupervisorSlot::own_process).error, "bind");
}

// The assistant calls through the endpoint, and with its answer or its error it faults.
void let_call(unsigned index, Slot endpoint, std::uint64_t word) {
    constexpr std::uint64_t entry_point = 0x40'0000;
    runtime::CapabilityPage const slots{tests::program_slot(index, abi::ProgramSlot::capability_page)};
    auto const process = program(index);
    check_error(Error::none, process.stop().error, "stop");
    check_error(Error::none, runtime::Endpoint{endpoint}.make_entry(index, entry).error, "entry");
    check_error(Error::none, slots.store(tests::entry_slot.number, entry).error, "the assistant has it");
    auto const set = process.set_registers(entry_point, abi::virtual_registers_address,
                                           tests::with_parameter(Action::call_entry, word));
    check_error(Error::none, set.error, "registers");
    check_error(Error::none, process.resume(true).error, "start");
}

void let_others_run() {
    for (unsigned i = 0; i < enough_yields; ++i) runtime::yield();
}

void expect_waiting(unsigned index) {
    check_equal(static_cast<std::uint64_t>(abi::RunState::ready), program(index).state()->state,
                "it has neither sent nor been told");
}

// It goes on, and its call ended like this.
void expect_end(unsigned index, Error error) {
    bool const answered = error == Error::none;
    for (unsigned i = 0; i < 20'000; ++i, runtime::yield()) {
        auto const state = program(index).state();
        if (state->state != static_cast<std::uint8_t>(abi::RunState::faulted)) continue;
        auto const code = answered ? abi::FaultCode::break_point : abi::FaultCode::invalid_data_reference;
        check_equal(static_cast<std::uint64_t>(code), state->fault_code, "how it ends");
        if (!answered) check_equal(tests::address_of_error(error), state->fault_address, "the error");
        return;
    }
    check(false, "the assistant goes on");
}

Error answer(Slot to, std::uint64_t word) {
    Message message(0);
    message.put(word + 1); // what the assistant expects
    return runtime::send_now(to, message).error;
}

// A blocking wait for the second endpoint alone. The caller's payload, its word; the reply goes to `reply`.
struct Call {
    Error error;
    std::uint64_t payload;
    std::uint64_t word;
};
Call closed_wait(bool blocks) {
    auto& page = *runtime::runtime_virtual_registers;
    page.receive_endpoint = second.number;
    page.receive_slots[0] = reply.number;
    runtime::SystemCallRegisters registers{};
    registers.number = static_cast<std::uint64_t>(abi::SystemCall::invoke);
    registers.control = Control()
                            .with<Control::ReceivePhase>(1)
                            .with<Control::ReceiveNonBlocking>(blocks ? 0 : 1)
                            .with<Control::ClosedWait>(1)
                            .with<Control::Accepted>(1)
                            .raw();
    runtime::runtime_system_call(&registers);
    return {static_cast<Error>(registers.number), Control(registers.control).get<Control::Payload>(),
            registers.words[1]};
}

} // namespace

GUEST_TEST(waiting_senders_learn_of_revocation,
           "who waits to send through an endpoint that is revoked gets void_capability") {
    make_second_endpoint();
    let_call(1, second, 11);
    let_call(2, second, 12);
    let_others_run();
    expect_waiting(1);
    expect_waiting(2);
    check_error(Error::none, runtime::Endpoint{second}.revoke().error, "revoke");
    expect_end(1, Error::void_capability);
    expect_end(2, Error::void_capability);
}

GUEST_TEST(waiting_senders_learn_of_destruction,
           "who waits to send through an endpoint that is destroyed gets void_capability") {
    make_second_endpoint();
    let_call(1, second, 11);
    let_call(2, second, 12);
    let_others_run();
    expect_waiting(1);
    expect_waiting(2);
    check_error(Error::none, runtime::Heap{heap}.destroy(second).error, "destroy");
    expect_end(1, Error::void_capability);
    expect_end(2, Error::void_capability);
    check_error(Error::none, runtime::Heap{heap}.object(second_frame, 0, reduced).error,
                "another in its place");
    check_error(Error::none, runtime::Endpoint{reduced}.bind(SupervisorSlot::own_process).error, "bind");
    check_error(Error::void_capability, runtime::send_now(entry, Message(1)).error,
                "no entry of the old one");
}

GUEST_TEST(senders_wait_for_a_receiver,
           "without a receiver senders wait, and the next one bound gets it all") {
    make_second_endpoint();
    check_error(Error::none, runtime::Endpoint{second}.bind(Slot(0)).error, "no receiver");
    let_call(1, second, 21);
    let_others_run();
    expect_waiting(1);
    check_error(Error::would_block, runtime::send_now(entry, Message(1)).error, "who must not wait is told");
    check_error(Error::none, runtime::Endpoint{second}.bind(SupervisorSlot::own_process).error, "bind");
    Message call;
    call.accept_capability(reply);
    check_error(Error::none, runtime::receive(call).error, "the call");
    check_equal(21, call.word(1), "word");
    check_error(Error::none, answer(reply, 21), "reply");
    expect_end(1, Error::none);
}

GUEST_TEST(each_call_is_delivered_once, "of two callers each is heard once and gets its own answer") {
    for (std::uint64_t round = 0; round < 25; ++round) {
        std::uint64_t const words[] = {0, 100 + round, 200 + round};
        let_call(1, SupervisorSlot::own_endpoint, words[1]);
        let_call(2, SupervisorSlot::own_endpoint, words[2]);
        Message first;
        first.accept_capability(reply);
        check_error(Error::none, runtime::receive(first).error, "one");
        Message other;
        other.accept_capability(other_reply);
        check_error(Error::none, runtime::receive(other).error, "and the other");
        check_equal(3, first.payload() + other.payload(), "both of them");
        check_equal(words[first.payload() % 3], first.word(1), "its word");
        check_equal(words[other.payload() % 3], other.word(1), "the other's word");
        Message nothing;
        check_error(Error::would_block, runtime::receive_now(nothing).error, "no more");
        check_error(Error::none, answer(other_reply, other.word(1)), "reply to the second first");
        check_error(Error::none, answer(reply, first.word(1)), "then to the first");
        expect_end(1, Error::none);
        expect_end(2, Error::none);
    }
}

GUEST_TEST(closed_waits_choose_among_senders,
           "a closed wait takes the sender of its endpoint, however late") {
    make_second_endpoint();
    let_call(1, SupervisorSlot::own_endpoint, 31);
    let_others_run();
    let_call(2, second, 32);
    auto const chosen = closed_wait(true);
    check_error(Error::none, chosen.error, "closed wait");
    check_equal(2, chosen.payload, "the second assistant");
    check_equal(32, chosen.word, "word");
    check_error(Error::none, answer(reply, 32), "reply");
    expect_end(2, Error::none);
    check_error(Error::would_block, closed_wait(false).error, "nobody else there");
    expect_waiting(1);
    Message call;
    call.accept_capability(reply);
    check_error(Error::none, runtime::receive(call).error, "an open wait takes the first one");
    check_equal(31, call.word(1), "word");
    check_error(Error::none, answer(reply, 31), "reply");
    expect_end(1, Error::none);
}

GUEST_TEST(replies_never_block, "a reply reaches a stopped caller, which stays stopped until it is resumed") {
    let_call(1, SupervisorSlot::own_endpoint, 41);
    Message call;
    call.accept_capability(reply);
    check_error(Error::none, runtime::receive(call).error, "the call");
    check_error(Error::none, program(1).stop().error, "stop");
    check_error(Error::none, answer(reply, 41), "a stopped caller");
    check_error(Error::void_capability, answer(reply, 41), "spent");
    auto const state = program(1).state();
    check_error(Error::none, state.error, "state");
    check_equal(static_cast<std::uint64_t>(abi::RunState::stopped), state->state, "its state");
    check_error(Error::none, program(1).resume(true).error, "it goes on with its answer");
    expect_end(1, Error::none);
}

GUEST_TEST(dropped_messages, "a message that nobody takes at once is dropped, and the receive phase comes") {
    tests::start_assistant(Action::spin);
    runtime::Endpoint const assistants{tests::program_slot(1, abi::ProgramSlot::endpoint)};
    check_error(Error::none, assistants.make_entry(1, entry).error, "entry to a busy process");
    for (Slot const target : {entry, Slot(0)}) {
        check_error(Error::none, own_endpoint.post(8).error, "post");
        Message event;
        check_error(Error::none, runtime::reply_and_wait(target, Message(1), event).error, "receive phase");
        check_equal(8, event.word(0), "the event");
    }
    Message refused;
    check_error(Error::void_capability, runtime::call(Slot(0), refused).error, "a call is not dropped");
    tests::stop_assistant();
}

GUEST_TEST(endpoint_rights, "posting needs the right to send, and everything else the right to manage") {
    auto const right = [](abi::Right which) { return static_cast<std::uint8_t>(which); };
    make_second_endpoint();
    runtime::Endpoint const weaker{reduced};
    check_error(Error::none, runtime::Endpoint{second}.reduce(right(abi::Right::receive), reduced).error,
                "receive only");
    check_error(Error::no_right, weaker.post(1).error, "no post");
    check_error(Error::no_right, weaker.revoke().error, "no revoke");
    check_error(Error::none, runtime::Endpoint{second}.reduce(right(abi::Right::send), reduced).error,
                "send only");
    check_error(Error::no_right, weaker.make_entry(1, entry).error, "no entries");
    check_error(Error::no_right, weaker.bind(SupervisorSlot::own_process).error, "no binding");
    check_error(Error::none, weaker.post(2).error, "post");
    Message event;
    check_error(Error::none, runtime::receive(event).error, "receive");
    check_equal(2, event.word(0), "bits");
}
