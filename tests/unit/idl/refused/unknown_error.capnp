# SPDX-License-Identifier: Apache-2.0
# expect: ask: names the error "too_late", which abi::Error does not have
@0xe4b13a5b92db1d7b;
using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".errors;

interface UnknownError @0x8a8fc699d8c42997 $interfaceNumber(85) {
  # Refused.

  ask @0 () -> () $errors(["too_late: always"]);
  # Documented.
}
