// SPDX-License-Identifier: Apache-2.0
// From a system description to the frames of a store's first checkpoint.
#pragma once

#include "frame_arena.hpp"
#include "system_description.hpp"

#include <filesystem>

namespace tools {

// Programs are looked for as FOLDER/NAME.elf. Problems: a program that cannot be read, mappings that collide.
FrameArena build_first_checkpoint(SystemDescription const& system, std::filesystem::path const& programs);

} // namespace tools
