// SPDX-License-Identifier: Apache-2.0
// Vector state of user mode: x87, SSE and, in stores that need it, AVX (R11). The kernel itself has none.
//   In a frame it has one form on every machine: the standard XSAVE format with each enabled component in
//   place and marked in XSTATE_BV, also where the processor has FXSAVE only. The state of the running process
//   is in the registers or in its frame, never needed from anywhere else: it is loaded at its first vector
//   instruction after dispatch (#NM) and saved when it stops running or at a snapshot.
#pragma once

#include <abi/objects/process.hpp>

#include <array>
#include <cstdint>

namespace kernel::arch {

using VectorState = std::array<std::uint8_t, abi::xsave_area_size>;

// The vector unit with x87 and SSE.
void start_vector_unit();
// What could be enabled on this processor: bits of XCR0, x87, SSE and AVX.
std::uint64_t available_vector_features();
// From here on processes have x87, SSE and `features`, which must be available, and nothing else: an
// instruction of another component is a bad opcode on every machine. Features are never taken away.
void enable_vector_features(std::uint64_t features);

void save_vector_state(VectorState& state);
// False: the processor refuses the state (reserved bits or features that are not enabled); the registers then
// hold the initial state. A state of zeros is a process that never used the unit: it gets the initial state.
bool load_vector_state(VectorState const& state);
// While disabled, the next vector instruction traps.
void enable_vector_unit();
void disable_vector_unit();

} // namespace kernel::arch
