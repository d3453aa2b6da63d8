# SPDX-License-Identifier: Apache-2.0
# expect: nothing (the other file has the same number)
@0xd8bb27d23c3d89d7;
using import "/stele.capnp".interfaceNumber;

interface TwiceA @0xc2fb4c8ad7e35cc9 $interfaceNumber(71) {
  # Refused.

  ask @0 () -> ();
  # Documented.
}
