# SPDX-License-Identifier: Apache-2.0
# PATTs: the nodes of address spaces.
@0xfe13f689b10877a9;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Patt @0xf051d48f2346cc13 $interfaceNumber(4) $kernel {
  # A prefix-and-target table: up to 16 pairs of prefix and capability that translate an
  # address space of 2^size bytes.

  store @0 (slot :UInt64, prefix :UInt64, capability :AnyPointer) -> ()
    $errors([
      "bad_argument: slot is 16 or more, the prefix leaves size and residual, or another slot has it",
      "no_right: the capability is read-only, weak or opaque"
    ]);
  # Replaces a pair. A prefix with bit 0 set is a code: 1 empty, 3 keeper, 5 background. An empty pair holds
  # null, whatever is sent. All mappings made through the old and the new pair are dropped.

  fetch @1 (slot :UInt64) -> (prefix :UInt64, capability :AnyPointer)
    $errors([
      "bad_argument: slot is 16 or more",
      "no_right: the capability is opaque"
    ]);
  # A pair; through a weak capability the fetched capability is diminished.

  setShape @2 (size :UInt8, residual :UInt8) -> ()
    $errors([
      "bad_argument: not 12 <= residual <= size <= 64",
      "in_use: a slot is not empty",
      "no_right: the capability is read-only, weak or opaque"
    ]);
  # Sets log2 of the bytes spanned by the node and by a slot.

  shape @3 () -> (size :UInt8, residual :UInt8);
  # Size and residual.

  reduce @4 (restrictions :UInt8) -> (patt :AnyPointer)
    $errors([
      "bad_argument: a bit is not a restriction of memory"
    ]);
  # A capability to the same node with these restrictions added.
}
