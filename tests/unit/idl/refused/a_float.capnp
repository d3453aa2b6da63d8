# SPDX-License-Identifier: Apache-2.0
# expect: ask: ratio: a message cannot carry a floating-point number
@0xa1c76cbf25a8ea4d;
using import "/stele.capnp".interfaceNumber;

interface AFloat @0xec0c0db0c7602e32 $interfaceNumber(72) {
  # Refused.

  ask @0 () -> (ratio :Float64);
  # Documented.
}
