// SPDX-License-Identifier: Apache-2.0
// How the forgetting disk reads its client: greeting, options, requests, each from a growing buffer of bytes.
#include "server.hpp"

#include <array>

namespace tests {

bool Server::consume() {
    switch (phase_) {
    case Phase::greeting: return consume_greeting();
    case Phase::options: return consume_option();
    case Phase::transmission: return consume_request();
    }
    return false;
}

bool Server::consume_greeting() {
    if (input_.size() - consumed_ < sizeof(std::uint32_t)) {
        return false;
    }
    // The client's flags: it knows fixed newstyle, or it will not get further.
    consumed_ += sizeof(std::uint32_t);
    phase_ = Phase::options;
    return true;
}

bool Server::consume_option() {
    auto const bytes = std::span<const std::byte>(input_).subspan(consumed_);
    if (bytes.size() < nbd::option_bytes) {
        return false;
    }
    auto const length = nbd::take<std::uint32_t>(bytes, 12);
    if (nbd::take<std::uint64_t>(bytes, 0) != nbd::option_magic || length > nbd::largest_payload) {
        drop_client();
        return false;
    }
    if (bytes.size() < nbd::option_bytes + length) {
        return false;
    }
    const nbd::Option option{nbd::take<std::uint32_t>(bytes, 8)};
    consumed_ += nbd::option_bytes + length;
    answer_option(option);
    return true;
}

void Server::answer_option(nbd::Option option) {
    auto const number = static_cast<std::uint32_t>(option);
    std::vector<std::byte> data;
    switch (option) {
    case nbd::Option::export_name:
        nbd::put(output_, static_cast<std::uint64_t>(platter_.size()));
        nbd::put(output_, nbd::export_flags);
        phase_ = Phase::transmission;
        return;
    case nbd::Option::info:
    case nbd::Option::go:
        nbd::put(data, std::uint16_t{0}); // information: size and flags
        nbd::put(data, static_cast<std::uint64_t>(platter_.size()));
        nbd::put(data, nbd::export_flags);
        nbd::put_option_reply(output_, number, nbd::OptionReply::info, data);
        data.clear();
        nbd::put(data, std::uint16_t{3}); // information: block sizes
        nbd::put(data, static_cast<std::uint32_t>(sector_bytes));
        nbd::put(data, std::uint32_t{4096});
        nbd::put(data, nbd::largest_payload);
        nbd::put_option_reply(output_, number, nbd::OptionReply::info, data);
        nbd::put_option_reply(output_, number, nbd::OptionReply::ack, {});
        phase_ = option == nbd::Option::go ? Phase::transmission : Phase::options;
        return;
    case nbd::Option::abort: drop_client(); return;
    }
    nbd::put_option_reply(output_, number, nbd::OptionReply::unsupported, {});
}

bool Server::consume_request() {
    auto const bytes = std::span<const std::byte>(input_).subspan(consumed_);
    if (bytes.size() < nbd::request_bytes) {
        return false;
    }
    const nbd::Request request = nbd::read_request(bytes);
    bool const writes = request.command == nbd::Command::write;
    if (request.magic != nbd::request_magic || request.command == nbd::Command::disconnect ||
        request.length > nbd::largest_payload) {
        drop_client();
        return false;
    }
    const std::size_t payload = writes ? request.length : 0;
    if (bytes.size() < nbd::request_bytes + payload) {
        return false;
    }
    consumed_ += nbd::request_bytes + payload;
    receive(request, bytes.subspan(nbd::request_bytes, payload));
    return true;
}

} // namespace tests
