# SPDX-License-Identifier: Apache-2.0
# expect: a server's number is 64 or more
@0xca743e1137f5209d;
using import "/stele.capnp".interfaceNumber;

interface ServerNumber @0x82df883bc40d5f17 $interfaceNumber(12) {
  # Refused.

  ask @0 () -> ();
  # Documented.
}
