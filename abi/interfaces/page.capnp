# SPDX-License-Identifier: Apache-2.0
# Data pages: 4096 bytes of a frame.
@0x962eb5d7d2eac902;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Page @0xf9e4abc4ace1a954 $interfaceNumber(2) $kernel {
  # A data page. What may be done to it through a mapping needs no operation; these are for its holder.

  erase @0 () -> () $errors(["no_right: the capability is read-only or weak"]);
  # Sets all bytes to zero.

  copyFrom @1 (source :AnyPointer) -> ()
    $errors([
      "no_right: the capability is read-only or weak",
      "wrong_type: the source is not a data page"
    ]);
  # Copies the content of another data page into this one.

  reduce @2 (restrictions :UInt8) -> (page :AnyPointer)
    $errors([
      "bad_argument: a bit is not a restriction of pages"
    ]);
  # A capability to the same page with these restrictions added.

  identify @3 () -> (frame :UInt64);
  # The frame identifier; its meaning ends with the page.
}
