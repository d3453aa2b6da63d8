// SPDX-License-Identifier: Apache-2.0
// Capabilities without operations: null and number; an entry is no kernel
// capability (its messages go to ipc).
#include <cap/kinds.hpp>

namespace kernel {

Reply invoke_null(Invocation& call) { return call.refuse(Error::void_capability); }
Reply invoke_number(Invocation& call) { return call.refuse(Error::bad_operation); }
Reply invoke_entry(Invocation& call) { return call.refuse(Error::void_capability); }

} // namespace kernel
