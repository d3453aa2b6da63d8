// SPDX-License-Identifier: Apache-2.0
// Recovery: root slots, chain, verification of the newest record.
#include "recovery.hpp"

#include "record.hpp"

#include <abi/revision.hpp>

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

void Recovery::read_slot(std::uint32_t index, std::uint32_t copy, std::uint64_t offset) {
    auto const sector = state_.scratch.first(sector_size);
    auto& state = slots_[index * 2 + copy];
    auto const done = io_.read(offset, sector);
    if (done) state = store::decode_slot(sector, index);
    state.index = index;
    state.copy = copy;
    state.offset = offset;
    // Geometry must be the one the copy was found by.
    if (state.valid() &&
        store::Geometry{state.slot.segment_shift, state.slot.segments}.slot_offset(index, copy) != offset)
        state.fields_valid = false;
}

Result<> Recovery::read_slots() {
    auto const capacity = io_.device().capacity();
    if (capacity < root_slot_count * root_slot_stride) return base::fail(Error::not_a_store);
    for (std::uint32_t i = 0; i < root_slot_count; ++i) read_slot(i, 0, i * root_slot_stride);
    RootSlot const* known = nullptr;
    for (auto const& state : slots_)
        if (state.valid()) known = &state.slot;
    if (known != nullptr) geometry_ = {known->segment_shift, known->segments};
    // Without the front copies, the end is where a store of whole segments fills the device.
    for (auto shift = segment_shift_max; known == nullptr && shift >= segment_shift_min; --shift) {
        store::Geometry const guess{shift, capacity >> shift};
        if (!guess.valid()) continue;
        for (std::uint32_t i = 0; i < root_slot_count; ++i) read_slot(i, 1, guess.slot_offset(i, 1));
        for (auto const& state : slots_)
            if (state.valid()) known = &state.slot;
        if (known != nullptr) geometry_ = {known->segment_shift, known->segments};
    }
    if (known == nullptr) return choose_slot();
    if (known->format_revision > abi::format_revision || (known->incompat & ~incompat_known) != 0)
        return base::fail(Error::newer_format);
    if (!options_.read_only && (known->ro_compat & ~ro_compat_known) != 0)
        return base::fail(Error::newer_format);
    if (geometry_.bytes() > capacity) return base::fail(Error::truncated);
    for (std::uint32_t i = 0; i < root_slot_count; ++i) read_slot(i, 1, geometry_.slot_offset(i, 1));
    return choose_slot();
}

Result<> Recovery::choose_slot() {
    store::SlotState const* best = nullptr;
    bool magic = false;
    for (auto const& state : slots_) {
        magic = magic || (state.readable && state.magic_matches);
        if (!state.valid()) continue;
        ++state_.report.slots_valid;
        if (best == nullptr || state.slot.sequence > best->slot.sequence) best = &state;
    }
    if (best == nullptr) return base::fail(magic ? Error::bad_superblock : Error::not_a_store);
    slot_ = best->slot;
    state_.report.slot_chosen = slot_.slot;
    state_.store = slot_.store;
    for (auto const& state : slots_) {
        auto& known = state_.roots.known()[state.index];
        if (!state.valid() || state.slot.store != slot_.store) {
            // A torn refresh leaves both copies of one slot bad, and that is nobody's fault; one bad copy is
            // rot.
            auto const& other = slots_[state.index * 2 + 1 - state.copy];
            if (other.valid()) {
                ++state_.report.copies_used;
                note(store::Finding::single_copy, store::Finding::root_slot,
                     Extent::make(state.offset / sector_size, 1), other.slot.hash.low, other.slot.generation);
            }
            continue;
        }
        if (!known.valid || state.slot.sequence > known.slot.sequence)
            known = {state.slot, true, state.slot.generation};
    }
    // A torn slot was older than the valid one before it was torn, so what the valid one lets go may be gone.
    for (auto& known : state_.roots.known())
        if (!known.valid) known.generation = slot_.generation;
    return {};
}

