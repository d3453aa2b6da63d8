// SPDX-License-Identifier: Apache-2.0
// Sends numbered messages and waits for no answer: while the consumer is busy its endpoint keeps one, and a
// further one is tried again later (or waits, now and then). The number sent last is in memory, so a restart
// must find each message on exactly one of the two sides or between them.
#include <apps/numbered.hpp>
#include <apps/self_check.hpp>
#include <runtime/program.hpp>

namespace {

constexpr runtime::Slot consumer(4); // entry
// Between two bursts checkpoints pass, so that some messages are kept long after the one before was taken.
constexpr std::uint64_t burst = 6;
constexpr std::uint64_t pause_ns = 150'000'000;
constexpr std::uint64_t patient_every = 16; // messages: this one waits until it can be sent

constinit std::uint64_t sent = 0;

void pause() { static_cast<void>(apps::clock.sleep_for(pause_ns)); }

void send(std::uint64_t number) {
    runtime::Message message(numbered::operation);
    message.put(number);
    while (message.word_count() < numbered::word_count(number))
        message.put(numbered::word(number, message.word_count()));
    bool const patient = number % patient_every == 0;
    for (;;) {
        auto const error =
            (patient ? runtime::send(consumer, message) : runtime::send_now(consumer, message)).error;
        if (error == abi::Error::none) return;
        if (error != abi::Error::would_block || patient)
            apps::self_check_failed("producer", "message ", number, ": ", abi::describe(error).name);
        pause();
    }
}

} // namespace

extern "C" int main(std::uint64_t) {
    for (;;) {
        send(sent + 1);
        ++sent;
        if (sent % burst == 0) pause();
    }
}
