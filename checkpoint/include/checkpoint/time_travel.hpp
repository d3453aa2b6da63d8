// SPDX-License-Identifier: Apache-2.0
// Pins and rollback: changes of what is retained, each a housekeeping checkpoint. They wait for the device
// and are for a store that no machine runs (the tools), or before one runs (the migrator, at boot); no commit
// is open. Each is atomic: after a cut it was made or it was not. A pass of the migration that had begun
// before is finished first, and may drop the checkpoint that is named: call them soon after open().
#pragma once

#include <checkpoint/engine.hpp>

#include <string_view>

namespace checkpoint {

// Keeps `at` until unpin(name). Errors: no_such_checkpoint (not retained), bad_argument (a name that is
// empty, longer than 31 bytes or not printable ASCII), in_use (the name is another pin's, or the checkpoint
// has a pin), limit_reached (24 pins), no_space (the store could not hold a full rewrite of what the pin
// keeps; unpinned history has been counted as free), io, corrupt.
Result<Generation> pin(Engine& engine, store::BlockDevice& device, Generation at, std::string_view name);

// Lets a pin go; the checkpoint stays as long as its age gives it. Errors: no_such_checkpoint (no pin of that
// name), io, corrupt.
Result<Generation> unpin(Engine& engine, store::BlockDevice& device, std::string_view name);

// Makes a new checkpoint with the content of `to`; what lies between stays in history. Gives the new one.
// Errors: no_such_checkpoint, no_space, io, corrupt.
Result<Generation> roll_back(Engine& engine, store::BlockDevice& device, Generation to);

} // namespace checkpoint
