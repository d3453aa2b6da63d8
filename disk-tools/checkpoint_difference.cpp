// SPDX-License-Identifier: Apache-2.0
// The entry of a frame holds the hash of its content, so two checkpoints are compared as fast as they are
// listed.
#include "checkpoint_difference.hpp"

#include <algorithm>
#include <array>

namespace tools {
namespace {

using checkpoint::FrameInfo;

std::vector<FrameInfo> frames_of(StoreView& view) {
    std::vector<FrameInfo> frames;
    auto const done = view.store().for_each(view.at().generation, [&](FrameInfo const& info) {
        if (info.type != abi::FrameType::free) frames.push_back(info);
        return true;
    });
    if (done.failed()) throw view.file().problem(done.error);
    return frames;
}

std::vector<abi::FrameId> processes_in(std::vector<FrameInfo> const& frames) {
    std::vector<abi::FrameId> processes;
    for (auto const& info : frames)
        if (info.type == abi::FrameType::process) processes.push_back(info.frame);
    return processes;
}

// Neither place nor birth count: the cleaner moves blocks, and a process may write what was there before.
bool is_same(FrameInfo const& a, FrameInfo const& b) {
    return a.mark.raw() == b.mark.raw() && a.live == b.live && a.zero == b.zero && a.hash == b.hash;
}

} // namespace

std::string_view change_name(Change change) {
    static constexpr std::array<std::string_view, 3> names = {"changed", "new", "gone"};
    return names[static_cast<std::size_t>(change)];
}

char change_mark(Change change) { return "M+-"[static_cast<std::size_t>(change)]; }

bool CheckpointDifference::has_type(abi::FrameType type) const {
    return std::any_of(frames.begin(), frames.end(), [&](auto const& frame) { return frame.type == type; });
}

CheckpointDifference compare_frames(StoreView& before, StoreView& after) {
    auto const old_frames = frames_of(before), new_frames = frames_of(after);
    CheckpointDifference out;
    out.before = old_frames.size(), out.after = new_frames.size();
    out.processes_before = processes_in(old_frames), out.processes_after = processes_in(new_frames);
    auto const note = [&](FrameInfo const& info, Change change) {
        out.frames.push_back({info.frame, info.type, change});
        out.numbers.insert(info.frame.number());
    };
    auto a = old_frames.begin(), b = new_frames.begin();
    while (a != old_frames.end() || b != new_frames.end()) {
        bool const in_a = a != old_frames.end() && (b == new_frames.end() || a->frame <= b->frame);
        bool const in_b = b != new_frames.end() && (a == old_frames.end() || b->frame <= a->frame);
        if (in_a && in_b && a->type == b->type) {
            if (!is_same(*a, *b)) note(*b, Change::changed);
        } else {
            if (in_a) note(*a, Change::removed);
            if (in_b) note(*b, Change::added);
        }
        if (in_a) ++a;
        if (in_b) ++b;
    }
    return out;
}

} // namespace tools
