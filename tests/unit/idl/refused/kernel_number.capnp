# SPDX-License-Identifier: Apache-2.0
# expect: a $kernel interface has the number of its capability type, below 64
@0xcf74f498ff0431f7;
using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".kernel;

interface KernelNumber @0xd30866ed5d3f52bf $interfaceNumber(77) $kernel {
  # Refused.

  ask @0 () -> ();
  # Documented.
}
