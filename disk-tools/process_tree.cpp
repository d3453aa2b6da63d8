// SPDX-License-Identifier: Apache-2.0
// Depth first from those whom nobody holds; then from what a ring left over.
#include "process_tree.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace tools {
namespace {

class TreeBuilder {
public:
    explicit TreeBuilder(Objects& objects) : processes_(objects.processes()) {
        for (auto const& process : processes_) note_holdings(objects, process);
    }

    std::vector<TreeRow> build() {
        for (auto const& process : processes_)
            if (holders_[process.frame].empty()) place(process, 0, {});
        for (auto const& process : processes_) place(process, 0, {});
        return std::move(rows_);
    }

private:
    void note(abi::FrameId held, ProcessInfo const& holder, std::string const& as) {
        if (held == holder.frame || !seen_.insert({held, holder.frame, as}).second) return;
        holders_[held].push_back({holder.frame, holder.name, as});
    }

    void note_holdings(Objects& objects, ProcessInfo const& process) {
        for (auto const& capability : objects.held_by(process.frame)) {
            auto const& row = abi::row_of(capability.type());
            if (row.frame_type == abi::FrameType::process && !objects.is_stale(capability))
                note(capability.object().frame(), process, std::string(row.name));
        }
        auto const keeper = objects.receiver_of(objects.keeper_of(process.frame));
        if (!keeper) return;
        auto const at = std::find_if(processes_.begin(), processes_.end(),
                                     [&](auto const& other) { return other.frame == *keeper; });
        if (at != processes_.end()) note(process.frame, *at, "keeper");
    }

    void place(ProcessInfo const& process, unsigned depth, std::optional<abi::FrameId> parent) {
        if (!placed_.insert(process.frame).second) return;
        rows_.push_back({process, depth, parent, holders_[process.frame]});
        for (auto const& other : processes_) {
            auto const& holders = holders_[other.frame];
            if (std::any_of(holders.begin(), holders.end(),
                            [&](auto const& holder) { return holder.frame == process.frame; }))
                place(other, depth + 1, process.frame);
        }
    }

    std::vector<ProcessInfo> processes_; // by PID
    std::map<abi::FrameId, std::vector<ProcessHolder>> holders_;
    std::set<std::tuple<abi::FrameId, abi::FrameId, std::string>> seen_;
    std::set<abi::FrameId> placed_;
    std::vector<TreeRow> rows_;
};

} // namespace

std::vector<TreeRow> process_tree(Objects& objects) { return TreeBuilder(objects).build(); }

} // namespace tools
