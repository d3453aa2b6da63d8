# SPDX-License-Identifier: Apache-2.0
# What an interface of Stele says beyond Cap'n Proto: its number, the errors of its methods, who answers it.
@0x9d6b1f0c5e2a4473;

annotation interfaceNumber @0xc3a8e54f1b7d9021 (interface) :UInt16;
# The interface's number, the upper half of its operation codes. An interface of a kernel capability has the
# number of its capability type; servers have 64 and up. Numbers are ABI: never reused.

annotation kernel @0xe1740b3d6c58af92 (interface) :Void;
# The kernel itself answers: a kernel dispatcher is generated in place of a server's.

annotation errors @0xb85f92d7034ce61a (method) :List(Text);
# The errors of a method beyond those any invocation may have. Each begins with a name of abi::Error; what
# follows the first space is the condition: "bad_argument: the buffer is not aligned".

annotation oneWay @0xd20e76a9c41fb835 (method) :Void;
# Sent without waiting: no reply, no result, never blocks. The sender learns only
# whether the message was taken.

annotation maxBytes @0xaf31c8805be7d64d (param) :UInt16;
# The largest length of a Text or Data parameter, in bytes. Without it: what is left of the message.
