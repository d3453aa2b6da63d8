# SPDX-License-Identifier: Apache-2.0
# expect: has the number 71, as
@0xc72b872f02435e26;
using import "/stele.capnp".interfaceNumber;

interface TwiceB @0xa95eb3bb0d9d8a87 $interfaceNumber(71) {
  # Refused.

  ask @0 () -> ();
  # Documented.
}
