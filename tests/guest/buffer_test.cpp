// SPDX-License-Identifier: Apache-2.0
// The message buffer of an endpoint, on the machine. This program is sender and receiver, so that it is busy
// when it sends; an assistant calls, and has to wait.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/discrim.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/frame_range.hpp>
#include <runtime/client/heap.hpp>

namespace {

using abi::Error;
using abi::SupervisorSlot;
using runtime::Message;
using runtime::Slot;
using tests::Action;
using tests::check;
using tests::check_equal;
using tests::check_error;

constexpr runtime::FrameRange range{SupervisorSlot::frame_range};
constexpr runtime::Discrim discrim{SupervisorSlot::discrim};

constexpr Slot entry(64);
constexpr Slot heap(65);
constexpr Slot frame(66);
constexpr Slot second(67); // an endpoint of this program, with a buffer
constexpr Slot page(68);
constexpr Slot received(69);
constexpr Slot reply(70);

constexpr runtime::Endpoint buffered{second};
constexpr unsigned enough_yields = 200; // for everybody to have come as far as can be

void make_buffered_endpoint() {
    tests::make_object(abi::FrameType::endpoint, heap, frame, second);
    check_error(Error::none, buffered.bind(SupervisorSlot::own_process).error, "bind");
    check_error(Error::none, buffered.set_value(0xbff).error, "value");
    check_error(Error::none, buffered.make_entry(9, entry).error, "entry");
    check_error(Error::none, buffered.set_buffer(true, Slot(0)).error, "the buffer is on");
}

Message numbered(std::size_t words, std::uint64_t first) {
    Message message(first);
    for (std::size_t i = 1; i < words; ++i) message.put(first + i);
    return message;
}

void check_numbered(Message const& message, std::size_t words, std::uint64_t first) {
    check_equal(words, message.word_count(), "words");
    check_equal(static_cast<std::uint64_t>(abi::MessageKind::message),
                static_cast<std::uint64_t>(message.kind()), "kind");
    for (std::size_t i = 0; i < words; ++i) check_equal(first + i, message.word(i), "a word");
}

void check_nothing_left() {
    Message nothing;
    check_error(Error::would_block, runtime::receive_now(nothing).error, "delivered once");
}

// The assistant calls through the endpoint.
void let_call(std::uint64_t word) {
    runtime::CapabilityPage const slots{tests::program_slot(1, abi::ProgramSlot::capability_page)};
    check_error(Error::none, slots.store(tests::entry_slot.number, entry).error, "the assistant has it");
    tests::start_assistant(Action::call_entry, word);
    for (unsigned i = 0; i < enough_yields; ++i) runtime::yield();
}

// It is next, and goes on with its answer.
void serve_call(std::uint64_t word) {
    Message call;
    call.accept_capability(reply);
    check_error(Error::none, runtime::receive(call).error, "the call");
    check_equal(word, call.word(1), "word");
    Message answer(0);
    answer.put(word + 1);
    check_error(Error::none, runtime::send_now(reply, answer).error, "reply");
    auto const state = tests::wait_for_fault();
    check_equal(static_cast<std::uint64_t>(abi::FaultCode::break_point), state.fault_code, "it is answered");
}

} // namespace

GUEST_TEST(a_message_is_kept_for_a_busy_receiver,
           "the sender goes on; the next receive has words, capability, payload and value") {
    make_buffered_endpoint();
    auto message = numbered(8, 100);
    message.put_capability(SupervisorSlot::clock);
    check_error(Error::none, runtime::send(entry, message).error, "send, although nobody receives");
    check_error(Error::would_block, runtime::send_now(entry, numbered(1, 7)).error, "it holds one");
    check_error(Error::in_use, buffered.set_buffer(false, Slot(0)).error, "and is in use");
    Message kept;
    kept.accept_capability(received);
    check_error(Error::none, runtime::receive(kept).error, "receive");
    check_numbered(kept, 8, 100);
    check_equal(9, kept.payload(), "payload");
    check_equal(0xbff, kept.endpoint_value(), "value");
    check_equal(1, kept.capability_count(), "a capability");
    check(discrim.compare(received, SupervisorSlot::clock)->equal, "the clock");
    check_nothing_left();
    check_error(Error::none, buffered.set_buffer(false, Slot(0)).error, "the buffer is off");
    check_error(Error::would_block, runtime::send_now(entry, numbered(1, 7)).error, "nothing is kept");
}

GUEST_TEST(many_messages_are_kept_in_turn, "none is lost, doubled or mixed with another") {
    make_buffered_endpoint();
    for (std::uint64_t round = 0; round < 300; ++round) {
        auto const words = 1 + round % 8;
        check_error(Error::none, runtime::send(entry, numbered(words, round * 16)).error, "send");
        Message kept;
        check_error(Error::none, runtime::receive(kept).error, "receive");
        check_numbered(kept, words, round * 16);
    }
    check_nothing_left();
}

GUEST_TEST(long_messages_need_a_page, "words from the ninth on are kept in the page of the buffer") {
    make_buffered_endpoint();
    check_error(Error::would_block, runtime::send_now(entry, numbered(64, 0)).error, "no page");
    check_error(Error::none, range.claim(0, page).error, "a page");
    check_error(Error::none, buffered.set_buffer(true, page).error, "the buffer has it");
    check_error(Error::none, runtime::send(entry, numbered(64, 500)).error, "send");
    runtime::runtime_virtual_registers->words[63] = 1; // the sender's own words are its own again
    Message kept;
    check_error(Error::none, runtime::receive(kept).error, "receive");
    check_numbered(kept, 64, 500);
    check_nothing_left();
}

GUEST_TEST(events_then_kept_messages_then_callers, "a kept message comes after events and before who waits") {
    make_buffered_endpoint();
    check_error(Error::none, runtime::send(entry, numbered(1, 50)).error, "send");
    let_call(60);
    check_error(Error::none, buffered.post(2).error, "post");
    Message event;
    check_error(Error::none, runtime::receive(event).error, "the event");
    check_equal(2, event.word(0), "bits");
    Message kept;
    check_error(Error::none, runtime::receive(kept).error, "the kept message");
    check_numbered(kept, 1, 50);
    serve_call(60);
}

GUEST_TEST(kept_messages_end_with_their_endpoint, "a message in a destroyed or revoked endpoint is gone") {
    make_buffered_endpoint();
    check_error(Error::none, runtime::send(entry, numbered(3, 1)).error, "send");
    check_error(Error::none, buffered.revoke().error, "revoke");
    check_nothing_left();
    make_buffered_endpoint();
    check_error(Error::none, runtime::send(entry, numbered(3, 1)).error, "send");
    check_error(Error::none, runtime::Heap{heap}.destroy(second).error, "destroy");
    check_nothing_left();
    check_error(Error::void_capability, runtime::send_now(entry, numbered(3, 1)).error, "void");
}
