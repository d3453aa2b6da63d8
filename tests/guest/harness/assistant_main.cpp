// SPDX-License-Identifier: Apache-2.0
// The assistant's program: one action, told by its argument.
#include <harness/assistant.hpp>
#include <harness/random_invocation.hpp>
#include <harness/vector_loop.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/page.hpp>
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

#include <abi/system_call.hpp>

namespace {

using tests::Action;

[[noreturn]] void spin() {
    for (std::uint64_t count = 0;; ++count) asm volatile("" : "+r"(count));
}

void read_address(std::uint64_t address) {
    std::uint64_t value = 0;
    asm volatile("mov (%1), %0" : "=r"(value) : "r"(address));
}

void execute_stack() {
    unsigned char code[16] = {0xc3};
    asm volatile("call *%0" : : "r"(&code[0]) : "memory");
}

void single_step() { asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop" : : : "memory"); }

void unknown_system_call() {
    std::uint64_t number = 0x7777;
    asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
}

void echo() {
    using runtime::Message;
    constexpr runtime::Slot reply_slot(32);
    Message request;
    request.accept_capability(reply_slot);
    if (runtime::receive(request).failed()) return;
    for (;;) {
        Message reply(0);
        reply.put(request.word(1) + 1);
        Message next;
        next.accept_capability(reply_slot);
        if (runtime::reply_and_wait(reply_slot, reply, next).failed()) return;
        request = next;
    }
}

[[noreturn]] void count() {
    for (;;) tests::shared_word() = tests::shared_word() + 1;
}

void use_root_slot(std::uint64_t slot) {
    runtime::CapabilityPage const root{tests::root_page_slot};
    auto const fetched = root.fetch(slot, tests::root_result_slot);
    if (fetched.failed()) read_address(tests::address_of_error(fetched.error));
    auto const identified = runtime::Page{tests::root_result_slot}.identify();
    if (identified.failed()) read_address(tests::address_of_error(identified.error));
}

void call_entry(std::uint64_t word) {
    runtime::Message message(1);
    message.put(word);
    message.put_capability(tests::sent_slot);
    auto error = runtime::call(tests::entry_slot, message).error;
    if (error == abi::Error::none && message.word(1) != word + 1) error = abi::Error::bad_argument;
    if (error != abi::Error::none) read_address(tests::address_of_error(error));
}

// Slot s holds, at first and often again, a capability of type s mod the number of types.
[[noreturn]] void invoke_at_random(std::uint64_t seed) {
    tests::InvocationSource source(seed);
    source.forbid(abi::op::system_control::power_off);
    source.forbid(abi::op::system_control::reset);
    source.add_number(abi::dma_arena_address);
    source.add_number(tests::shared_address);
    for (std::uint64_t frame = 1; frame < 8; ++frame) source.add_number(frame);
    for (;;) {
        auto const slot = source.random().below(tests::InvocationSource::slots_max);
        auto const type = static_cast<abi::CapabilityType>(slot % abi::capability_type_count);
        auto const made = source.next(slot, type);
        auto& page = *runtime::runtime_virtual_registers;
        runtime::SystemCallRegisters registers{};
        registers.number = source.random().one_in(64) ? 1 + source.random().below(2) : 0;
        registers.control = made.control.raw();
        registers.target = made.slot;
        for (std::size_t i = 0; i < made.words.size(); ++i) {
            if (i < abi::message_register_words) registers.words[i] = made.words[i];
            else page.words[i] = made.words[i];
        }
        for (std::size_t i = 0; i < made.send_slots.size(); ++i) page.send_slots[i] = made.send_slots[i];
        for (std::size_t i = 0; i < made.receive_slots.size(); ++i)
            page.receive_slots[i] = made.receive_slots[i];
        page.receive_endpoint = made.receive_endpoint;
        runtime::runtime_system_call(&registers);
        tests::shared_word() = tests::shared_word() + 1;
        if (registers.number == 0 && made.control.get<abi::ControlWord::Call>() != 0)
            source.learn(made, static_cast<abi::Error>(registers.words[0]));
    }
}

void act(Action action, std::uint64_t parameter) {
    switch (action) {
    case Action::spin: spin();
    case Action::read_unmapped: return read_address(tests::unmapped_address);
    case Action::write_code: asm volatile("movb $0x90, 0x400000" : : : "memory"); return;
    case Action::execute_stack: return execute_stack();
    case Action::read_kernel: return read_address(0xffff'8000'0000'0000);
    case Action::read_non_canonical: return read_address(0x8000'0000'0000);
    case Action::halt: asm volatile("hlt"); return;
    case Action::port_input: asm volatile("inb $0x60, %%al" : : : "rax"); return;
    case Action::divide_by_zero:
        asm volatile("xor %%ecx, %%ecx\n\tdivl %%ecx" : : : "rax", "rcx", "rdx");
        return;
    case Action::bad_opcode: asm volatile("ud2"); return;
    case Action::break_point: asm volatile("int3"); return;
    case Action::software_interrupt: asm volatile("int $0xf0"); return;
    case Action::single_step: return single_step();
    case Action::unknown_system_call: return unknown_system_call();
    case Action::compute_vectors:
        while (tests::vectors_survive(0x0123'4567'89ab'cdef, 100'000)) {}
        return;
    case Action::compute_avx_vectors:
        while (tests::avx_vectors_survive(0x0123'4567'89ab'cdef, 100'000)) {}
        return;
    case Action::echo: return echo();
    case Action::count: count();
    case Action::use_root_slot: return use_root_slot(parameter);
    case Action::call_entry: return call_entry(parameter);
    case Action::invoke_at_random: invoke_at_random(parameter);
    }
}

} // namespace

int main(std::uint64_t argument) {
    act(static_cast<Action>(argument & 0xff), argument >> 8);
    for (;;) asm volatile("int3");
}
