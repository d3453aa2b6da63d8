# SPDX-License-Identifier: Apache-2.0
# expect: ask: a: a message cannot carry a group or union
@0x8c8bfb6385ce8bfc;
using import "/stele.capnp".interfaceNumber;

struct Choice { union { a @0 :UInt8; b @1 :UInt8; } }

interface AUnion @0xf88c1ae511ff4fb2 $interfaceNumber(75) {
  # Refused.

  ask @0 Choice -> ();
  # Documented.
}
