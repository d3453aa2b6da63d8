# SPDX-License-Identifier: Apache-2.0
# The kernel's log.
@0xf40b4b538afe2312;

using import "stele.capnp".errors;
using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".maxBytes;

interface Log @0xad1e0fdef9da0bf3 $interfaceNumber(14) $kernel {
  # Writes into the kernel's log ring, and on to the serial line until a reader is attached.

  write @0 (text :Text $maxBytes(440)) -> ();
  # Appends one line.

  attach @1 (endpoint :AnyPointer, bits :UInt64) -> (position :UInt64)
    $errors([
      "no_right: not the console's",
      "wrong_type: not an endpoint"
    ]);
  # The caller prints the log from now on, and the kernel only what happens when it panics or a resident
  # program has died. `bits` are posted when something was appended; position: the end of the log.

  read @2 (position :UInt64)
    -> (next :UInt64, bytes :UInt8, text0 :UInt64, text1 :UInt64, text2 :UInt64, text3 :UInt64, text4 :UInt64)
    $errors(["no_right: not the console's"]);
  # Up to 40 bytes of the log, eight a word, from this position on, or from the oldest that the ring still
  # has; next: the position behind them.

  writer @3 () -> (log :AnyPointer);
  # The same capability without the control bit: write only.
}
