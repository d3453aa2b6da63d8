# SPDX-License-Identifier: Apache-2.0
# expect: ask: 4 capabilities in a request, at most 3 fit
@0xbd76bf7e67daa632;
using import "/stele.capnp".interfaceNumber;

interface FourCapabilities @0x8ac6d2f29923b6b8 $interfaceNumber(76) {
  # Refused.

  ask @0 (a :AnyPointer, b :AnyPointer, c :AnyPointer, d :AnyPointer) -> ();
  # Documented.
}
