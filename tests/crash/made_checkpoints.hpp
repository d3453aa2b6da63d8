// SPDX-License-Identifier: Apache-2.0
// What a plan's run made, by generation: which model each checkpoint has, and which pins were there when.
// With it a state of a store that pins and rolls back is identified and its whole history compared.
#pragma once

#include "recorded_disk.hpp"
#include "reference_store.hpp"

#include <map>
#include <optional>
#include <set>

namespace tests {

class MadeCheckpoints {
public:
    // The store's checkpoints of any kind, those that were tried and never acknowledged too.
    void learn(ReferenceStore const& store) {
        contents_.insert(store.contents().begin(), store.contents().end());
    }
    // What was made after `newest` is of another future: a boot from there uses the same generations again,
    // with a nonce of its own.
    void go_back_to(checkpoint::Generation newest);

    // While the plan runs: an acknowledged checkpoint, and what is pinned from then on.
    void acknowledged(checkpoint::Generation newest);
    void pinned(checkpoint::Generation at) { pins_.back().second.insert(at.raw()); }
    // Before it is tried: from now on nobody can count on it.
    void unpinning(checkpoint::Generation at) { pins_.back().second.erase(at.raw()); }

    // The model of the newest checkpoint of an open store; none: nobody made it.
    std::optional<std::uint64_t> model_of_newest(checkpoint::Engine& engine) const;
    // Every retained checkpoint has its model's content, and every pin that was acknowledged at `marked` is
    // there. Text of the first difference.
    std::string compare_views(UndoDisk& image, checkpoint::Memory memory, checkpoint::Limits const& limits,
                              std::vector<Model> const& models, std::uint64_t marked) const;

private:
    std::optional<std::uint64_t> model_of(std::span<checkpoint::CheckpointInfo const> newest_first) const;

    std::map<std::uint64_t, std::uint64_t> contents_;
    std::vector<std::pair<std::uint64_t, std::set<std::uint64_t>>> pins_{{0, {}}};
};

} // namespace tests
