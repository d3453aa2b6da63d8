// SPDX-License-Identifier: Apache-2.0
// Vector state of user mode: x87, SSE and AVX in the standard XSAVE format (R11). The kernel itself has none.
//   The state of the running process is in the registers or in its frame, never needed from anywhere else:
//   it is loaded at its first vector instruction after dispatch (#NM) and saved when it stops running or at a
//   snapshot.
#pragma once

#include <abi/objects/process.hpp>

#include <array>
#include <cstdint>

namespace kernel::arch {

using VectorState = std::array<std::uint8_t, abi::xsave_area_size>;

inline constexpr std::uint64_t vector_features = 0x7; // XCR0: x87, SSE, AVX

// Turns XSAVE on with exactly vector_features. Panics by name when the processor
// lacks them or wants another size.
void start_vector_unit();
void save_vector_state(VectorState& state);
// False: the processor refuses the state (reserved bits set); the registers then hold the initial state.
// A state of zeros is a process that never used the unit: it gets the initial state.
bool load_vector_state(VectorState const& state);
// While disabled, the next vector instruction traps.
void enable_vector_unit();
void disable_vector_unit();

} // namespace kernel::arch
