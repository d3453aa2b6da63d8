# SPDX-License-Identifier: Apache-2.0
# Processes.
@0xbb8a6e489b27dbdf;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Process @0xf893075e7d56ab56 $interfaceNumber(5) $kernel {
  # Full authority over a process.

  setSlot @0 (slot :UInt64, capability :AnyPointer) -> ()
    $errors([
      "bad_argument: slot is not a process slot, or the brand"
    ]);
  # Replaces a capability slot: 0 address space, 1 capability space, 2 schedule, 3 keeper, 4 virtual
  # registers, 6 reply endpoint.

  getSlot @1 (slot :UInt64) -> (capability :AnyPointer)
    $errors([
      "bad_argument: slot is not a process slot, or the brand"
    ]);
  # A copy of a capability slot.

  setRegisters @2 (programCounter :UInt64, stackPointer :UInt64, argument :UInt64) -> ()
    $errors([
      "in_use: the process is neither stopped nor faulted"
    ]);
  # Sets rip, rsp and rdi; the other registers become zero.

  resume @3 (cancelFault :Bool) -> ();
  # Makes a stopped or faulted process ready; cancelFault drops the recorded fault, else
  # it is told to the keeper again.

  stop @4 () -> ();
  # Stops the process; its registers stand as they were.

  state @5 ()
    -> (state :UInt8, faultCode :UInt32, faultAddress :UInt64, programCounter :UInt64, stackPointer :UInt64);
  # Run state, fault and the two registers one asks for first.

  makeRestart @6 () -> (restart :AnyPointer);
  # A restart capability for the present fault count: good for one resume.
}
