// SPDX-License-Identifier: Apache-2.0
// A message of up to 64 words and 4 capabilities, and the reader that takes it apart with bounds checks.
//   scalar: one word.   Text, Data: one word with the length in bytes, then the bytes, eight a word, zero
//   filled.
#pragma once

#include <runtime/slot.hpp>

#include <abi/message.hpp>
#include <base/contract.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace runtime {

template <class T>
concept Scalar = std::is_integral_v<T> || std::is_enum_v<T>;

// Text of at most Capacity bytes, held by value: a result of a client stub.
template <std::size_t Capacity>
class Text {
public:
    std::string_view view() const { return {bytes_, size_}; }
    void assign(std::string_view text) {
        size_ = text.size() < Capacity ? text.size() : Capacity;
        if (size_ != 0) std::memcpy(bytes_, text.data(), size_);
    }

private:
    std::size_t size_ = 0;
    char bytes_[Capacity];
};

template <std::size_t Capacity>
class Data {
public:
    std::span<std::byte const> view() const { return {bytes_, size_}; }
    void assign(std::span<std::byte const> data) {
        size_ = data.size() < Capacity ? data.size() : Capacity;
        if (size_ != 0) std::memcpy(bytes_, data.data(), size_);
    }

private:
    std::size_t size_ = 0;
    std::byte bytes_[Capacity];
};

class Message {
public:
    Message() = default;
    explicit Message(std::uint64_t word0) : word_count_(1) { words_[0] = word0; }

    // Building. The interface compiler has checked that what a stub puts fits.
    template <Scalar T>
    void put(T value) {
        expects(word_count_ < abi::message_words_max);
        words_[word_count_++] = static_cast<std::uint64_t>(value);
    }
    // Error::bad_argument: longer than size_max.
    Result<> put_bytes(std::span<std::byte const> bytes, std::size_t size_max);
    Result<> put_bytes(std::string_view text, std::size_t size_max) {
        return put_bytes(std::as_bytes(std::span<char const>(text.data(), text.size())), size_max);
    }
    void put_capability(Slot slot) {
        expects(capability_count_ < abi::message_capabilities_max);
        capabilities_[capability_count_++] = slot;
    }
    // Where the next capability of the answer goes.
    void accept_capability(Slot slot) {
        expects(accepted_count_ < abi::message_capabilities_max);
        accepted_[accepted_count_++] = slot;
    }

    // Reading.
    std::uint64_t word(std::size_t index) const { return words_[index]; }
    std::size_t word_count() const { return word_count_; }
    std::size_t capability_count() const { return capability_count_; }
    std::span<std::uint64_t const> words() const { return {words_, word_count_}; }
    abi::MessageKind kind() const { return kind_; }
    // Of the entry that the sender used, and of the endpoint it came through.
    std::uint32_t payload() const { return payload_; }
    std::uint64_t endpoint_value() const { return endpoint_value_; }

private:
    friend struct Exchange; // moves messages through the system call

    std::uint64_t words_[abi::message_words_max]; // only the first word_count_ mean anything
    std::size_t word_count_ = 0;
    std::size_t capability_count_ = 0;
    std::size_t accepted_count_ = 0;
    Slot capabilities_[abi::message_capabilities_max] = {};
    Slot accepted_[abi::message_capabilities_max] = {};
    abi::MessageKind kind_ = abi::MessageKind::message;
    std::uint32_t payload_ = 0;
    std::uint64_t endpoint_value_ = 0;
};

// Takes the parameters after word 0 in their order. The first mistake sticks; finish() tells it.
//   Error::malformed_message: too few or too many words.   Error::bad_argument: a value outside its type.
class MessageReader {
public:
    explicit MessageReader(Message const& message) : words_(message.words()) {}

    template <std::integral T>
    void take(T& value) {
        std::uint64_t const word = next();
        value = static_cast<T>(word);
        if (static_cast<std::uint64_t>(value) != word) remember(Error::bad_argument);
    }
    template <class E>
        requires std::is_enum_v<E>
    void take_enumeration(E& value, std::uint64_t count) {
        std::uint64_t const word = next();
        if (word >= count) return remember(Error::bad_argument);
        value = static_cast<E>(word);
    }
    // Views into the message.
    void take(std::span<std::byte const>& bytes, std::size_t size_max);
    void take(std::string_view& text, std::size_t size_max) {
        std::span<std::byte const> bytes;
        take(bytes, size_max);
        text = {static_cast<char const*>(static_cast<void const*>(bytes.data())), bytes.size()};
    }
    template <std::size_t Capacity>
    void take(Text<Capacity>& text) {
        std::string_view view;
        take(view, Capacity);
        text.assign(view);
    }
    template <std::size_t Capacity>
    void take(Data<Capacity>& data) {
        std::span<std::byte const> view;
        take(view, Capacity);
        data.assign(view);
    }

    Result<> finish() {
        if (next_ != words_.size()) remember(Error::malformed_message);
        if (error_ != Error::none) return fail(error_);
        return {};
    }

private:
    std::uint64_t next() {
        if (next_ < words_.size()) return words_[next_++];
        remember(Error::malformed_message);
        return 0;
    }
    void remember(Error error) {
        if (error_ == Error::none) error_ = error;
    }

    std::span<std::uint64_t const> words_;
    std::size_t next_ = 1;
    Error error_ = Error::none;
};

} // namespace runtime
