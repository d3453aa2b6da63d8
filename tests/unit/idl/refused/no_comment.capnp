# SPDX-License-Identifier: Apache-2.0
# expect: ask: has no doc comment
@0xaec8b189677642af;
using import "/stele.capnp".interfaceNumber;

interface NoComment @0xa7008234d8af664d $interfaceNumber(80) {
  # Refused.

  ask @0 () -> ();
}
