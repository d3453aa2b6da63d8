# SPDX-License-Identifier: Apache-2.0
# expect: ask: items: a message cannot carry a list
@0xd2c17d34f65d3ed2;
using import "/stele.capnp".interfaceNumber;

interface AList @0xeaceed303e5242fd $interfaceNumber(73) {
  # Refused.

  ask @0 (items :List(UInt8)) -> ();
  # Documented.
}
