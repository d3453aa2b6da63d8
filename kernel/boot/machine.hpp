// SPDX-License-Identifier: Apache-2.0
// Bringing up the processor and its surroundings, before any area of the kernel proper exists.
#pragma once

#include <boot/description.hpp>

#include <core/processor.hpp>

namespace kernel {

// After this: the kernel's final address space, descriptors, gs, vector unit,
// clock; interrupt sources are silent.
void start_machine(BootDescription& description, Processor& processor);

} // namespace kernel
