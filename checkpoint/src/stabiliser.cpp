// SPDX-License-Identifier: Apache-2.0
// The part of a commit that takes frames: zero and unchanged ones become entries only, others go to the log.
#include "state.hpp"

#include <store/map_node.hpp>

#include <algorithm>
#include <cstring>

namespace checkpoint {

using namespace abi::disk;

namespace {

bool same_fact(DirectoryEntry const& a, DirectoryEntry const& b) {
    return a.type() == b.type() && a.mark() == b.mark() && a.live() == b.live() && a.zero() == b.zero() &&
           a.hash == b.hash;
}

// The newest entry of a frame, as far as memory says it: of the directories, else of a leaf that a fetch has
// read. A pass under way may move the map's block: its entry is good for comparing, its place only if it
// stays (see is_victim).
std::optional<DirectoryEntry> known_entry(EngineState const& s, abi::FrameId frame) {
    if (auto const* entry = s.directories.find(frame); entry != nullptr) return *entry;
    MapKey const key{frame.number(), ~std::uint64_t{0}};
    for (auto node = s.nodes.find(s.map); !node.empty();) {
        if (store::node_header(node).level == 0) {
            auto const found = store::find_in_leaf(node, key);
            if (!found) break;
            auto const entry = s.moves.placed(*found).entry;
            if (!entry.absent()) return entry;
            break;
        }
        auto const child = store::child_for(node, key);
        if (!child) break;
        node = s.nodes.find(child->child);
    }
    return std::nullopt;
}

} // namespace

Result<> Commit::begin(std::uint32_t frames, bool housekeeping) {
    expects(phase_ == Phase::idle);
    auto& s = state_;
    if (s.stopped != Error::none) return base::fail(s.stopped);
    // More directories than the bound may exist while empty commits switch to the map that ends that.
    if (s.directories.full() && !(housekeeping && s.directories.places() > 0)) return base::fail(Error::busy);
    auto const entries = s.directories.allocate(frames);
    if (!entries) return base::fail(Error::busy);
    entries_ = *entries;
    count_ = 0;
    limit_ = frames;
    frames_ = 0;
    data_bytes_ = 0;
    error_ = Error::none;
    record_ = CommitRecord();
    runs_[0] = runs_[1] = 0;
    staged_full_ = false;
    record_ready_ = false;
    housekeeping_ = housekeeping;
    generation_ = Generation(s.report.boot, s.last_used.counter() + 1);
    s.last_used = generation_;
    s.stream(Owner::log).start_at_hole();
    s.stream(Owner::mirror).start_at_hole();
    phase_ = Phase::open;
    return {};
}

base::Bytes Commit::next_buffer() {
    expects(phase_ == Phase::open);
    auto& log = state_.stream(Owner::log);
    auto const memory = log.reserve(sectors_per_frame);
    if (!memory || memory->empty()) return {};
    auto const frames =
        std::min<std::size_t>(log.contiguous_bytes() / abi::frame_size, frames_in_buffer_at_most);
    return {memory->data(), frames * abi::frame_size};
}

Result<> Commit::add(FrameImage const& image) {
    expects(phase_ == Phase::open && count_ < limit_ && image.frame.is_persistent() &&
            image.frame.number() != 0);
    expects(image.content.empty() || image.content.size() == abi::frame_size);
    auto& s = state_;
    EntryFields fields{image.frame, image.type, image.mark, {}, 0, 0};
    if (image.live) fields.flags |= EntryFlag::live;
    auto const zero = image.content.empty() || base::all_zero(image.content);
    auto const before = known_entry(s, image.frame);
    if (zero) {
        fields.flags |= EntryFlag::zero;
    } else {
        fields.hash = store::frame_hash(image.frame, image.type, image.content);
    }
    // The older entry says the same already: it serves this checkpoint too.
    auto const unchanged = before && same_fact(*before, make_entry(fields));
    if (!zero && !unchanged) TRY(place_block(image, before, fields));
    ++frames_;
    ++s.counters.frames_added;
    if (zero) ++s.counters.frames_zero;
    else if (unchanged || fields.flags.has(EntryFlag::shared)) ++s.counters.frames_unchanged;
    if (!unchanged && error_ == Error::none) entries_[count_++] = make_entry(fields);
    return {};
}

// Where the content stands: the older block if it is the same and stays where it is, else the log.
Result<> Commit::place_block(FrameImage const& image, std::optional<DirectoryEntry> const& before,
                             EntryFields& fields) {
    auto& s = state_;
    auto const same = before && !before->zero() && before->type() == image.type &&
                      before->hash == fields.hash && !s.segments.is_victim(before->place());
    if (same) {
        fields.flags |= EntryFlag::shared;
        fields.sector = before->sector();
        return {};
    }
    auto const place = s.stream(Owner::log).append(image.content);
    if (place.error == Error::busy) return base::fail(Error::busy);
    // begin_commit kept enough free segments: else the device or the accounts failed.
    if (place) fields.sector = place->first();
    else error_ = place.error;
    data_bytes_ += abi::frame_size;
    ++s.counters.frames_written;
    return {};
}

// Nothing was named by a record: what was written is garbage in segments that live on.
void Commit::abandon() {
    expects(phase_ == Phase::open);
    state_.stream(Owner::log).drop_unsent();
    state_.stream(Owner::mirror).drop_unsent();
    error_ = Error::none;
    phase_ = Phase::idle;
}

CommitState Commit::visible_state() const {
    if (housekeeping_ && phase_ != Phase::committed) return CommitState::none;
    switch (phase_) {
    case Phase::idle: return CommitState::none;
    case Phase::open: return CommitState::open;
    case Phase::directory:
    case Phase::drain_first:
    case Phase::drain:
    case Phase::failing: return CommitState::writing;
    case Phase::committed: return CommitState::committed;
    case Phase::failed: return CommitState::failed;
    }
    unreachable();
}

Result<Generation> Commit::take() {
    expects(phase_ == Phase::committed || phase_ == Phase::failed);
    auto const failed = phase_ == Phase::failed;
    phase_ = Phase::idle;
    if (failed) return base::fail(state_.stopped != Error::none ? state_.stopped : error_);
    return generation_;
}

} // namespace checkpoint
