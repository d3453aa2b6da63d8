// SPDX-License-Identifier: Apache-2.0
// The partner's roles. Each is a loop with as few instructions of its own as there can be.
#include "bare_call.hpp"
#include "partner.hpp"

#include <abi/operations/endpoint.hpp>
#include <abi/operations/patt.hpp>
#include <abi/operations/restart.hpp>
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

#include <bit>

namespace {

using bench::BareMessage;
using bench::PartnerSlot;
using bench::WideMessage;
using Control = abi::ControlWord;

constexpr std::uint64_t number(PartnerSlot slot) { return static_cast<std::uint64_t>(slot); }
constexpr auto reply_slot = number(PartnerSlot::reply);

// The counter is read by the second instruction after the system call: the first saves the result.
std::uint64_t timed_invoke(BareMessage& message) {
    std::uint64_t low = 0, high = 0;
    asm volatile("syscall\n\tmov %%rax, %%rcx\n\trdtsc"
                 : "=a"(low), "=d"(high), "=c"(message.result), "+D"(message.control), "+S"(message.slot)
                 : "0"(message.result), "1"(message.word)
                 : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
    return high << 32 | low;
}

[[noreturn]] void keep_time() {
    BareMessage message{0, bench::receive_control(1).raw(), 0, 0};
    for (;;) {
        auto const time = timed_invoke(message);
        message = message.result == 0 ? BareMessage{0, bench::reply_control(1, 1).raw(), reply_slot, time}
                                      : BareMessage{0, bench::receive_control(1).raw(), 0, 0};
    }
}

[[noreturn]] void take_capabilities() {
    BareMessage message{0, bench::receive_control(2).raw(), 0, 0};
    for (;;) {
        bench::invoke(message);
        message = message.result == 0 ? BareMessage{0, bench::reply_control(0, 2).raw(), reply_slot, 0}
                                      : BareMessage{0, bench::receive_control(2).raw(), 0, 0};
    }
}

[[noreturn]] void post_events() {
    for (;;) {
        BareMessage event{0, bench::receive_control(0).raw(), 0, 0};
        bench::invoke(event);
        WideMessage post{
            bench::call_control(2).raw(), number(PartnerSlot::target), {abi::op::endpoint::post, 1}};
        bench::invoke(post);
    }
}

[[noreturn]] void yield_always() {
    for (;;) bench::bare_yield();
}

[[noreturn]] void fault_always() {
    for (;;) static_cast<void>(*std::bit_cast<std::uint64_t const volatile*>(bench::nowhere));
}

[[noreturn]] void keep() {
    runtime::runtime_virtual_registers->send_slots[0] = number(PartnerSlot::page);
    for (;;) {
        BareMessage fault{0, bench::receive_control(1).raw(), 0, 0};
        bench::invoke(fault);
        WideMessage store{bench::call_control(3).with<Control::Capabilities>(1).raw(),
                          number(PartnerSlot::node),
                          {abi::op::patt::store, 0, bench::kept_address}};
        bench::invoke(store);
        WideMessage resume{bench::call_control(2).raw(), reply_slot, {abi::op::restart::resume, 1}};
        bench::invoke(resume);
    }
}

} // namespace

extern "C" int main(std::uint64_t role) {
    runtime::runtime_virtual_registers->receive_slots[0] = reply_slot;
    runtime::runtime_virtual_registers->receive_slots[1] = number(PartnerSlot::received);
    switch (static_cast<bench::Role>(role)) {
    case bench::Role::timekeeper: keep_time();
    case bench::Role::receiver: take_capabilities();
    case bench::Role::poster: post_events();
    case bench::Role::yielder: yield_always();
    case bench::Role::faulter: fault_always();
    case bench::Role::keeper: keep();
    }
    return 0;
}
