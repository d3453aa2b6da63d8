// SPDX-License-Identifier: Apache-2.0
// The message that most messages are, in one column of checks and one of changes: a call, or an answer with
// the wait for the next message, of at most eight words and no capability but the call's reply entry, to a
// process that waits for it and may run at once. Everything else takes the long way (entry/invoke.cpp), whose
// results are the same.
#pragma once

#include <ipc/standing.hpp>

namespace kernel {

// The running process is in an invocation. True: the message is delivered, the caller waits, and the receiver
// is the running process of the queues, in `receiver` what is to be loaded. False: nothing has changed.
bool pass_message(Kernel& kernel, Caller const& caller, Dispatched& receiver);

} // namespace kernel
