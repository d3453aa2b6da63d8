// SPDX-License-Identifier: Apache-2.0
// The parts together: who gets which completion, and for whom a flush counts.
#include "state.hpp"

namespace checkpoint {

void EngineState::complete(store::Completion const& done) {
    auto const asker = io.complete(done.tag);
    switch (static_cast<Owner>(asker.owner)) {
    case Owner::log:
    case Owner::mirror:
    case Owner::moved:
    case Owner::map:
    case Owner::map_copy: streams[asker.owner].complete(asker.part, done.error); return;
    case Owner::record: commit.record_written(done.error); return;
    case Owner::flush: flush_done(done.error); return;
    case Owner::slot_read: roots.read_done(asker.part, done.error); return;
    case Owner::slot_write: roots.write_done(done.error); return;
    case Owner::fetch: fetches.read_done(asker.part, done.error); return;
    case Owner::fold: migration.read_done(asker.part, done.error); return;
    }
    unreachable();
}

void EngineState::advance() {
    if (read_only) return;
    runnable = false;
    for (bool moved = true; moved;) {
        moved = commit.step();
        moved = roots.step() || moved;
    }
    // One stretch of migration a step: the caller gets to its fetches and commits in between.
    runnable = migration.step();
    consider_flush();
}

// At most one flush is in flight. It counts for everything whose writes have all completed by now.
void EngineState::consider_flush() {
    if (flushing) return;
    auto const for_commit = commit.wants_flush();
    if (!for_commit && !migration.wants_flush() && !roots.wants_flush()) return;
    flushing = true;
    flush_for_commit = for_commit;
    flush_for_roots = roots.written();
    flush_for_migration = migration.covered_by_flush();
    submit(Owner::flush, 0, store::Priority::commit, {store::RequestKind::flush, 0, 0, {}});
    ++counters.flushes;
}

void EngineState::flush_done(Error error) {
    flushing = false;
    if (error != Error::none) {
        // Never retried and believed: everything that the flush may have lost is given up.
        flush_for_commit = flush_for_roots = flush_for_migration = false;
        commit.flush_failed();
        roots.flush_failed();
        migration.flush_failed();
        return;
    }
    auto const for_commit = flush_for_commit;
    auto const for_migration = flush_for_migration;
    auto const for_roots = flush_for_roots;
    flush_for_commit = flush_for_roots = flush_for_migration = false;
    if (for_roots) roots.flush_done();
    if (for_migration) migration.flush_done();
    if (for_commit) commit.flush_done();
}

// The most segments that a commit may open: its blocks and directory, the copy of
// the directory, the next places.
std::uint32_t EngineState::commit_segments(std::uint32_t frames) const {
    auto const in_segment = geometry.sectors_per_segment() - abi::disk::sectors_per_frame;
    auto const directory = frames / 21 + 3; // 21 entries of 24 bytes a sector
    auto const data = frames * abi::disk::sectors_per_frame;
    return (data + directory) / in_segment + 2 + directory / in_segment + 2;
}

// Every node anew, as many again for what the fold adds, the tables, and its streams' open segments; and an
// empty commit to name it.
std::uint32_t EngineState::fold_segments() const {
    // (The tables of checkpoints fit into what the streams hold open.)
    auto const added = directories.entries_used() / (abi::disk::leaf_capacity / 2) + 4;
    auto const all_nodes = map_nodes + added;
    auto const sectors =
        2 * (all_nodes * abi::disk::sectors_per_node + abi::disk::table_sectors(geometry.segments));
    return static_cast<std::uint32_t>(sectors /
                                      (geometry.sectors_per_segment() - abi::disk::sectors_per_node)) +
           7;
}

std::uint32_t EngineState::slack_segments() const {
    auto const live = segments.live_sectors() / geometry.sectors_per_segment() + fold_segments();
    return segments.usable() - std::min(segments.usable(), static_cast<std::uint32_t>(live));
}

// R29: an eighth for cleaning, the fold's reserve, one commit of a sixteenth of the store (in a tiny one, of
// a few frames), segments that streams hold open; and of each segment the end that no block fits into.
std::uint64_t EngineState::limit_sectors() const {
    auto const one_commit = std::max(segments.usable() / 16, commit_segments(8));
    auto const kept = segments.usable() / 8 + one_commit + fold_segments() + 8;
    auto const sectors = geometry.sectors_per_segment() - abi::disk::sectors_per_frame;
    return kept < segments.usable() ? std::uint64_t{segments.usable() - kept} * sectors : 0;
}

std::uint64_t EngineState::superseded_sectors() const {
    auto const entries = retained.entries();
    auto const pinned = !entries.empty() && entries.back().generation > base;
    return pinned ? 0 : std::uint64_t{directories.superseded()} * abi::disk::sectors_per_frame;
}

std::uint64_t EngineState::limit_beside_pins() const {
    auto const pins = retained.shared_blocks() * abi::disk::sectors_per_frame;
    return limit_sectors() - std::min(limit_sectors(), pins);
}

} // namespace checkpoint
