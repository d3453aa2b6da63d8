# SPDX-License-Identifier: Apache-2.0
# Restart capabilities.
@0xe140569b29a6f2e7;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;

interface Restart @0xb657bb52703598ae $interfaceNumber(6) $kernel {
  # Authority to resume a process from the fault it was made for, once (R5).

  resume @0 (cancelFault :Bool) -> ();
  # Makes the process ready. cancelFault: the keeper has mended the cause, the instruction runs again; else
  # the process's own keeper is told.
}
