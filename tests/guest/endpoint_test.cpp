// SPDX-License-Identifier: Apache-2.0
// Endpoints from the receiver's side: closed waits, replies that are good once, capabilities in messages; and
// the registers that a system call keeps.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/discrim.hpp>
#include <runtime/client/endpoint.hpp>

#include <abi/system_call.hpp>

#include <array>

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
constexpr runtime::Discrim discrim{SupervisorSlot::discrim};

constexpr Slot entry(64);
constexpr Slot heap(65);
constexpr Slot frame(66);
constexpr Slot second(67); // an endpoint of this program
constexpr Slot reduced(68);
constexpr Slot reply(69);
constexpr Slot received(70);
constexpr Slot not_sent(71);
constexpr Slot reply_copy(72);

void make_second_endpoint() {
    tests::make_object(abi::FrameType::endpoint, heap, frame, second);
    check_error(Error::none, runtime::Endpoint{second}.bind(SupervisorSlot::own_process).error, "bind");
    check_error(Error::none, runtime::Endpoint{second}.set_value(0x5ec0).error, "value");
}

// A closed wait that does not block. The transport's error, the first word, and the endpoint's value.
struct Waited {
    Error error;
    std::uint64_t word;
    std::uint64_t value;
};
Waited closed_wait(Slot endpoint) {
    runtime::runtime_virtual_registers->receive_endpoint = endpoint.number;
    runtime::SystemCallRegisters registers{};
    registers.number = static_cast<std::uint64_t>(abi::SystemCall::invoke);
    registers.control = Control()
                            .with<Control::ReceivePhase>(1)
                            .with<Control::ReceiveNonBlocking>(1)
                            .with<Control::ClosedWait>(1)
                            .raw();
    runtime::runtime_system_call(&registers);
    return {static_cast<Error>(registers.number), registers.words[0], registers.target};
}

void arm_assistant(std::uint64_t word) {
    runtime::CapabilityPage const slots{tests::program_slot(1, abi::ProgramSlot::capability_page)};
    check_error(Error::none, own_endpoint.make_entry(77, entry).error, "an entry to this program");
    check_error(Error::none, slots.store(tests::entry_slot.number, entry).error, "the assistant has it");
    check_error(Error::none, slots.store(tests::sent_slot.number, SupervisorSlot::clock).error,
                "and a clock");
    tests::start_assistant(Action::call_entry, word);
}

Error send_reply(Slot to, std::uint64_t word) {
    Message message(0);
    message.put(word);
    return runtime::send_now(to, message).error;
}

} // namespace

GUEST_TEST(closed_waits, "a closed wait takes from its endpoint only, and the rest stays for later") {
    make_second_endpoint();
    check_error(Error::would_block, closed_wait(second).error, "nothing is there");
    check_error(Error::none, own_endpoint.post(1).error, "post");
    check_error(Error::would_block, closed_wait(second).error, "nothing is there for this endpoint");
    check_error(Error::none, runtime::Endpoint{second}.post(4).error, "post");
    auto const waited = closed_wait(second);
    check_error(Error::none, waited.error, "its event");
    check_equal(4, waited.word, "bits");
    check_equal(0x5ec0, waited.value, "the value tells the endpoint");
    Message rest;
    check_error(Error::none, runtime::receive(rest).error, "the other one's");
    check_equal(1, rest.word(0), "bits");
}

GUEST_TEST(closed_waits_need_authority,
           "a closed wait needs the right to receive, on an endpoint of one's own") {
    make_second_endpoint();
    auto const send_only = static_cast<std::uint8_t>(abi::Right::send);
    check_error(Error::none, runtime::Endpoint{second}.reduce(send_only, reduced).error, "reduce");
    check_error(Error::no_right, closed_wait(reduced).error, "without the right");
    check_error(Error::not_supported, closed_wait(tests::program_slot(1, abi::ProgramSlot::endpoint)).error,
                "another program's");
    check_error(Error::wrong_type, closed_wait(SupervisorSlot::clock).error, "no endpoint");
    check_error(Error::void_capability, closed_wait(Slot(0)).error, "null");
}

