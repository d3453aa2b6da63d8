// SPDX-License-Identifier: Apache-2.0
// A teller: sends money to the other one through the clearing house, now and then more than it has, and
// collects what comes in. It takes the amount from its balance before it asks, so a snapshot may find the
// money in its hand; a refusal brings it back.
#include <apps/clearing.hpp>
#include <apps/self_check.hpp>
#include <runtime/program.hpp>

#include <cstdint>

namespace {

using abi::Error;
using clearing::from_word;
using clearing::Operation;
using clearing::to_word;
using runtime::Message;

constexpr runtime::Slot house(4); // entry to the clearing house
constexpr std::int64_t low = 100; // below it, wait for money
constexpr std::uint64_t amount_max = 150;

constinit std::int64_t balance = clearing::opening_balance;
constinit std::uint64_t random_state = 0;

// xorshift64; the state survives like everything else.
std::uint64_t random_word() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

[[noreturn]] void fail(std::string_view what, std::int64_t expected, std::int64_t found) {
    apps::self_check_failed("teller", what, ": expected ", expected, ", found ", found);
}

void expect_balance(std::uint64_t told) {
    if (from_word(told) != balance) fail("balance", balance, from_word(told));
}

// Who was killed from the console is no mistake of a restart.
Error call_house(Message& message) {
    auto const error = runtime::call(house, message).error;
    if (error == Error::void_capability) apps::rest("teller: the house is gone: ", describe(error).name);
    return error;
}

void collect() {
    Message message(static_cast<std::uint64_t>(Operation::collect));
    message.put(to_word(balance));
    auto const error = call_house(message);
    if (error != Error::none) fail("collect", 0, static_cast<std::int64_t>(error));
    balance += from_word(message.word(1));
    expect_balance(message.word(2));
}

void transfer(std::int64_t amount) {
    bool const too_much = amount > balance;
    balance -= amount;
    Message message(static_cast<std::uint64_t>(Operation::transfer));
    message.put(to_word(amount));
    message.put(to_word(balance));
    auto const error = call_house(message);
    auto const expected = too_much ? clearing::overdraft : Error::none;
    if (error != expected)
        fail("transfer", static_cast<std::int64_t>(expected), static_cast<std::int64_t>(error));
    if (too_much) balance += amount;
    else expect_balance(message.word(2));
}

// True when there is money to collect. With little left, waits until there is.
bool deposit_came() {
    Message message;
    auto const error = balance < low ? runtime::receive(message).error : runtime::receive_now(message).error;
    if (error == Error::would_block && balance >= low) return false;
    if (error != Error::none) fail("receive", 0, static_cast<std::int64_t>(error));
    if (message.kind() != abi::MessageKind::event || message.word(0) != clearing::deposit_bit)
        fail("event", clearing::deposit_bit, from_word(message.word(0)));
    return true;
}

} // namespace

// Argument: the seed of the amounts.
extern "C" int main(std::uint64_t seed) {
    random_state = seed;
    for (;;) {
        if (deposit_came()) {
            collect();
            continue;
        }
        auto const word = random_word();
        auto const amount = static_cast<std::int64_t>(1 + (word >> 8) % amount_max);
        // Every sixteenth is beyond all means.
        transfer(word % 16 == 0 ? balance + amount : amount);
    }
}