void Recovery::note(store::Finding finding, store::Finding part, Extent place, std::uint64_t want,
                    std::uint64_t generation) {
    store::Corruption report;
    report.finding = finding;
    report.part = part;
    report.offset = place.offset();
    report.want = want;
    report.generation = generation;
    if (report.is_damage()) state_.report.damaged = true;
    state_.report_finding(report);
}

// Either copy will do. With `report`, a bad copy is a finding: this record was acknowledged.
bool Recovery::read_record(Twin const& places, CommitRecord& record, bool report) {
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const sector = state_.scratch.first(sector_size);
        if (!io_.read(places[copy].offset(), sector)) continue;
        if (!decode_record(sector, places[copy], geometry_, record) || record.store != slot_.store) continue;
        if (copy == 1) {
            ++state_.report.copies_used;
            if (report)
                note(store::Finding::single_copy, store::Finding::record, places[0], record.hash.low,
                     record.generation);
        }
        return true;
    }
    return false;
}

bool Recovery::follows(CommitRecord const& record, CommitRecord const& parent, RootSlot const& slot) const {
    if (record.parent_hash != parent.hash || record.generation <= parent.generation) return false;
    auto const boot = Generation(record.generation).boot();
    return boot > slot.boot || (boot == slot.boot && record.nonce == slot.nonce);
}

Result<> Recovery::walk_from(RootSlot const& slot) {
    if (!read_record(slot.record, newest_, true) || newest_.hash != slot.record_hash) {
        note(store::Finding::record, store::Finding::record, slot.record[0], slot.record_hash.low,
             slot.generation);
        return base::fail(Error::corrupt);
    }
    next_ = slot.next;
    for (;;) {
        CommitRecord candidate;
        bool found = false;
        // Each copy by itself: the first may be a leftover while the second is what we look for.
        for (std::size_t copy = 0; copy < 2 && !found; ++copy) {
            auto const sector = state_.scratch.first(sector_size);
            found = io_.read(next_[copy].offset(), sector) &&
                    decode_record(sector, next_[copy], geometry_, candidate) &&
                    candidate.store == slot.store && candidate.self == next_ &&
                    follows(candidate, newest_, slot);
            if (found && copy == 1) ++state_.report.copies_used;
        }
        if (!found) return {};
        parent_ = newest_;
        newest_ = candidate;
        next_ = candidate.next;
        if (++state_.report.records_walked > 4 * refresh_after) return base::fail(Error::corrupt);
    }
}

bool Recovery::load_copy(std::array<Extent, directory_extents> const& runs, CommitRecord const& record,
                         std::span<DirectoryEntry> entries) {
    DirectoryDecoder decoder;
    decoder.start(entries, record.directory_bytes);
    for (auto const run : runs) {
        if (run.none()) break;
        for (std::uint32_t at = 0; at < run.count();) {
            auto const part = std::min<std::uint32_t>(
                run.count() - at, static_cast<std::uint32_t>(state_.scratch.size() / sector_size));
            auto const bytes = state_.scratch.first(part * sector_size);
            if (!io_.read(run.offset() + at * sector_size, bytes) || !decoder.feed(bytes)) return false;
            at += part;
        }
    }
    if (!decoder.finished() || decoder.entries() != entries.size() || decoder.hash() != record.directory_hash)
        return false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!store::valid_entry(entries[i], geometry_)) return false;
        if (i > 0 && entries[i - 1].frame() >= entries[i].frame()) return false;
    }
    return true;
}

Result<bool> Recovery::load_directory(CommitRecord const& record, std::span<DirectoryEntry> entries,
                                      bool report) {
    if (load_copy(record.directory, record, entries)) return true;
    if (!load_copy(record.directory_copy, record, entries)) return false;
    ++state_.report.copies_used;
    if (report)
        note(store::Finding::single_copy, store::Finding::directory, record.directory[0],
             record.directory_hash.low, record.generation);
    return true;
}

