// SPDX-License-Identifier: Apache-2.0
// What a plan's run made.
#include "made_checkpoints.hpp"

#include <algorithm>
#include <cstring>

namespace tests {

using checkpoint::CheckpointInfo;

void MadeCheckpoints::acknowledged(checkpoint::Generation newest) {
    pins_.emplace_back(newest.raw(), pins_.back().second);
}

void MadeCheckpoints::go_back_to(checkpoint::Generation newest) {
    std::erase_if(contents_, [&](auto const& made) { return made.first > newest.raw(); });
    std::erase_if(pins_, [&](auto const& at) { return at.first > newest.raw(); });
}

// A checkpoint that the store made by itself has the content of the one before it, a rollback that of what it
// restores.
std::optional<std::uint64_t> MadeCheckpoints::model_of(std::span<CheckpointInfo const> newest_first) const {
    for (auto const& info : newest_first) {
        auto const restores = contents_.find(info.restores.raw());
        if (info.restores.raw() != 0 && restores != contents_.end()) return restores->second;
        auto const made = contents_.find(info.generation.raw());
        if (made != contents_.end()) return made->second;
        auto const housekeeping = static_cast<std::uint64_t>(abi::disk::RecordFlag::housekeeping);
        if ((info.record.flags & housekeeping) == 0) return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> MadeCheckpoints::model_of_newest(checkpoint::Engine& engine) const {
    std::vector<CheckpointInfo> list(checkpoint::history_at_most);
    list.resize(engine.history(list));
    return model_of(list);
}

namespace {

std::string compare_view(checkpoint::OfflineStore& reader, UndoDisk& image, checkpoint::Generation at,
                         Model const& model) {
    auto next = model.begin();
    std::string difference;
    std::vector<std::byte> want(abi::frame_size);
    auto const visited = reader.for_each(at, [&](checkpoint::FrameInfo const& info) {
        if (next == model.end() || next->first != info.frame.number()) difference = "differs in presence";
        else if (info.type != next->second.type || info.mark.raw() != next->second.mark)
            difference = "differs";
        if (difference.empty()) {
            fill_content(next->second.seed, want);
            auto const zero = next->second.seed == 0;
            if (info.zero != zero ||
                (!zero && std::memcmp(image.image().data() + info.offset, want.data(), want.size()) != 0))
                difference = "has another content";
            ++next;
        }
        if (!difference.empty())
            difference = "frame " + std::to_string(info.frame.number()) + " " + difference;
        return difference.empty();
    });
    if (!visited) return "is not readable";
    return difference.empty() && next != model.end() ? "misses a frame" : difference;
}

} // namespace

std::string MadeCheckpoints::compare_views(UndoDisk& image, checkpoint::Memory memory,
                                           checkpoint::Limits const& limits, std::vector<Model> const& models,
                                           std::uint64_t marked) const {
    checkpoint::OfflineStore reader;
    if (!reader.open(image, memory, limits)) return "the reader does not open it";
    std::vector<CheckpointInfo> list(checkpoint::history_at_most);
    list.resize(reader.history(list));
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto const name = "checkpoint " + std::to_string(list[i].generation.counter()) + " ";
        auto const model = model_of(std::span(list).subspan(i));
        // What is retained alone may have lost those that would say whose content it has.
        if (!model && !contents_.contains(list[i].generation.raw())) continue;
        auto const difference = compare_view(reader, image, list[i].generation, models[*model]);
        if (!difference.empty()) return name + difference;
    }
    auto const after =
        std::find_if(pins_.begin(), pins_.end(), [&](auto const& p) { return p.first > marked; });
    for (auto const pin : std::prev(after)->second) {
        auto const there = std::any_of(list.begin(), list.end(), [&](auto const& info) {
            return info.generation.raw() == pin && info.pinned;
        });
        if (!there)
            return "pin of checkpoint " + std::to_string(checkpoint::Generation(pin).counter()) + " is gone";
    }
    return {};
}

} // namespace tests
