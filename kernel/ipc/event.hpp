// SPDX-License-Identifier: Apache-2.0
// Event bits (F15): OR-ed into an endpoint, delivered before any message, cleared exactly when delivered.
//   A process lists the endpoints that hold bits for it: the list is part of its frame, so that an open wait
//   finds them after a restart as well. A listed endpoint that has no bits or another receiver by now is
//   dropped from the list when it is met.
#pragma once

#include <ipc/delivery.hpp>
#include <ipc/kernel_events.hpp>

namespace kernel {

// absent: the receiver's frame; limit_reached: it has too many endpoints with undelivered events.
Result<> may_post(Kernel& kernel, EndpointRef endpoint);
// Posts bits; with the same errors, unless may_post() has been asked.
Result<> post_event(Kernel& kernel, EndpointRef endpoint, std::uint64_t bits, Committed const& committed);

// The endpoint's receiver was replaced: bits that wait are for the new one. absent | limit_reached, asked
// before; then it cannot fail.
Result<> may_take_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver);
void take_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver, Committed const& committed);

// The receiving process has bits waiting that its wait accepts: they are delivered, true. absent.
Result<bool> deliver_pending(Kernel& kernel, ProcessRef process, Committed const& committed);

// For the kernel's own posts; an endpoint that is gone is forgotten silently.
void post_bound(Kernel& kernel, BoundEvent const& event);
// bad_argument: persistent, or no bits.
Result<BoundEvent> bind_event(Kernel& kernel, EndpointRef endpoint, std::uint64_t bits);

} // namespace kernel
