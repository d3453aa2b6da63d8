// SPDX-License-Identifier: Apache-2.0
// Hands a token to and fro: a number that whoever gets it raises by one and hands on in a call. Each of the
// two knows what it last had, so a restart that mixed two instants, lost a message or delivered one twice is
// seen at the next hand-over. A reply entry that was used must stay spent, over a restart as well.
#include <apps/pace.hpp>
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

#include <cstdint>

namespace {

enum class TokenSlot : std::uint64_t {
    partner = 4, // entry to the other one
    reply = 32,
    reply_copy = 33,
};

using abi::Error;
using runtime::Message;
using runtime::Slot;

constexpr std::uint64_t hand = 1; // the operation
constexpr std::uint64_t pause_ns = 40'000'000;

constinit std::uint64_t had = 0; // the token when it was last here
constinit apps::Pace lines(400'000'000);

[[noreturn]] void fail(std::string_view what, std::uint64_t expected, std::uint64_t found) {
    apps::self_check_failed("token", what, ": expected ", expected, ", found ", found);
}

void expect(std::string_view what, Error expected, Error found) {
    if (found != expected)
        fail(what, static_cast<std::uint64_t>(expected), static_cast<std::uint64_t>(found));
}

// Who was killed from the console is no mistake of a restart.
[[noreturn]] void gone(Error error) { apps::rest("token: the other one is gone: ", describe(error).name); }

Error answer(TokenSlot slot, std::uint64_t token) {
    Message reply(static_cast<std::uint64_t>(Error::none));
    reply.put(token);
    return runtime::send_now(Slot(slot), reply).error;
}

// Waits for the token and answers the call that brought it. The first token may be any.
std::uint64_t take() {
    Message message;
    message.accept_capability(Slot(TokenSlot::reply));
    expect("receive", Error::none, runtime::receive(message).error);
    if (message.kind() != abi::MessageKind::message || message.word_count() != 2 || message.word(0) != hand)
        fail("a message of another shape", hand, message.word(0));
    auto const token = message.word(1);
    if (token != had + 1 && had != 0) fail("token", had + 1, token);
    expect("copy", Error::none,
           runtime::copy_capability(Slot(TokenSlot::reply_copy), Slot(TokenSlot::reply)).error);
    // Some snapshots find the call unanswered, some find it answered and the token not yet handed on.
    bool const prints = lines.due();
    if (prints) apps::say("token: ", token);
    auto const error = answer(TokenSlot::reply, token);
    if (error == Error::would_block) gone(error); // killed, so that nobody waits for the answer
    expect("answer", Error::none, error);
    if (prints) static_cast<void>(apps::clock.sleep_for(pause_ns));
    expect("second answer", Error::void_capability, answer(TokenSlot::reply_copy, token));
    return token;
}

void hand_over(std::uint64_t token) {
    Message message(hand);
    message.put(token);
    auto const error = runtime::call(Slot(TokenSlot::partner), message).error;
    if (error == Error::void_capability) gone(error);
    expect("call", Error::none, error);
    if (message.word_count() != 2 || message.word(1) != token) fail("answer", token, message.word(1));
}

} // namespace

// Argument: 1 for the one that makes the token.
extern "C" int main(std::uint64_t is_first) {
    if (is_first != 0) {
        had = 1;
        hand_over(had);
    }
    for (;;) {
        had = take() + 1;
        hand_over(had);
    }
}
