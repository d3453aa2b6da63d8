# SPDX-License-Identifier: Apache-2.0
# expect: ask: x: $maxBytes is for Text and Data only
@0x9a90e39c7ea7ad38;
using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".maxBytes;

interface MisplacedBound @0xe3619e42e1f1b868 $interfaceNumber(79) {
  # Refused.

  ask @0 (x :UInt8 $maxBytes(3)) -> ();
  # Documented.
}
