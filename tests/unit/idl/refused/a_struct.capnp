# SPDX-License-Identifier: Apache-2.0
# expect: ask: point: a message cannot carry a struct
@0xec653b89655e6842;
using import "/stele.capnp".interfaceNumber;

struct Point { x @0 :UInt8; }

interface AStruct @0xb1d6c2bfad3ec0f0 $interfaceNumber(74) {
  # Refused.

  ask @0 (point :Point) -> ();
  # Documented.
}
