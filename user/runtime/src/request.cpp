// SPDX-License-Identifier: Apache-2.0
// Waiting for requests, with the reply of the last one on the way.
#include <runtime/request.hpp>

namespace runtime {

void Request::prepare() {
    message_ = Message();
    for (std::uint64_t i = 0; i < abi::message_capabilities_max; ++i)
        message_.accept_capability(Slot(first_.number + i));
    capabilities_taken_ = 0;
    held_ = false;
}

void Request::wait() {
    prepare();
    if (reply_pending_) {
        reply_pending_ = false;
        if (!reply_and_wait(first_, reply_, message_).failed()) return;
    }
    // A receive fails only for a while (the process was restarted in it): try again, letting others run.
    while (receive(message_).failed()) yield();
}

bool Request::poll() {
    prepare();
    if (reply_pending_) {
        reply_pending_ = false;
        static_cast<void>(send_now(first_, reply_));
    }
    return !receive_now(message_).failed();
}

} // namespace runtime
