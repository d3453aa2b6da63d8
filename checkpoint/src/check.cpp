// SPDX-License-Identifier: Apache-2.0
// `check`: root slots, the log and the accounts of space. (The map and the blocks: check_content.cpp.)
#include "checker.hpp"

#include "record.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

Result<CheckResult> Checker::run() {
    state_.segments.forget_fold(); // its counters serve to recount what the map refers to
    for (auto const& entry : state_.retained.entries())
        if (entry.generation < state_.directories[0].record.generation)
            views_.push_back(Generation(entry.generation));
    for (std::size_t i = 0; i < state_.directories.size(); ++i)
        if (auto const at = state_.directories[i].generation(); state_.readable(at)) views_.push_back(at);
    for (auto const view : views_)
        if (view.raw() <= state_.base) points_.push_back(view.raw());
    if (points_.empty()) points_.push_back(state_.base);
    result_.checkpoints = views_.size();
    slots();
    log();
    TRY(map());
    TRY(frames());
    space();
    return result_;
}

void Checker::slots() {
    auto const buffer = state_.scratch.first(sector_size);
    bool good[4] = {};
    std::uint64_t want[2] = {};
    std::uint64_t got[4] = {};
    for (std::uint32_t i = 0; i < 4; ++i) {
        auto const offset = state_.geometry.slot_offset(i / 2, i % 2);
        if (io_.read(offset, buffer)) {
            auto const found = store::decode_slot(buffer, i / 2);
            good[i] = found.valid() && found.slot.store == state_.store;
            got[i] = found.hash_found.low;
            if (good[i]) want[i / 2] = found.slot.hash.low;
        }
        listener_.progress(CheckPhase::slots, i + 1, 4);
    }
    // A slot is one sector: no power cut tears it, a bad copy is damage.
    for (std::uint32_t i = 0; i < 4; ++i)
        if (!good[i])
            damage(good[i ^ 1] ? Finding::single_copy : Finding::root_slot, Finding::root_slot,
                   state_.geometry.slot_offset(i / 2, i % 2), want[i / 2], got[i], 0);
}

void Checker::record_copies(CommitRecord const& record) {
    for (auto const place : record.self) {
        auto const sector = state_.scratch.first(sector_size);
        CommitRecord found;
        auto const readable = static_cast<bool>(io_.read(place.offset(), sector));
        if (readable && decode_record(sector, place, state_.geometry, found) && found.hash == record.hash)
            continue;
        damage(Finding::single_copy, Finding::record, place.offset(), record.hash.low,
               readable ? store::hash128(HashSeed::record, sector.subspan(record_hash_from)).low : 0,
               record.generation);
    }
}

bool Checker::directory_good(std::array<Extent, directory_extents> const& runs, CommitRecord const& record) {
    store::StreamHash hash(HashSeed::directory);
    std::uint64_t left = record.directory_bytes;
    auto const sector = state_.scratch.first(sector_size);
    for (auto const run : runs)
        for (std::uint32_t i = 0; i < run.count(); ++i) {
            if (!io_.read(run.offset() + i * sector_size, sector)) return false;
            for (std::size_t at = 0; at < sector_size && left > 0; at += 8, left -= 8)
                hash.add(base::read<std::uint64_t>(sector, at));
        }
    return left == 0 && hash.finish() == record.directory_hash;
}

void Checker::directory_copies(CommitRecord const& record) {
    ++result_.directories;
    for (auto const* runs : {&record.directory, &record.directory_copy})
        if (!directory_good(*runs, record))
            damage(Finding::single_copy, Finding::directory, (*runs)[0].offset(), record.directory_hash.low,
                   0, record.generation);
}

void Checker::log() {
    auto const& list = state_.directories;
    if (state_.report.torn) {
        result_.torn_commit = true;
        Corruption note;
        note.finding = Finding::torn_commit;
        note.generation = state_.report.torn_generation.raw();
        note.last_good = state_.newest().generation;
        listener_.report(note);
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto const& record = list[i].record;
        // The newest may lack a copy because the power went before its flush: whole, but not yet twice.
        auto const acknowledged = i + 1 < list.size() || state_.report.trusted_slot || state_.report.torn;
        if (acknowledged) record_copies(record);
        if (record.generation > state_.base && (acknowledged || state_.report.trusted_flushed))
            directory_copies(record);
        listener_.progress(CheckPhase::log, i + 1, list.size());
    }
}

void Checker::checkpoint_table() {
    auto const& table = state_.checkpoints;
    if (table.none()) return;
    bool good[2] = {};
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const place = table.place[copy];
        auto const bytes = state_.scratch.first(place.bytes());
        good[copy] =
            io_.read(place.offset(), bytes) && store::hash64(HashSeed::checkpoint_table, bytes) == table.hash;
        state_.segments.fold_adds(place);
    }
    for (std::size_t copy = 0; copy < 2; ++copy)
        if (!good[copy])
            damage(good[1 - copy] ? Finding::single_copy : Finding::checkpoint_table,
                   Finding::checkpoint_table, table.place[copy].offset(), table.hash, 0,
                   state_.newest().generation);
    // Whole, and yet none: its entries break a rule.
    if (good[0] && good[1] && state_.retained.empty())
        damage(Finding::checkpoint_table, Finding::checkpoint_table, table.place[0].offset(), table.hash,
               table.hash, state_.newest().generation);
}

// The table says what the walk counted.
void Checker::space() {
    auto const& table = state_.table;
    checkpoint_table();
    if (!table.none())
        for (auto const place : table.place) state_.segments.fold_adds(place);
    for (std::size_t copy = 0; copy < 2 && !table.none(); ++copy) {
        auto const place = table.place[copy];
        store::Finding finding = Finding::none;
        auto const bytes = state_.scratch.first(place.bytes());
        auto const good =
            io_.read(place.offset(), bytes) && store::hash64(HashSeed::segment_table, bytes) == table.hash;
        if (!good) finding = Finding::single_copy;
        for (std::uint32_t i = 0; good && i < state_.segments.size(); ++i) {
            auto const counted = state_.segments[i].change;
            if (counted == base::read<LiveSectors>(bytes, i * sizeof(LiveSectors))) continue;
            result_.space_balances = false;
            finding = Finding::segment_table;
        }
        if (finding != Finding::none)
            damage(finding, Finding::segment_table, place.offset(), table.hash,
                   store::hash64(HashSeed::segment_table, bytes), state_.newest().generation);
        listener_.progress(CheckPhase::space, copy + 1, 2);
    }
}

Result<CheckResult> OfflineStore::check(CheckListener& listener, BlockVerifier* verifier) {
    Checker checker(engine_.state(), *device_, listener, verifier);
    return checker.run();
}

} // namespace checkpoint
