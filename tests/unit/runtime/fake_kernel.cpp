// SPDX-License-Identifier: Apache-2.0
// The system call of hosted tests. Checks what the kernel would check:
// well-formed control words, counts, slots.
#include "fake_kernel.hpp"

#include <abi/system_call.hpp>

#include <gtest/gtest.h>

namespace {

tests::FakeKernel* the_kernel = nullptr;
abi::VirtualRegisters the_page = {};

} // namespace

namespace runtime {

extern "C" abi::VirtualRegisters* const runtime_virtual_registers = &the_page;
extern "C" void runtime_system_call(SystemCallRegisters* registers) { the_kernel->system_call(*registers); }

} // namespace runtime

namespace tests {

using Control = abi::ControlWord;

FakeKernel::FakeKernel() { the_kernel = this; }
FakeKernel::~FakeKernel() { the_kernel = nullptr; }

void FakeKernel::system_call(runtime::SystemCallRegisters& registers) {
    auto error = abi::Error::none;
    switch (static_cast<abi::SystemCall>(registers.number)) {
    case abi::SystemCall::invoke: error = invoke(registers); break;
    case abi::SystemCall::copy_capability: slots[registers.control] = slots[registers.target]; break;
    case abi::SystemCall::yield: ++yields; break;
    }
    registers.number = static_cast<std::uint64_t>(error);
}

abi::Error FakeKernel::invoke(runtime::SystemCallRegisters& registers) {
    Control const control(registers.control);
    EXPECT_TRUE(control.well_formed());
    if (control.get<Control::SendPhase>() == 0) return receive(registers, control);

    Sent message{slots[registers.target], {}, {}};
    for (std::size_t i = 0; i < control.get<Control::Words>(); ++i)
        message.words.push_back(i < abi::message_register_words ? registers.words[i] : the_page.words[i]);
    for (std::size_t i = 0; i < control.get<Control::Capabilities>(); ++i)
        message.capabilities.push_back(slots[the_page.send_slots[i]]);

    if (control.get<Control::Call>() != 0) {
        if (auto const failing = transport.find(message.to); failing != transport.end())
            return failing->second;
        auto const object = objects.find(message.to);
        if (object == objects.end()) return abi::Error::void_capability;
        FakeCall call{message.words, message.capabilities};
        auto const callers_page = the_page; // the object may itself be a program over this fake
        object->second(call);
        the_page = callers_page;
        Delivery reply{call.replied, {}, abi::MessageKind::reply};
        for (auto const& [position, name] : call.given) {
            reply.capabilities.resize(position + 1);
            reply.capabilities[position] = name;
        }
        deliver(registers, control, reply);
        return abi::Error::none;
    }
    bool const failing = transport.count(message.to) != 0;
    if (!failing) sent.push_back(message);
    if (control.get<Control::ReceivePhase>() != 0) return receive(registers, control);
    return failing ? transport[message.to] : abi::Error::none;
}

abi::Error FakeKernel::receive(runtime::SystemCallRegisters& registers, Control control) {
    if (inbox.empty()) {
        EXPECT_EQ(control.get<Control::ReceiveNonBlocking>(), 1u) << "the program would wait for ever";
        return abi::Error::would_block;
    }
    auto const delivery = inbox.front();
    inbox.pop_front();
    deliver(registers, control, delivery);
    return abi::Error::none;
}

void FakeKernel::deliver(runtime::SystemCallRegisters& registers, Control control, Delivery const& delivery) {
    for (std::size_t i = 0; i < delivery.words.size(); ++i) {
        if (i < abi::message_register_words) registers.words[i] = delivery.words[i];
        else the_page.words[i] = delivery.words[i];
    }
    for (std::size_t i = 0; i < control.get<Control::Accepted>(); ++i)
        slots[the_page.receive_slots[i]] = i < delivery.capabilities.size() ? delivery.capabilities[i] : "";
    registers.control = Control()
                            .with<Control::Words>(delivery.words.size())
                            .with<Control::Capabilities>(delivery.capabilities.size())
                            .with<Control::Kind>(static_cast<std::uint64_t>(delivery.kind))
                            .with<Control::Payload>(delivery.payload)
                            .raw();
    registers.target = 0;
}

} // namespace tests
