// SPDX-License-Identifier: Apache-2.0
// Messages into registers and the page of virtual registers, and back.
#include <runtime/invoke.hpp>

#include <abi/system_call.hpp>

namespace runtime {

using Control = abi::ControlWord;

// The one place where a message meets the system call.
struct Exchange {
    SystemCallRegisters registers{static_cast<std::uint64_t>(abi::SystemCall::invoke), 0, 0, {}};
    Control control{};

    void load(Message const& message) {
        auto& page = *runtime_virtual_registers;
        for (std::size_t i = 0; i < message.word_count_; ++i) {
            if (i < abi::message_register_words) registers.words[i] = message.words_[i];
            else page.words[i] = message.words_[i];
        }
        for (std::size_t i = 0; i < message.capability_count_; ++i)
            page.send_slots[i] = message.capabilities_[i].number;
        control = control.with<Control::Words>(message.word_count_)
                      .with<Control::Capabilities>(message.capability_count_)
                      .with<Control::SendPhase>(1);
    }

    void accept(Message const& message) {
        auto& page = *runtime_virtual_registers;
        for (std::size_t i = 0; i < message.accepted_count_; ++i)
            page.receive_slots[i] = message.accepted_[i].number;
        control = control.with<Control::Accepted>(message.accepted_count_).with<Control::ReceivePhase>(1);
    }

    Result<> enter(Slot target) {
        registers.control = control.raw();
        registers.target = target.number;
        runtime_system_call(&registers);
        if (registers.number != 0) return fail(static_cast<Error>(registers.number));
        return {};
    }

    void store(Message& message) const {
        Control const delivered(registers.control);
        auto const& page = *runtime_virtual_registers;
        message.word_count_ = static_cast<std::size_t>(delivered.get<Control::Words>());
        if (message.word_count_ > abi::message_words_max) message.word_count_ = abi::message_words_max;
        for (std::size_t i = 0; i < message.word_count_; ++i)
            message.words_[i] = i < abi::message_register_words ? registers.words[i] : page.words[i];
        message.capability_count_ = static_cast<std::size_t>(delivered.get<Control::Capabilities>());
        message.kind_ = delivered.kind();
        message.payload_ = static_cast<std::uint32_t>(delivered.get<Control::Payload>());
        message.endpoint_value_ = registers.target;
    }
};

Result<> call(Slot target, Message& message) {
    Exchange exchange;
    exchange.load(message);
    exchange.accept(message);
    exchange.control = exchange.control.with<Control::Call>(1);
    TRY(exchange.enter(target));
    exchange.store(message);
    if (message.word_count() == 0 || message.word(0) > 0xffff'ffff) return fail(Error::malformed_message);
    if (message.word(0) != 0) return fail(static_cast<Error>(message.word(0)));
    return {};
}

Result<> send(Slot target, Message const& message) {
    Exchange exchange;
    exchange.load(message);
    return exchange.enter(target);
}

Result<> send_now(Slot target, Message const& message) {
    Exchange exchange;
    exchange.load(message);
    exchange.control = exchange.control.with<Control::SendNonBlocking>(1);
    return exchange.enter(target);
}

Result<> receive(Message& message) {
    Exchange exchange;
    exchange.accept(message);
    TRY(exchange.enter(Slot()));
    exchange.store(message);
    return {};
}

Result<> receive_now(Message& message) {
    Exchange exchange;
    exchange.accept(message);
    exchange.control = exchange.control.with<Control::ReceiveNonBlocking>(1);
    TRY(exchange.enter(Slot()));
    exchange.store(message);
    return {};
}

Result<> reply_and_wait(Slot reply_entry, Message const& reply, Message& next) {
    Exchange exchange;
    exchange.load(reply);
    exchange.accept(next);
    exchange.control = exchange.control.with<Control::SendNonBlocking>(1);
    TRY(exchange.enter(reply_entry));
    exchange.store(next);
    return {};
}

Result<> copy_capability(Slot to, Slot from) {
    SystemCallRegisters registers{
        static_cast<std::uint64_t>(abi::SystemCall::copy_capability), to.number, from.number, {}};
    runtime_system_call(&registers);
    if (registers.number != 0) return fail(static_cast<Error>(registers.number));
    return {};
}

void yield() {
    SystemCallRegisters registers{static_cast<std::uint64_t>(abi::SystemCall::yield), 0, 0, {}};
    runtime_system_call(&registers);
}

} // namespace runtime
