// SPDX-License-Identifier: Apache-2.0
// The assistant's program: one action, told by its argument.
#include <harness/assistant.hpp>
#include <harness/vector_loop.hpp>

#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

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

void act(Action action) {
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
        asm volatile("ud2");
        return;
    case Action::echo: return echo();
    }
}

} // namespace

int main(std::uint64_t argument) {
    act(static_cast<Action>(argument));
    for (;;) asm volatile("int3");
}
