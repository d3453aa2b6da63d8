// SPDX-License-Identifier: Apache-2.0
// Client stubs and server dispatch of the toy interface against each other, and against hostile messages.
#include <runtime/client/toy.hpp>
#include <runtime/server/toy.hpp>
#include <runtime/server_loop.hpp>

#include "fake_kernel.hpp"

#include <gtest/gtest.h>

namespace {

using abi::Error;
using runtime::Request;
using runtime::Result;
using runtime::Slot;
using tests::Delivery;
using tests::FakeCall;
using tests::FakeKernel;

namespace server = runtime::toy_server;
namespace op = abi::op::toy;

constexpr Slot toy_slot(5);
constexpr Slot first_receive_slot(20);
constexpr Slot held_slot(30);

class ToyServer {
public:
    bool dispatch(Request& request) { return server::dispatch(*this, request); }
    void event(std::uint64_t bits) { events |= bits; }

    Result<server::PaintResult> paint(Request&, server::PaintArguments const& arguments) {
        painted = arguments;
        if (arguments.depth < 0) return runtime::fail(Error::no_memory);
        return server::PaintResult{.layers = 3};
    }
    Result<server::SayResult> say(Request& request, server::SayArguments const& arguments) {
        EXPECT_TRUE(!hold_next || !request.hold(held_slot).failed());
        said = arguments.text;
        return server::SayResult{.echo = arguments.text, .rest = arguments.data};
    }
    Result<server::SwapResult> swap(Request&, server::SwapArguments const& arguments) {
        swapped = arguments;
        return server::SwapResult{.old = arguments.second, .count = 9};
    }
    void hint(Request&, server::HintArguments const& arguments) { hinted = arguments.bits; }

    server::PaintArguments painted{};
    server::SwapArguments swapped{};
    std::string said;
    std::uint64_t hinted = 0;
    std::uint64_t events = 0;
    bool hold_next = false;
};

class Stubs : public ::testing::Test {
protected:
    Stubs() {
        kernel.slots[toy_slot.number] = "toy";
        // A call becomes a delivery at the server, whose reply comes back.
        kernel.objects["toy"] = [this](FakeCall& call) { serve(call); };
    }

    void serve(FakeCall& call) {
        Delivery delivery{call.words, {"reply"}, abi::MessageKind::message, 77};
        delivery.capabilities.insert(delivery.capabilities.end(), call.capabilities.begin(),
                                     call.capabilities.end());
        kernel.inbox.push_back(delivery);
        auto const before = kernel.sent.size();
        EXPECT_TRUE(request.poll());
        EXPECT_EQ(request.payload(), 77u);
        runtime::handle(toy, request);
        EXPECT_FALSE(request.poll());
        if (kernel.sent.size() == before) return;
        EXPECT_EQ(kernel.sent.back().to, "reply");
        call.replied = kernel.sent.back().words;
        for (std::size_t i = 0; i < kernel.sent.back().capabilities.size(); ++i)
            call.given[i] = kernel.sent.back().capabilities[i];
    }

    Error raw(std::vector<std::uint64_t> words, std::vector<std::string> capabilities = {}) {
        FakeCall call{std::move(words), std::move(capabilities)};
        serve(call);
        return static_cast<Error>(call.replied.at(0));
    }

    FakeKernel kernel;
    ToyServer toy;
    Request request{first_receive_slot};
    runtime::Toy client{toy_slot};
};

TEST_F(Stubs, ScalarsArriveAndReturn) {
    auto const result = client.paint(op::Colour::dark_blue, 12, true);
    ASSERT_FALSE(result.failed());
    EXPECT_EQ(result->layers, 3u);
    EXPECT_EQ(toy.painted.colour, op::Colour::dark_blue);
    EXPECT_EQ(toy.painted.depth, 12);
    EXPECT_TRUE(toy.painted.thick);
}

TEST_F(Stubs, ErrorsOfTheOperationAndOfTheTransportAreOne) {
    EXPECT_EQ(client.paint(op::Colour::red, -1, false).error, Error::no_memory);
    kernel.transport["toy"] = Error::restarted;
    EXPECT_EQ(client.paint(op::Colour::red, 1, false).error, Error::restarted);
    kernel.transport.clear();
    kernel.slots.clear();
    EXPECT_EQ(client.paint(op::Colour::red, 1, false).error, Error::void_capability);
}

TEST_F(Stubs, TextAndDataOfEveryLength) {
    std::string const text = "abcdefghijklmnopqrst";
    std::array<std::byte, 400> data;
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7);
    for (std::size_t size = 0; size <= 20; ++size) {
        auto const bytes = std::span(data).first(size * 20);
        auto const result = client.say(true, std::string_view(text.data(), size), bytes);
        ASSERT_FALSE(result.failed()) << size;
        EXPECT_EQ(toy.said, text.substr(0, size));
        EXPECT_EQ(result->echo.view(), text.substr(0, size));
        ASSERT_EQ(result->rest.view().size(), bytes.size());
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), result->rest.view().begin()));
    }
    EXPECT_EQ(client.say(true, "a text of 21 bytes...", {}).error, Error::bad_argument);
}

