# SPDX-License-Identifier: Apache-2.0
# A kernel capability, for the golden test of the kernel's dispatch.
@0xe5b8d40f6a21c973;

using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".kernel;
using import "/stele.capnp".errors;
using import "/stele.capnp".maxBytes;

enum Mode { off @0; on @1; }

interface Gadget @0xb47d19c05ae863f2 $interfaceNumber(21) $kernel {
  # A kernel capability.

  ping @0 () -> ();
  # Nothing in, nothing out.

  set @1 (mode :Mode, level :Int8, sharp :Bool, time :UInt64) -> (old :Mode) $errors(["no_right: not yours"]);
  # Scalars.

  note @2 (level :UInt16, text :Text $maxBytes(32)) -> ();
  # Text after a scalar.

  swap @3 (slot :UInt8, first :AnyPointer, second :AnyPointer) -> (count :UInt32, result0 :AnyPointer);
  # Capabilities.
}
