// SPDX-License-Identifier: Apache-2.0
// The kernel's generated dispatch over a fake invocation: what reaches a handler, and what is refused before.
#include <kernel/dispatch/gadget.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using abi::Error;

struct FakeInvocation {
    std::vector<std::uint64_t> words;
    std::size_t capabilities = 0;
    std::vector<std::uint64_t> replied = {0};
    std::vector<abi::Capability> given = {};

    std::uint64_t word(std::size_t index) const { return words.at(index); }
    std::size_t word_count() const { return words.size(); }
    std::size_t capability_count() const { return capabilities; }
    void set_word(std::size_t index, std::uint64_t value) {
        if (replied.size() <= index) replied.resize(index + 1);
        replied[index] = value;
    }
    void set_capability(std::size_t index, abi::Capability capability) {
        if (given.size() <= index) given.resize(index + 1);
        given[index] = capability;
    }
    Error answer(std::size_t word_count = 1, std::size_t capability_count = 0) {
        EXPECT_EQ(replied.size(), word_count);
        EXPECT_EQ(given.size(), capability_count);
        return Error::none;
    }
    Error refuse(Error error) { return error; }
};

namespace gadget = kernel::gadget_interface;
namespace op = abi::op::gadget;

struct Handlers {
    int pings = 0;
    gadget::SetArguments set_arguments = {};
    std::string noted = {};

    Error ping(FakeInvocation& call) { return ++pings, call.answer(); }
    Error set(FakeInvocation& call, gadget::SetArguments const& arguments) {
        set_arguments = arguments;
        return answer(call, gadget::SetResult{.old = op::Mode::on});
    }
    Error note(FakeInvocation& call, gadget::NoteArguments const& arguments) {
        noted.resize(arguments.text.size);
        EXPECT_EQ(arguments.text.copy(call, noted), arguments.text.size);
        return call.answer();
    }
    Error swap(FakeInvocation& call, gadget::SwapArguments const& arguments) {
        EXPECT_EQ(arguments.first, 0u);
        EXPECT_EQ(arguments.second, 1u);
        return answer(call, gadget::SwapResult{.count = 7, .result0 = abi::Capability::number(1, 2)});
    }
};

Error run(Handlers& handlers, FakeInvocation& call) { return kernel::dispatch_gadget(handlers, call); }

TEST(KernelDispatch, CallsTheHandlerOfTheOperation) {
    Handlers handlers;
    FakeInvocation ping{.words = {op::ping}};
    EXPECT_EQ(run(handlers, ping), Error::none);
    EXPECT_EQ(handlers.pings, 1);

    FakeInvocation set{.words = {op::set, 1, ~std::uint64_t{4}, 1, 99}};
    EXPECT_EQ(run(handlers, set), Error::none);
    EXPECT_EQ(handlers.set_arguments.mode, op::Mode::on);
    EXPECT_EQ(handlers.set_arguments.level, -5);
    EXPECT_TRUE(handlers.set_arguments.sharp);
    EXPECT_EQ(handlers.set_arguments.time, 99u);
    EXPECT_EQ(set.replied, (std::vector<std::uint64_t>{0, 1}));

    FakeInvocation swap{.words = {op::swap, 3}, .capabilities = 2};
    EXPECT_EQ(run(handlers, swap), Error::none);
    EXPECT_EQ(swap.replied, (std::vector<std::uint64_t>{0, 7}));
    EXPECT_EQ(swap.given.at(0).data(), 2u);
}

TEST(KernelDispatch, RefusesUnknownOperations) {
    Handlers handlers;
    for (std::uint64_t const code : {std::uint64_t{0}, op::ping - 1, op::swap + 1, std::uint64_t{0xc0001}}) {
        FakeInvocation call{.words = {code}};
        EXPECT_EQ(run(handlers, call), Error::bad_operation) << code;
    }
    FakeInvocation empty{};
    EXPECT_EQ(run(handlers, empty), Error::bad_operation);
}

TEST(KernelDispatch, RefusesWrongCounts) {
    Handlers handlers;
    std::vector<FakeInvocation> calls = {
        {.words = {op::ping, 0}},
        {.words = {op::ping}, .capabilities = 1},
        {.words = {op::set, 0, 0, 0}},
        {.words = {op::set, 0, 0, 0, 0, 0}},
        {.words = {op::swap, 3}, .capabilities = 1},
        {.words = {op::swap, 3}, .capabilities = 3},
        {.words = {op::note}},
        {.words = {op::note, 1}},
        {.words = {op::note, 1, 9, 0}},
        {.words = {op::note, 1, 8, 0, 0}},
        {.words = {op::note, 1, 33, 0, 0, 0, 0, 0}},
        {.words = {op::note, 1, ~std::uint64_t{0}, 0}},
    };
    for (auto& call : calls) EXPECT_EQ(run(handlers, call), Error::malformed_message) << call.words.size();
    EXPECT_EQ(handlers.pings, 0);
}

TEST(KernelDispatch, RefusesValuesOutsideTheirType) {
    Handlers handlers;
    std::vector<FakeInvocation> calls = {
        {.words = {op::set, 2, 0, 0, 0}},  {.words = {op::set, 0, 128, 0, 0}},
        {.words = {op::set, 0, 0, 2, 0}},  {.words = {op::swap, 256}, .capabilities = 2},
        {.words = {op::note, 0x10000, 0}},
    };
    for (auto& call : calls) EXPECT_EQ(run(handlers, call), Error::bad_argument) << call.words.size();
}

TEST(KernelDispatch, TextIsAPlaceInTheMessage) {
    Handlers handlers;
    FakeInvocation call{.words = {op::note, 5, 11, 0x6f77206f6c6c6568, 0x00000000'00646c72}};
    EXPECT_EQ(run(handlers, call), Error::none);
    EXPECT_EQ(handlers.noted, "hello world");
    FakeInvocation empty{.words = {op::note, 5, 0}};
    EXPECT_EQ(run(handlers, empty), Error::none);
    EXPECT_EQ(handlers.noted, "");
}

} // namespace
