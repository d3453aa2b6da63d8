// SPDX-License-Identifier: Apache-2.0
// Names of checkpoints, as people write them: 41, latest, -1, a time, or a pin's name.
#pragma once

#include <checkpoint/engine.hpp>

#include <optional>
#include <span>
#include <string>

namespace tools {

// "2026-11-23T17:05", with seconds or without, in local time; a blank may stand for the T. Nanoseconds since
// 1970.
std::optional<std::uint64_t> parse_time(std::string const& text);

// The checkpoint of `history`, newest first, that the text names: `latest`, -N (that many before the newest),
// a generation's counter, a time (the newest not after it), the name of a pin. nullptr: there is none.
checkpoint::CheckpointInfo const* find_checkpoint(std::span<checkpoint::CheckpointInfo const> history,
                                                  std::string const& text);

// A pin of this name could not be told from the other ways.
bool is_taken_for_another_reference(std::string const& name);

} // namespace tools
