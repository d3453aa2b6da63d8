# SPDX-License-Identifier: Apache-2.0
# expect: ask: is $oneWay and has results
@0xd33a9f3b874aa236;
using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".oneWay;

interface OneWayResult @0x94ecedca090b7663 $interfaceNumber(81) {
  # Refused.

  ask @0 () -> (x :UInt8) $oneWay;
  # Documented.
}
