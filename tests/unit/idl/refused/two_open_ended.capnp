# SPDX-License-Identifier: Apache-2.0
# expect: ask: more than one Text or Data without $maxBytes in a reply
@0xb092f473e9384cb0;
using import "/stele.capnp".interfaceNumber;

interface TwoOpenEnded @0xf2702774e5b9450b $interfaceNumber(84) {
  # Refused.

  ask @0 () -> (text :Text, data :Data);
  # Documented.
}
