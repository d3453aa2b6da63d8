// SPDX-License-Identifier: Apache-2.0
// Takes the producer's messages through an endpoint whose buffer it switches on, and is often busy when one
// comes. Each must be the next one, and whole: one that a restart lost, doubled or mixed is seen at once.
#include <apps/numbered.hpp>
#include <apps/pace.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/program.hpp>

namespace {

constexpr runtime::Endpoint own_endpoint{runtime::Slot(4)};
constexpr runtime::Slot kept_words(5); // page for the words that the endpoint itself does not hold

// Longer than the checkpoints' interval in images/talk.toml, so that many snapshots find a kept message.
constexpr std::uint64_t busy_ns = 100'000'000;
constexpr std::uint64_t busy_every = 8; // messages

constinit std::uint64_t taken = 0; // number of the last message
constinit apps::Pace lines(800'000'000);

[[noreturn]] void fail(std::string_view what, std::uint64_t expected, std::uint64_t found) {
    apps::self_check_failed("consumer", what, " after message ", taken, ": expected ", expected, ", found ",
                            found);
}

void take() {
    runtime::Message message;
    auto const error = runtime::receive(message).error;
    if (error != abi::Error::none) fail("receive", 0, static_cast<std::uint64_t>(error));
    auto const number = taken + 1;
    if (message.kind() != abi::MessageKind::message || message.word(0) != numbered::operation)
        fail("a message of another shape", numbered::operation, message.word(0));
    if (message.word(1) != number) fail("number", number, message.word(1));
    if (message.word_count() != numbered::word_count(number))
        fail("length", numbered::word_count(number), message.word_count());
    for (std::size_t i = 2; i < message.word_count(); ++i)
        if (message.word(i) != numbered::word(number, i))
            fail("word", numbered::word(number, i), message.word(i));
    taken = number;
}

} // namespace

extern "C" int main(std::uint64_t) {
    auto const switched = own_endpoint.set_buffer(true, kept_words);
    if (switched.failed()) fail("switching the buffer on", 0, static_cast<std::uint64_t>(switched.error));
    for (;;) {
        take();
        if (lines.due()) apps::say("consumer: ", taken, " messages, ok");
        if (taken % busy_every == 0) static_cast<void>(apps::clock.sleep_for(busy_ns));
    }
}
