// SPDX-License-Identifier: Apache-2.0
// All disks that a power cut could leave.
#include "crash_states.hpp"

#include <algorithm>
#include <map>

namespace tests {

void CrashStates::apply(Pending const& write, std::size_t first, std::size_t count) {
    if (count == 0) return;
    auto const data = std::span(write.event->data).subspan(first * 512, count * 512);
    disk_.apply(write.event->offset + first * 512, data);
}

void CrashStates::apply_others(std::size_t but) {
    for (std::size_t i = 0; i < pending_.size(); ++i)
        if (i != but) apply(pending_[i], 0, pending_[i].sectors());
}

bool CrashStates::wanted() {
    return turn_++ % options_.every == 0 && counts_.states < options_.states_at_most;
}

void CrashStates::state() {
    ++counts_.states;
    if (seen_.insert(disk_.digest()).second) ++counts_.distinct;
    (*check_)(disk_, marked_);
    disk_.undo_to(0);
}

void CrashStates::subsets(std::size_t fresh) {
    auto const all = std::size_t{1} << pending_.size();
    for (std::size_t mask = 0; mask < all; ++mask) {
        if (fresh != nothing_fresh && (mask >> fresh & 1) == 0) continue;
        if (!wanted()) continue;
        for (std::size_t i = 0; i < pending_.size(); ++i)
            if ((mask >> i & 1) != 0) apply(pending_[i], 0, pending_[i].sectors());
        state();
    }
}

// Each write in turn: every prefix, every suffix, every single sector missing; the others all there or none.
void CrashStates::torn(std::size_t fresh) {
    for (std::size_t w = 0; w < pending_.size(); ++w) {
        auto const& write = pending_[w];
        for (std::size_t n = 1; n < write.sectors(); ++n)
            for (int others = 0; others < 2; ++others) {
                if (fresh != nothing_fresh && w != fresh && others == 0) continue;
                for (int form = 0; form < 3; ++form) {
                    if (!wanted()) continue;
                    if (others != 0) apply_others(w);
                    if (form == 0) apply(write, 0, n);
                    if (form == 1) apply(write, n, write.sectors() - n);
                    if (form == 2) {
                        apply(write, 0, n);
                        apply(write, n + 1, write.sectors() - n - 1);
                    }
                    state();
                }
            }
    }
}

void CrashStates::sampled(std::size_t fresh) {
    std::vector<std::size_t> order(pending_.size());
    for (std::size_t sample = 0; sample < options_.samples; ++sample) {
        if (!wanted()) continue;
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::shuffle(order.begin(), order.end(), random_);
        auto const density = random_() % 5;
        for (auto const i : order)
            for (std::size_t s = 0; s < pending_[i].sectors(); ++s)
                if (i == fresh ? s == 0 || random_() % 2 == 0 : random_() % 4 < density)
                    apply(pending_[i], s, 1);
        state();
    }
}

void CrashStates::cut(std::size_t fresh) {
    ++counts_.cuts;
    turn_ = 0; // the first state of each cut is never skipped
    counts_.most_pending = std::max<std::uint64_t>(counts_.most_pending, pending_.size());
    if (pending_.size() <= options_.exhaustive_below) subsets(fresh);
    torn(fresh);
    if (!pending_.empty()) sampled(fresh);
}

void CrashStates::flush(std::vector<std::uint64_t> const& covered) {
    for (auto const id : covered) {
        auto const at =
            std::find_if(pending_.begin(), pending_.end(), [&](auto const& w) { return w.event->id == id; });
        if (at == pending_.end()) continue;
        // A write that failed, or whose flush failed, may be there or not after a later flush: the seed says.
        if (!at->failed || random_() % 2 == 0) apply(*at, 0, at->sectors());
        pending_.erase(at);
    }
    std::erase_if(done_,
                  [&](auto id) { return std::find(covered.begin(), covered.end(), id) != covered.end(); });
    disk_.forget_changes();
}

// What a failed flush was to make durable may have been dropped from the cache (fsync of most systems).
void CrashStates::doubt(std::vector<std::uint64_t> const& covered) {
    for (auto& write : pending_)
        if (std::find(covered.begin(), covered.end(), write.event->id) != covered.end()) write.failed = true;
}

void CrashStates::submitted(Event const& event) {
    for (auto const& other : pending_)
        if (event.offset < other.event->offset + other.event->data.size() &&
            other.event->offset < event.offset + event.data.size() && !other.failed)
            ++counts_.overlapping;
    pending_.push_back({&event});
    cut(pending_.size() - 1);
}

void CrashStates::completed(Event const& event) {
    done_.push_back(event.id);
    for (auto& write : pending_) {
        if (write.event->id != event.id) continue;
        if (event.kind == EventKind::write_failed) write.failed = true;
        if (event.kind == EventKind::write_dropped) write.kept = event.offset;
    }
    if (options_.volatile_cache) return;
    flush({event.id});
    cut(nothing_fresh);
}

CrashCounts CrashStates::run(Check const& check) {
    check_ = &check;
    std::map<std::uint64_t, std::vector<std::uint64_t>> covers; // flush -> writes completed before it
    cut(nothing_fresh);
    for (auto const& event : history_) {
        if (counts_.states >= options_.states_at_most) break;
        switch (event.kind) {
        case EventKind::write_submitted: submitted(event); break;
        case EventKind::write_completed:
        case EventKind::write_failed:
        case EventKind::write_dropped: completed(event); break;
        case EventKind::flush_submitted: covers[event.id] = done_; break;
        case EventKind::flush_completed:
            flush(covers[event.id]);
            cut(nothing_fresh);
            break;
        case EventKind::flush_failed:
            doubt(covers[event.id]);
            cut(nothing_fresh);
            break;
        case EventKind::mark:
            marked_ = event.id;
            cut(nothing_fresh);
            break;
        }
    }
    return counts_;
}

} // namespace tests
