# SPDX-License-Identifier: Apache-2.0
# Schedules.
@0x9220a623f147ecf9;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Schedule @0xb9fc0729a36958b5 $interfaceNumber(11) $kernel {
  # When processes that name it run.

  priority @0 () -> (priority :UInt32);
  # The priority, 0 to 31.

  setPriority @1 (priority :UInt32) -> () $errors(["bad_argument: priority is 32 or more"]);
  # Sets the priority.
}
