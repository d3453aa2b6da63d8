// SPDX-License-Identifier: Apache-2.0
// Everything that one delivery will do, found and checked before its point of no return.
//   plan: target, receiver, words, capabilities, places. commit: copies, and cannot fail.
#pragma once

#include <ipc/party.hpp>

#include <abi/fault.hpp>
#include <abi/message.hpp>

#include <array>

namespace kernel {

struct Delivery {
    EndpointRef endpoint;
    ProcessRef receiver;
    LiveIndex receiver_live = no_process;
    abi::MessageKind kind = abi::MessageKind::message;
    std::uint32_t payload = 0;
    bool single_use = false; // the entry is void afterwards

    std::size_t words = 0;
    std::size_t sent = 0; // capability positions, the reply entry included
    std::array<abi::Capability, abi::message_capabilities_max> capabilities{};
    std::size_t accepted = 0;
    std::array<SlotLocation, abi::message_capabilities_max> places{};
    PageRef from_page; // words 8 and above
    PageRef to_page;

    // Why the message cannot be delivered now (would_block): what to wait for.
    WaitKey wait;
    // Why the receiver cannot take it at all (receiver_broken): its fault.
    abi::FaultCode receiver_fault = abi::FaultCode::none;
};

// Does the process receive from this endpoint now?
inline bool receives_from(abi::Process const& process, abi::ObjectId endpoint) {
    return process.state == abi::RunState::receiving &&
           (process.open_wait != 0 || process.receive_endpoint == endpoint.raw());
}

// A reply also reaches its caller while that one is stopped, for nobody sends it twice. The caller stays
// stopped, and has the reply when it goes on.
inline bool takes_reply(abi::Process const& process, abi::ObjectId endpoint) {
    if (process.state != abi::RunState::stopped) return receives_from(process, endpoint);
    return process.receive_control != 0 &&
           (process.open_wait != 0 || process.receive_endpoint == endpoint.raw());
}

// The endpoint behind an entry and the process that receives there, now: not past a message that the endpoint
// keeps for it.
//   void_capability | wrong_type | absent | would_block (wait is set) | limit_reached (the live set is full)
Result<> find_receiver(Kernel& kernel, SlotLocation entry, Delivery& delivery);

// Where the receiver wants capabilities and words: accepted, places, to_page.
//   absent | receiver_broken (receiver_fault is set)
Result<> find_places(Kernel& kernel, Delivery& delivery);

// What a message says of itself in the receiver's registers.
struct MessageHead {
    std::size_t words = 0;
    std::size_t sent = 0; // capability positions
    abi::MessageKind kind = abi::MessageKind::message;
    std::uint32_t payload = 0;
};
// The receive phase is over: head and value go into the registers, and the process is ready, or stays
// stopped.
inline void begin_message(abi::Process& receiver, MessageHead head, std::uint64_t value) {
    using Control = abi::ControlWord;
    receiver.registers.rax = 0;
    receiver.registers.rdi = Control()
                                 .with<Control::Words>(head.words)
                                 .with<Control::Capabilities>(head.sent)
                                 .with<Control::Kind>(static_cast<std::uint64_t>(head.kind))
                                 .with<Control::Payload>(head.payload)
                                 .raw();
    receiver.registers.rsi = value;
    if (receiver.state != abi::RunState::stopped) receiver.state = abi::RunState::ready;
    receiver.receive_control = 0;
    receiver.wait_boot = 0;
}

// Puts control word, value and capabilities at the receiver, ends its receive phase and makes it ready. The
// caller has written the words. A void or single-use entry is spent.
abi::Process& begin_delivery(Kernel& kernel, Delivery const& delivery, Committed const& committed);
void finish_delivery(Kernel& kernel, Delivery const& delivery, Committed const& committed);
// Words 8 and above, if there are any: from_page to to_page.
void copy_page_words(Kernel& kernel, Delivery const& delivery, Committed const& committed);

// Everybody who waits to send through the endpoint tries again: its receiver changes, or it ends.
void wake_senders(Kernel& kernel, EndpointRef endpoint);

// The receiver cannot take messages: it is faulted.
void break_receiver(Kernel& kernel, Delivery const& delivery, Committed const& committed);

} // namespace kernel
