# SPDX-License-Identifier: Apache-2.0
# The space bank: where persistent programs get their memory.
@0xb3d1c85a6e0f4297;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".errors;

interface SpaceBank @0xd5f20e7b91c4a683 $interfaceNumber(66) {
  # Sells the frames of a range to accounts, as pages and as objects. The payload of the entry names the
  # account; whoever holds an entry has authority over all that was bought with it.

  allocatePage @0 () -> (page :AnyPointer)
    $errors([
      "limit_reached: the account's limit or the bank's range is used up",
      "no_right: the entry names no account"
    ]);
  # A zeroed data page.

  allocateCapabilityPage @1 () -> (page :AnyPointer)
    $errors([
      "limit_reached: the account's limit or the bank's range is used up, or the bank has 64 of them live",
      "no_right: the entry names no account"
    ]);
  # A capability page, all null.

  allocateObject @2 (objectType :UInt8) -> (object :AnyPointer)
    $errors([
      "limit_reached: the account's limit or the bank's range is used up",
      "bad_argument: the bank has no heap for objects of this frame type",
      "no_right: the entry names no account"
    ]);
  # An object in its first state. Its frame stays with the bank's heap when the object is gone.

  deallocate @3 (capability :AnyPointer) -> ()
    $errors([
      "no_such_object: void, or not bought from this bank with this account",
      "no_right: the entry names no account"
    ]);
  # Takes a page or an object back: all capabilities to it become void.

  status @4 () -> (limit :UInt64, created :UInt64, live :UInt64, freed :UInt64)
    $errors(["no_right: the entry names no account"]);
  # The account's books, in pages and objects alike: created is live + freed, live is at most limit.
}
