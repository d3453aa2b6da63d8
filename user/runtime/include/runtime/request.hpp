// SPDX-License-Identifier: Apache-2.0
// A request in a server's hands: its message, the capabilities that came with it, and the one reply it gets.
#pragma once

#include <runtime/invoke.hpp>

namespace runtime {

// Builds the reply of an operation: its error, or none and its results.
template <class T>
void encode_reply(Message& message, Result<T> const& result) {
    message = Message(static_cast<std::uint64_t>(result.error));
    if constexpr (!std::is_same_v<T, base::Nothing>) {
        if (result.failed()) return;
        if (auto const encoded = encode(message, result.value); encoded.failed())
            message = Message(static_cast<std::uint64_t>(encoded.error));
    }
}

// Answers a request that was held back with Request::hold(). Never waits; a caller that is gone is no error.
template <class T>
void answer(Slot reply_entry, Result<T> const& result) {
    Message message;
    encode_reply(message, result);
    static_cast<void>(send_now(reply_entry, message));
}

class Request {
public:
    // Four slots from `first` on receive what comes with a request: the reply entry, then its capabilities.
    explicit Request(Slot first) : first_(first) {}

    // Sends the reply of the last request, if there is one, then waits for the next event or request.
    void wait();
    // The same without waiting; false = there is nothing.
    bool poll();

    bool is_event() const { return message_.kind() == abi::MessageKind::event; }
    // The bits of an event.
    std::uint64_t bits() const { return message_.word_count() != 0 ? message_.word(0) : 0; }

    // For the generated dispatch.
    std::uint64_t operation() const { return bits(); }
    Message const& message() const { return message_; }
    Slot next_capability() { return Slot(first_.number + ++capabilities_taken_); }
    // True when the message has not the shape of its operation; the reply then says so.
    bool refuses(MessageReader& reader, std::size_t capability_count) {
        auto result = reader.finish();
        if (!result.failed() && message_.capability_count() != capability_count + 1)
            result = fail(Error::malformed_message);
        if (result.failed()) complete(result);
        return result.failed();
    }
    template <class T>
    void complete(Result<T> const& result) {
        if (held_) return;
        encode_reply(reply_, result);
        reply_pending_ = true;
    }

    // For servers. The payload of the entry that the caller used tells callers apart.
    std::uint32_t payload() const { return message_.payload(); }
    std::uint64_t endpoint_value() const { return message_.endpoint_value(); }
    // Moves the reply entry to a slot of the server's; what the method returns is then
    // ignored, answer() comes later.
    Result<> hold(Slot to) {
        held_ = true;
        return copy_capability(to, first_);
    }
    // There is no reply: a one-way message.
    void leave_unanswered() { held_ = true; }

private:
    void prepare();

    Slot first_;
    Message message_;
    Message reply_;
    std::size_t capabilities_taken_ = 0;
    bool held_ = false;
    bool reply_pending_ = false;
};

} // namespace runtime