GUEST_TEST(replies_are_good_once,
           "a caller goes on by its first reply; the entry and its copies are void then") {
    arm_assistant(41);
    Message call;
    call.accept_capability(reply);
    check_error(Error::none, runtime::receive(call).error, "the call");
    check_equal(77, call.payload(), "payload of the entry");
    check_equal(41, call.word(1), "word");
    check_error(Error::none, runtime::copy_capability(reply_copy, reply).error, "copy");
    check_error(Error::none, send_reply(reply, 42), "reply");
    auto const state = tests::wait_for_fault();
    check_equal(static_cast<std::uint64_t>(abi::FaultCode::break_point), state.fault_code,
                "it has its answer");
    check_error(Error::void_capability, send_reply(reply, 43), "the entry is spent");
    check_error(Error::void_capability, send_reply(reply_copy, 43), "and so is its copy");
    arm_assistant(50);
    check_error(Error::none, runtime::receive(call).error, "the next call");
    check_error(Error::void_capability, send_reply(reply_copy, 51), "an old entry does not answer it");
    check_error(Error::none, send_reply(reply, 51), "its own does");
    tests::wait_for_fault();
}

GUEST_TEST(capabilities_travel,
           "capabilities arrive in order, and places of those that were not sent are nulled") {
    arm_assistant(1);
    check_error(Error::none, runtime::copy_capability(not_sent, SupervisorSlot::log).error, "something old");
    Message call;
    call.accept_capability(reply);
    call.accept_capability(received);
    call.accept_capability(not_sent);
    check_error(Error::none, runtime::receive(call).error, "the call");
    check_equal(2, call.capability_count(), "the reply and one more");
    check(discrim.compare(received, SupervisorSlot::clock)->equal, "the clock");
    check_equal(0, discrim.classify(not_sent)->type, "what was there before is gone");
    check_error(Error::none, send_reply(reply, 2), "reply");
    tests::wait_for_fault();
}

GUEST_TEST(registers_are_kept, "a system call that carries no message changes rax, rcx and r11 only") {
    std::array<std::uint64_t, 12> found{};
    for (unsigned round = 0; round < 200; ++round) {
        auto* at = found.data();
        asm volatile("lea -128(%%rsp), %%rsp\n\t" // the red zone
                     "push %[found]\n\t"
                     "mov $0x101, %%rbx\n\tmov $0x102, %%rdx\n\tmov $0x103, %%rsi\n\tmov $0x104, %%rdi\n\t"
                     "mov $0x105, %%r8\n\tmov $0x106, %%r9\n\tmov $0x107, %%r10\n\tmov $0x108, %%r12\n\t"
                     "mov $0x109, %%r13\n\tmov $0x10a, %%r14\n\tmov $0x10b, %%r15\n\t"
                     "mov $2, %%eax\n\tsyscall\n\t"
                     "mov %%rax, %%r11\n\tpop %%rax\n\t"
                     "mov %%rbx, 0(%%rax)\n\tmov %%rdx, 8(%%rax)\n\tmov %%rsi, 16(%%rax)\n\t"
                     "mov %%rdi, 24(%%rax)\n\tmov %%r8, 32(%%rax)\n\tmov %%r9, 40(%%rax)\n\t"
                     "mov %%r10, 48(%%rax)\n\tmov %%r12, 56(%%rax)\n\tmov %%r13, 64(%%rax)\n\t"
                     "mov %%r14, 72(%%rax)\n\tmov %%r15, 80(%%rax)\n\tmov %%r11, 88(%%rax)\n\t"
                     "lea 128(%%rsp), %%rsp\n\t"
                     : [found] "+a"(at)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "memory", "cc");
        for (std::size_t i = 0; i < 11; ++i) check_equal(0x101 + i, found[i], "a register is kept");
        check_equal(0, found[11], "rax: no error");
    }
}
