// SPDX-License-Identifier: Apache-2.0
// The areas' ways to their members of Kernel. Hosted tests link these too, with a Kernel of their own.
#include <boot/kernel_state.hpp>

namespace kernel {

CoreState& core(Kernel& kernel) { return kernel.core; }
CoreState const& core(Kernel const& kernel) { return kernel.core; }
Memory& memory(Kernel& kernel) { return kernel.memory; }
Memory const& memory(Kernel const& kernel) { return kernel.memory; }
ObjectTable& objects(Kernel& kernel) { return kernel.objects; }
ObjectTable const& objects(Kernel const& kernel) { return kernel.objects; }
Mappings& mappings(Kernel& kernel) { return kernel.mappings; }
Mappings const& mappings(Kernel const& kernel) { return kernel.mappings; }
Queues& queues(Kernel& kernel) { return kernel.queues; }
Queues const& queues(Kernel const& kernel) { return kernel.queues; }
PersistentClock& persistent_clock(Kernel& kernel) { return kernel.persistent_clock; }
PersistentClock const& persistent_clock(Kernel const& kernel) { return kernel.persistent_clock; }
KernelEvents& kernel_events(Kernel& kernel) { return kernel.events; }
KernelEvents const& kernel_events(Kernel const& kernel) { return kernel.events; }
Standings& standings(Kernel& kernel) { return kernel.standings; }
Requests& requests(Kernel& kernel) { return kernel.requests; }
Requests const& requests(Kernel const& kernel) { return kernel.requests; }
SnapshotState& snapshots(Kernel& kernel) { return kernel.snapshots; }
SnapshotState const& snapshots(Kernel const& kernel) { return kernel.snapshots; }
Claims& claims(Kernel& kernel) { return kernel.claims; }
Claims const& claims(Kernel const& kernel) { return kernel.claims; }
BootDescription& boot_description(Kernel& kernel) { return kernel.boot; }

} // namespace kernel
