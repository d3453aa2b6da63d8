# SPDX-License-Identifier: Apache-2.0
# expect: ask: 67 words in a request, at most 64 fit
@0xe4f7a2a58b6a0df8;
using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".maxBytes;

interface TooManyWords @0xda379cdea2d8fa53 $interfaceNumber(83) {
  # Refused.

  ask @0 (text :Text $maxBytes(505), number :UInt64) -> ();
  # Documented.
}