// R26: every frame that this checkpoint wrote is read and hashed. Blocks of earlier checkpoints were flushed
// by them.
Result<bool> Recovery::verify(CommitRecord const& record) {
    auto const room = state_.directories.allocate(record.directory_entries);
    if (!room) return base::fail(Error::no_memory);
    if (!TRY(load_directory(record, *room, false))) return false;
    auto const buffer = state_.scratch;
    auto const at_once = static_cast<std::uint32_t>(buffer.size() / abi::frame_size);
    for (std::size_t i = 0; i < room->size();) {
        if ((*room)[i].zero() || (*room)[i].shared()) {
            ++i;
            continue;
        }
        // Neighbours on the disk are read together: the log wrote them in the order in which they came.
        std::uint32_t run = 1;
        while (i + run < room->size() && run < at_once && !(*room)[i + run].zero() &&
               !(*room)[i + run].shared() &&
               (*room)[i + run].sector() == (*room)[i].sector() + std::uint64_t{run} * sectors_per_frame)
            ++run;
        if (!io_.read((*room)[i].place().offset(), buffer.first(run * abi::frame_size))) return false;
        for (std::uint32_t k = 0; k < run; ++k) {
            auto const& entry = (*room)[i + k];
            if (store::frame_hash(entry.frame(), entry.type(),
                                  buffer.subspan(k * abi::frame_size, abi::frame_size)) != entry.hash)
                return false;
        }
        i += run;
    }
    return true;
}

Result<> Recovery::run() {
    auto& report = state_.report;
    auto walked = walk_from(slot_);
    if (!walked && walked.error == Error::corrupt) {
        // The newest slot's record is gone in both places: what the other slot knows is older. Never
        // silently.
        auto const& other = state_.roots.known()[1 - slot_.slot];
        if (!options_.read_only || !other.valid) return walked;
        report.lost_acknowledged = true;
        slot_ = other.slot;
        walked = walk_from(slot_);
    }
    if (!walked) return walked;
    if (newest_.generation <= slot_.generation) {
        report.trusted_slot = true;
    } else if (has(newest_, RecordFlag::flushed_first)) {
        report.trusted_flushed = true;
    } else if (TRY(verify(newest_))) {
        report.verified_frames = true;
    } else {
        report.torn = true;
        report.torn_generation = Generation(newest_.generation);
        note(store::Finding::torn_commit, store::Finding::none, newest_.self[0], newest_.hash.low,
             newest_.generation);
        next_ = newest_.self;
        newest_ = parent_;
    }
    if (options_.previous) TRY(step_back());
    TRY(load_chain());
    TRY(load_table());
    count_log();
    auto const generation = Generation(newest_.generation);
    report.generation = generation;
    report.time_ns = newest_.time_ns;
    report.clock_base_ns = newest_.clock_base_ns;
    report.processes = newest_.processes;
    report.directories = static_cast<std::uint32_t>(state_.directories.size());
    state_.next = next_;
    state_.last_used = Generation(std::max(newest_.generation, report.torn_generation.raw()));
    if (options_.abi_revision != 0 && newest_.abi_revision != 0 &&
        options_.abi_revision != newest_.abi_revision)
        return base::fail(Error::wrong_revision);
    return {};
}

// The checkpoint before the newest, as if the newest were torn. Its blocks are all there if nothing that it
// refers to may have been reused: the map is still the same, or no root slot has moved on to the switch.
Result<> Recovery::step_back() {
    CommitRecord parent;
    if (newest_.parent[0].none() || !read_record(newest_.parent, parent, true) ||
        parent.hash != newest_.parent_hash)
        return base::fail(Error::no_such_checkpoint);
    if (parent.map != newest_.map && state_.roots.oldest_generation() >= newest_.generation)
        return base::fail(Error::no_such_checkpoint);
    next_ = newest_.self;
    newest_ = parent;
    return {};
}

} // namespace checkpoint