TEST_F(Stubs, CapabilitiesTravelBothWays) {
    kernel.slots[1] = "apple";
    kernel.slots[2] = "pear";
    auto const result = client.swap(Slot(1), 5, Slot(2), Slot(9));
    ASSERT_FALSE(result.failed());
    EXPECT_EQ(result->count, 9u);
    EXPECT_EQ(kernel.slots[first_receive_slot.number + 1], "apple");
    EXPECT_EQ(toy.swapped.first, Slot(first_receive_slot.number + 1));
    EXPECT_EQ(toy.swapped.number, 5u);
    EXPECT_EQ(kernel.slots[9], "pear");
}

TEST_F(Stubs, AOneWayMessageIsSentAndNeverAnswered) {
    ASSERT_FALSE(client.hint(42).failed());
    ASSERT_EQ(kernel.sent.size(), 1u);
    EXPECT_EQ(kernel.sent[0].to, "toy");
    kernel.inbox.push_back({kernel.sent[0].words, {""}});
    ASSERT_TRUE(request.poll());
    runtime::handle(toy, request);
    EXPECT_FALSE(request.poll());
    EXPECT_EQ(toy.hinted, 42u);
    EXPECT_EQ(kernel.sent.size(), 1u);
}

TEST_F(Stubs, AHeldReplyIsAnsweredLater) {
    toy.hold_next = true;
    FakeCall call{{op::say, 1, 2, 0x6968, 0}, {}};
    serve(call);
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_EQ(kernel.slots[held_slot.number], "reply");
    runtime::answer(held_slot, Result(server::SayResult{.echo = "later", .rest = {}}));
    ASSERT_EQ(kernel.sent.size(), 1u);
    EXPECT_EQ(kernel.sent[0].words, (std::vector<std::uint64_t>{0, 5, 0x726574616c, 0}));
}

TEST_F(Stubs, EventsAreNoRequests) {
    kernel.inbox.push_back({{0x18}, {}, abi::MessageKind::event});
    ASSERT_TRUE(request.poll());
    runtime::handle(toy, request);
    EXPECT_EQ(toy.events, 0x18u);
    EXPECT_FALSE(request.poll());
    EXPECT_TRUE(kernel.sent.empty());
}

TEST_F(Stubs, HostileRequestsAreRefused) {
    EXPECT_EQ(raw({}), Error::bad_operation);
    EXPECT_EQ(raw({op::hint + 1}), Error::bad_operation);
    EXPECT_EQ(raw({op::paint}), Error::malformed_message);
    EXPECT_EQ(raw({op::paint, 0, 0}), Error::malformed_message);
    EXPECT_EQ(raw({op::paint, 0, 0, 0, 0}), Error::malformed_message);
    EXPECT_EQ(raw({op::paint, 0, 0, 0}, {"extra"}), Error::malformed_message);
    EXPECT_EQ(raw({op::paint, 2, 0, 0}), Error::bad_argument);
    EXPECT_EQ(raw({op::paint, 0, 0x8000, 0}), Error::bad_argument);
    EXPECT_EQ(raw({op::paint, 0, 0, 2}), Error::bad_argument);
    EXPECT_EQ(raw({op::say, 0, 21, 0, 0, 0, 0}), Error::bad_argument);
    EXPECT_EQ(raw({op::say, 0, 16, 0, 0}), Error::malformed_message);
    EXPECT_EQ(raw({op::say, 0, 0, ~std::uint64_t{0}}), Error::bad_argument);
    EXPECT_EQ(raw({op::swap, 1}, {"one"}), Error::malformed_message);
    EXPECT_EQ(raw({op::paint, 1, 0xffff'ffff'ffff'8000, 1}), Error::no_memory); // well formed
}

TEST_F(Stubs, HostileRepliesAreRefused) {
    std::vector<std::uint64_t> reply;
    kernel.objects["toy"] = [&](FakeCall& call) { call.replied = reply; };
    auto const paint = [&](std::vector<std::uint64_t> words) {
        reply = std::move(words);
        return client.paint(op::Colour::red, 1, false).error;
    };
    EXPECT_EQ(paint({}), Error::malformed_message);
    EXPECT_EQ(paint({0}), Error::malformed_message);
    EXPECT_EQ(paint({0, 1, 2}), Error::malformed_message);
    EXPECT_EQ(paint({0, 256}), Error::bad_argument);
    EXPECT_EQ(paint({std::uint64_t{1} << 32, 1}), Error::malformed_message);
    EXPECT_EQ(paint({20}), Error::no_memory);
    reply = {0, 21, 1, 2, 3, 0};
    EXPECT_EQ(client.say(true, "x", {}).error, Error::bad_argument);
}

TEST_F(Stubs, ALostReplyDoesNotStopTheServer) {
    kernel.transport["reply"] = Error::void_capability;
    kernel.inbox.push_back({{op::paint, 0, 1, 0}, {"reply"}});
    kernel.inbox.push_back({{7}, {}, abi::MessageKind::event});
    request.wait();
    runtime::handle(toy, request);
    request.wait();
    EXPECT_TRUE(request.is_event());
    EXPECT_EQ(request.bits(), 7u);
}

} // namespace
