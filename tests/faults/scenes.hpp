// SPDX-License-Identifier: Apache-2.0
// Stores to do harm to: images that some history left, with the models that they must come back with.
#pragma once

#include "reference_store.hpp"

#include <random>
#include <string>
#include <vector>

namespace tests {

inline constexpr std::uint32_t scene_shift = 14;
inline constexpr std::uint32_t scene_segments = 64;

struct Scene {
    std::string name;
    std::vector<std::byte> image;
    std::vector<Model> models;
    std::map<std::uint64_t, std::uint64_t> contents; // generation -> number of its model
    std::uint64_t number = 0;                        // of the model in force
    bool noted = false;                              // a root slot knows the newest checkpoint
    std::vector<std::vector<std::byte>> past;        // the same disk earlier, oldest first
};

Model scene_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t most);
// What recovery meets: a store just formatted; a newest record that a root slot knows, and one that none
// knows; a commit that was abandoned before the newest; a torn one after it;
// moved blocks.
std::vector<Scene> const& scenes();

} // namespace tests
