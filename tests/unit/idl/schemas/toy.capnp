# SPDX-License-Identifier: Apache-2.0
# Everything a message can carry, for the golden tests of the interface compiler.
@0xc1f6a4b2d95e7038;

using import "/stele.capnp".interfaceNumber;
using import "/stele.capnp".errors;
using import "/stele.capnp".oneWay;
using import "/stele.capnp".maxBytes;

enum Colour {
  # A colour.

  red @0;
  # Like blood.

  darkBlue @1;
}

interface Toy @0x9a0c35f17be2d846 $interfaceNumber(90) {
  # A server that does nothing useful.

  paint @0 (colour :Colour, depth :Int16, thick :Bool) -> (layers :UInt8)
    $errors(["no_memory: the paint is used up", "busy"]);
  # Paints.
  # In two lines.

  say @1 (loud :Bool, text :Text $maxBytes(20), data :Data) -> (echo :Text $maxBytes(20), rest :Data);
  # Says something.

  swap @2 (first :AnyPointer, number :UInt64, second :Toy) -> (old :AnyPointer, count :UInt32);
  # Takes two capabilities and gives one.

  hint @3 (bits :UInt64) -> () $oneWay;
  # Needs no answer.
}
