# SPDX-License-Identifier: Apache-2.0
# The kernel's log.
@0xf40b4b538afe2312;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".maxBytes;

interface Log @0xad1e0fdef9da0bf3 $interfaceNumber(14) $kernel {
  # Writes into the kernel's log ring and on to the serial line while no console driver owns it.

  write @0 (text :Text $maxBytes(440)) -> ();
  # Appends one line.
}
