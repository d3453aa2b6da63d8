# SPDX-License-Identifier: Apache-2.0
# expect: the file's name must be other_thing.capnp
@0xdef1aaa7bcc62628;
using import "/stele.capnp".interfaceNumber;

interface OtherThing @0xbd6d3ebdc30e5a07 $interfaceNumber(82) {
  # Refused.

  ask @0 () -> ();
  # Documented.
}
