# SPDX-License-Identifier: Apache-2.0
# What a capability is.
@0xffb96236ca8fbe35;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;

interface Discrim @0xda2c838dfb8adf9e $interfaceNumber(13) $kernel {
  # Closely held: classifies and compares capabilities.

  classify @0 (capability :AnyPointer) -> (type :UInt8);
  # The number of its type; void capabilities answer null's.

  compare @1 (first :AnyPointer, second :AnyPointer) -> (equal :Bool);
  # Whether both are the same in type, rights, version, payload and object.

  awaited @2 (capability :AnyPointer) -> (awaited :Bool);
  # Whether it is the entry that answers a call, and nobody has answered that call yet.
}
