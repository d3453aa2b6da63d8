// SPDX-License-Identifier: Apache-2.0
// What differs between two checkpoints as processes have it: registers, state, capabilities, pages.
#pragma once

#include "checkpoint_difference.hpp"
#include "objects.hpp"

#include <nlohmann/json.hpp>

namespace tools {

// An array, by PID: those that differ, with every pair of values as {"old", "new"}; new ones and gone ones by
// name only. `detail`: the addresses of the pages, too.
// Problem damaged when an object cannot be read that would have to be compared.
nlohmann::ordered_json process_differences(StoreView& before, StoreView& after,
                                           CheckpointDifference const& frames, bool detail);

} // namespace tools
