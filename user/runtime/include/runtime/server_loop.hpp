// SPDX-License-Identifier: Apache-2.0
// The loop of a server: receive, dispatch, reply and wait. Events go to their own member function.
#pragma once

#include <runtime/request.hpp>

#include <concepts>

namespace runtime {

template <class S>
concept Server = requires(S& server, Request& request, std::uint64_t bits) {
    { server.dispatch(request) } -> std::same_as<bool>; // false: no operation of this server
    server.event(bits);
};

// One message: what the loop does with it.
template <Server S>
void handle(S& server, Request& request) {
    if (request.is_event()) return server.event(request.bits());
    if (!server.dispatch(request)) request.complete(Result<>(fail(Error::bad_operation)));
}

template <Server S>
[[noreturn]] void serve(S& server, Slot first_receive_slot) {
    Request request(first_receive_slot);
    for (;;) {
        request.wait();
        handle(server, request);
    }
}

} // namespace runtime
