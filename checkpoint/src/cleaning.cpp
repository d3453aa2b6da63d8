// SPDX-License-Identifier: Apache-2.0
// Migration: which segments a pass empties, and when it is time to.
//
//   Cost-benefit (Rosenblum and Ousterhout, "The Design and Implementation of a Log-Structured File System",
//   1992, section 3.5): a segment whose share u is live costs 1 + u (it is read, what lives is written) and
//   gives 1 - u, for as long as what lives there goes on to, which its age foretells. So cold segments are
//   emptied while they are fuller than hot ones, whose blocks will soon be superseded anyway.
#include "migration.hpp"
#include "state.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace checkpoint {

using namespace abi::disk;

namespace {

constexpr std::uint32_t ranks = 200;

// Four to each power of two.
std::uint32_t rank_of(std::uint64_t value) {
    if (value < 4) return static_cast<std::uint32_t>(value);
    auto const power = static_cast<std::uint32_t>(std::bit_width(value)) - 3;
    return std::min(power * 4 + static_cast<std::uint32_t>(value >> power), ranks - 1);
}

struct Rank {
    std::uint32_t sectors = 0; // live
    std::uint32_t segments = 0;
};

// What emptying some segments takes and gives.
struct Victims {
    std::uint64_t capacity = 0; // sectors of a segment that moved blocks fill
    std::uint64_t most = 0;     // sectors that may be moved
    std::uint32_t wanted = 0;   // segments to gain
    std::uint64_t moved = 0;    // sectors
    std::uint32_t emptied = 0;  // segments

    void take(std::uint32_t sectors) {
        moved += sectors;
        ++emptied;
    }
    void take(Rank const& rank) {
        moved += rank.sectors;
        emptied += rank.segments;
    }
    std::uint32_t gain() const {
        auto const filled = static_cast<std::uint32_t>((moved + capacity - 1) / capacity);
        return emptied > filled ? emptied - filled : 0;
    }
    bool enough() const { return gain() >= wanted; }
    // All of them, without more than enough.
    bool may_take(Rank const& rank) const {
        if (moved + rank.sectors > most) return false;
        auto both = *this;
        both.take(rank);
        return both.gain() <= wanted;
    }
};

} // namespace

// As late as possible, for segments grow sparser; but commits go on meanwhile, and a pass has room of its
// own.
std::uint32_t Migration::low_water() const {
    auto const& s = state_;
    return s.reserve_segments() + s.slack_segments() / 64 + 2;
}

// Once begun, up to here: a pass that moves blocks reads the whole map, whatever it gains.
std::uint32_t Migration::high_water() const { return low_water() + state_.slack_segments() / 8; }

// 0: it is not to be emptied.
std::uint32_t Migration::benefit(std::uint32_t index, bool folding) const {
    auto const& segment = state_.segments[index];
    std::uint64_t const sectors = state_.geometry.sectors_per_segment();
    auto const live = segment.needed();
    if (segment.nodes && !folding) return 0;
    // Of what an unmigrated checkpoint refers to, much is superseded before it is migrated.
    if (segment.state != store::SegmentState::used || segment.log != 0 || segment.map == 0) return 0;
    if (live > sectors / 16 * 15) return 0;
    auto const now = static_cast<std::uint32_t>(state_.last_used.counter());
    // What no pass of this boot has met counts as young: then the sparsest go first.
    auto const age = segment.youngest == 0 || segment.youngest > now ? 1 : now - segment.youngest + 1;
    // The square of the paper's measure with the root of the age (decision 0010 has the figures).
    auto const gain = (sectors - live) * 1024 / (sectors + live);
    return rank_of(gain * gain * age);
}

// Segments of `free` ones that the pass may fill with moved blocks, beside the new map.
std::uint64_t Migration::room_to_move(std::uint32_t free) const {
    auto const& s = state_;
    auto const spare = [&](std::uint64_t kept) { return free - std::min<std::uint64_t>(kept, free); };
    auto const safe = std::min<std::uint64_t>(spare(s.fold_segments()), s.moved_segments());
    if (!urgent_) return safe;
    // The commit waits, and takes nothing meanwhile; the map hardly grows.
    auto const map = s.map_nodes * 2 * sectors_per_node / s.geometry.sectors_per_segment();
    return std::max(safe, spare(map + 4) / 2);
}

// The segments with the most benefit, until `room` segments are moved or enough is gained. Returns
// the gain in segments.
std::uint32_t Migration::choose_victims(bool folding, std::uint64_t room) {
    auto& s = state_;
    auto& segments = s.segments;
    auto const there = s.available();
    auto const wanted = urgent_ && needed_ != for_entries ? std::max(needed_, high_water()) : high_water();
    auto const due = urgent_ ? wanted : low_water() + (folding ? s.segments.usable() / 64 : 0);
    if (there >= due) return 0;
    auto const sectors = s.geometry.sectors_per_segment();
    std::uint64_t const capacity = sectors / sectors_per_frame * sectors_per_frame;
    auto const most = room * capacity;
    Victims chosen{.capacity = capacity, .most = most, .wanted = wanted - there};
    std::array<Rank, ranks> of_rank{};
    for (std::uint32_t i = 1; i < s.geometry.last_segment(); ++i) {
        auto& rank = of_rank[benefit(i, folding)];
        rank.sectors += segments[i].needed();
        ++rank.segments;
    }
    auto rank = ranks - 1;
    for (; rank > 0 && chosen.may_take(of_rank[rank]); --rank) chosen.take(of_rank[rank]);
    for (std::uint32_t i = 1; i < s.geometry.last_segment(); ++i)
        if (benefit(i, folding) > rank) segments.mark_victim(i);
    // Of the rank that is too many, some.
    for (std::uint32_t i = 1; rank > 0 && i < s.geometry.last_segment() && !chosen.enough(); ++i) {
        if (benefit(i, folding) != rank || chosen.moved + segments[i].needed() > most) continue;
        segments.mark_victim(i);
        chosen.take(segments[i].needed());
    }
    // A pass for this alone must be worth the map that it reads.
    auto const least = folding ? 1U : std::max(s.fold_segments() / 8, 1U);
    if (chosen.gain() >= least) return chosen.gain();
    segments.forget_fold();
    return 0;
}

} // namespace checkpoint
