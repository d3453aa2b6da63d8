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
  # A stopped or faulted process goes on with what it was at; cancelFault drops the recorded fault, else
  # it is told to the keeper again.

  stop @4 () -> ();
  # Stops the process; its registers stand as they were. Messages to it wait; the answer to a call that it
  # has made reaches it, and it finds it when it is resumed.

  state @5 ()
    -> (state :UInt8, faultCode :UInt32, faultAddress :UInt64, programCounter :UInt64, stackPointer :UInt64);
  # Run state, fault and the two registers one asks for first.

  makeRestart @6 () -> (restart :AnyPointer);
  # A restart capability for the present fault count: good for one resume.

  name @7 () -> (text0 :UInt64, text1 :UInt64, text2 :UInt64, text3 :UInt64);
  # Its name, UTF-8 in 32 bytes, zero filled. For people; it is no authority.

  registers @8 ()
    -> (rax :UInt64, rbx :UInt64, rcx :UInt64, rdx :UInt64, rsi :UInt64, rdi :UInt64, rbp :UInt64,
      rsp :UInt64, r8 :UInt64, r9 :UInt64, r10 :UInt64, r11 :UInt64, r12 :UInt64, r13 :UInt64, r14 :UInt64,
      r15 :UInt64, rip :UInt64, rflags :UInt64, fsBase :UInt64, gsBase :UInt64);
  # The general registers, as they stand when the process does not run.

  waits @9 () -> (cause :UInt8, object :UInt64, wakeTime :UInt64);
  # What it waits for, a number of abi::WaitCause; the identifier of the endpoint, process or frame that is
  # meant, for people; and the time it sleeps until. Queues are caches: one who waits may be shown as waiting
  # for nothing, and tries again at its next turn.
}
