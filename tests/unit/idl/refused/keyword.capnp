# SPDX-License-Identifier: Apache-2.0
# expect: delete: the name delete is used by C++
@0xedace8f7fd5a028c;
using import "/stele.capnp".interfaceNumber;

interface Keyword @0xd2898a1b300d71fa $interfaceNumber(78) {
  # Refused.

  delete @0 () -> ();
  # Documented.
}
