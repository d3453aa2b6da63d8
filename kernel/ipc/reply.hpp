// SPDX-License-Identifier: Apache-2.0
// Single-use reply entries on the caller's reply endpoint (R5, R37).
#pragma once

#include <ipc/party.hpp>

namespace kernel {

// An entry that is used raises the count once more: the last two values are never given out.
inline constexpr std::uint32_t reply_count_max = 0xffff'fffd;

// The caller's reply endpoint: absent | void_capability | wrong_type | bad_argument (entries to it are not
// single-use).
Result<EndpointRef> reply_endpoint(Kernel& kernel, ProcessRef caller);

// A fresh entry; every earlier one is void. Before the count wraps, the endpoint's version rises, and the
// caller's own capability with it.
abi::Capability make_reply_entry(Kernel& kernel, ProcessRef caller, EndpointRef endpoint,
                                 Committed const& committed);

} // namespace kernel
