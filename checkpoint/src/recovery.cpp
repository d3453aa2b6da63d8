// SPDX-License-Identifier: Apache-2.0
// Recovery: root slots, chain, verification of the newest record.
#include "recovery.hpp"

#include "record.hpp"

#include <abi/revision.hpp>

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

namespace {

store::Geometry geometry_of(RootSlot const& slot) { return {slot.segment_shift, slot.segments}; }

} // namespace

void Recovery::read_slot(std::uint32_t index, std::uint32_t copy, std::uint64_t offset) {
    auto const sector = state_.scratch.first(sector_size);
    auto& state = slots_[index * 2 + copy];
    if (io_.read(offset, sector)) state = store::decode_slot(sector, index);
    else unreadable_[index * 2 + copy] = true;
    state.index = index;
    state.copy = copy;
    state.offset = offset;
    // Geometry must be the one the copy was found by.
    if (state.valid() && geometry_of(state.slot).slot_offset(index, copy) != offset)
        state.fields_valid = false;
}

Result<> Recovery::read_slots() {
    auto const capacity = io_.device().capacity();
    if (capacity < root_slot_count * root_slot_stride) return base::fail(Error::not_a_store);
    for (std::uint32_t i = 0; i < root_slot_count; ++i) read_slot(i, 0, i * root_slot_stride);
    RootSlot const* known = nullptr;
    for (auto const& state : slots_)
        if (state.valid() && (known == nullptr || state.slot.sequence > known->sequence)) known = &state.slot;
    if (known != nullptr) geometry_ = geometry_of(*known);
    // Without the front copies, the end is where a store of whole segments fills the device. Smaller segments
    // first: their end is the farther one, so the true copies are met before any page of the log that a
    // program made to look like one of larger segments.
    for (auto shift = segment_shift_min; known == nullptr && shift <= segment_shift_max; ++shift) {
        store::Geometry const guess{shift, capacity >> shift};
        if (!guess.valid()) continue;
        for (std::uint32_t i = 0; i < root_slot_count; ++i) read_slot(i, 1, guess.slot_offset(i, 1));
        for (auto const& state : slots_)
            if (state.valid()) known = &state.slot;
        if (known != nullptr) geometry_ = geometry_of(*known);
    }
    if (known == nullptr) return choose_slot();
    TRY(refuse_revision());
    if (geometry_.bytes() > capacity) return base::fail(Error::truncated);
    for (std::uint32_t i = 0; i < root_slot_count; ++i) read_slot(i, 1, geometry_.slot_offset(i, 1));
    TRY(refuse_revision());
    TRY(choose_slot());
    return refuse_processor();
}

Result<> Recovery::refuse_revision() const {
    for (auto const& state : slots_) {
        if (!state.valid()) continue;
        auto const& slot = state.slot;
        if (slot.format_revision < abi::format_revision) return base::fail(Error::older_format);
        if (slot.format_revision > abi::format_revision || (slot.incompat & ~incompat_known) != 0)
            return base::fail(Error::newer_format);
        if (!options_.read_only && (slot.ro_compat & ~ro_compat_known) != 0)
            return base::fail(Error::newer_format);
    }
    return {};
}

// Before anything is written: a boot on the wrong machine must not count as one (R33).
Result<> Recovery::refuse_processor() {
    state_.report.features_missing = slot_.processor_features & ~options_.processor_features;
    if (state_.report.features_missing != 0) return base::fail(Error::not_supported);
    return {};
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
    if (best == nullptr) {
        // Never "not a store" of a disk that does not answer: somebody might format it.
        if (std::find(unreadable_.begin(), unreadable_.end(), true) != unreadable_.end())
            return base::fail(Error::io);
        return base::fail(magic ? Error::bad_superblock : Error::not_a_store);
    }
    slot_ = best->slot;
    // By which the others were found, and which the device was measured by.
    if (geometry_of(slot_) != geometry_) return base::fail(Error::bad_superblock);
    state_.report.slot_chosen = slot_.slot;
    state_.store = slot_.store;
    for (auto const& state : slots_) {
        auto& known = state_.roots.known()[state.index];
        if (!state.valid() || state.slot.store != slot_.store || geometry_of(state.slot) != geometry_) {
            // A slot is one sector, which no cut tears: a bad copy is rot. Both of them: the other slot knows
            // less, perhaps not the places that an abandoned commit's successor got (R25).
            auto const at = state.index * 2 + state.copy;
            auto const& other = slots_[at ^ 1U];
            if (!other.valid() && unreadable_[at] && unreadable_[at ^ 1U] && !options_.read_only)
                return base::fail(Error::io);
            if (other.valid()) ++state_.report.copies_used;
            note(other.valid() ? store::Finding::single_copy : store::Finding::root_slot,
                 store::Finding::root_slot, Extent::make(state.offset / sector_size, 1), other.slot.hash.low,
                 other.slot.generation);
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

// The record with this hash; either copy will do. It was acknowledged, so a bad copy is a finding.
Result<> Recovery::read_record(Twin const& places, Hash128 const& hash, std::uint64_t generation,
                               CommitRecord& record) {
    bool unreadable = false;
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const sector = state_.scratch.first(sector_size);
        if (!io_.read(places[copy].offset(), sector)) {
            unreadable = true;
            continue;
        }
        // Another record may stand at the place, whole: its successor's write was lost.
        if (!decode_record(sector, places[copy], geometry_, record) || record.hash != hash ||
            record.store != slot_.store)
            continue;
        if (copy == 1) {
            ++state_.report.copies_used;
            note(store::Finding::single_copy, store::Finding::record, places[0], hash.low, generation);
        }
        return {};
    }
    note(store::Finding::record, store::Finding::record, places[0], hash.low, generation);
    return base::fail(unreadable ? Error::io : Error::corrupt);
}

bool Recovery::follows(CommitRecord const& record, CommitRecord const& parent, RootSlot const& slot) const {
    if (record.parent_hash != parent.hash || record.generation <= parent.generation) return false;
    auto const boot = Generation(record.generation).boot();
    return boot > slot.boot || (boot == slot.boot && record.nonce == slot.nonce);
}

// The successor of the newest record, at the places named for it; false: there is none.
Result<bool> Recovery::find_successor(RootSlot const& slot, CommitRecord& candidate) {
    std::size_t unreadable = 0;
    // Each copy by itself: the first may be a leftover while the second is what we look for.
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const sector = state_.scratch.first(sector_size);
        if (!io_.read(next_[copy].offset(), sector)) {
            ++unreadable;
            continue;
        }
        if (!decode_record(sector, next_[copy], geometry_, candidate) || candidate.store != slot.store ||
            candidate.self != next_ || !follows(candidate, newest_, slot))
            continue;
        candidate_copy_ = copy;
        if (copy == 1) ++state_.report.copies_used;
        return true;
    }
    // Both copies of an acknowledged record are whole: one copy that can be read, and is none, tells.
    if (unreadable < 2) return false;
    TRY(step_over(next_[0]));
    return false;
}

// The device does not give what may be acknowledged: nobody may write over it. A reader goes on before it.
Result<> Recovery::step_over(Extent place) {
    if (!options_.read_only && !options_.previous) return base::fail(Error::io);
    state_.report.lost_acknowledged = true;
    note(store::Finding::device, store::Finding::record, place, 0, newest_.generation);
    return {};
}

Result<> Recovery::walk_from(RootSlot const& slot) {
    TRY(read_record(slot.record, slot.record_hash, slot.generation, newest_));
    next_ = slot.next;
    chain_.clear();
    chain_.add_newer(newest_);
    CommitRecord candidate;
    std::size_t copy = 0; // that newest_ was read from
    // It ends, for generations rise; R28 keeps it short as long as root slots can be written.
    while (TRY(find_successor(slot, candidate))) {
        // What has a successor was acknowledged: both its copies were whole.
        if (copy == 1)
            note(store::Finding::single_copy, store::Finding::record, newest_.self[0], newest_.hash.low,
                 newest_.generation);
        copy = candidate_copy_;
        parent_ = newest_;
        newest_ = candidate;
        next_ = candidate.next;
        chain_.add_newer(candidate);
        ++state_.report.records_walked;
    }
    return {};
}

Recovery::Copy Recovery::load_copy(std::array<Extent, directory_extents> const& runs,
                                   CommitRecord const& record, std::span<DirectoryEntry> entries) {
    DirectoryDecoder decoder;
    decoder.start(entries, record.directory_bytes, geometry_);
    for (auto const run : runs) {
        if (run.none()) break;
        for (std::uint32_t at = 0; at < run.count();) {
            auto const part = std::min<std::uint32_t>(
                run.count() - at, static_cast<std::uint32_t>(state_.scratch.size() / sector_size));
            auto const bytes = state_.scratch.first(part * sector_size);
            if (!io_.read(run.offset() + at * sector_size, bytes)) return Copy::unreadable;
            if (!decoder.feed(bytes)) return Copy::bad;
            at += part;
        }
    }
    if (!decoder.finished() || decoder.entries() != entries.size() || decoder.hash() != record.directory_hash)
        return Copy::bad;
    return Copy::good;
}

Result<bool> Recovery::load_directory(CommitRecord const& record, std::span<DirectoryEntry> entries,
                                      bool report) {
    auto const first = load_copy(record.directory, record, entries);
    if (first == Copy::good) return true;
    auto const second = load_copy(record.directory_copy, record, entries);
    if (first == Copy::unreadable && second == Copy::unreadable) return base::fail(Error::io);
    if (second != Copy::good) return false;
    ++state_.report.copies_used;
    if (report)
        note(store::Finding::single_copy, store::Finding::directory, record.directory[0],
             record.directory_hash.low, record.generation);
    return true;
}

// R26: every frame that this checkpoint wrote is read and hashed. Blocks of earlier
// checkpoints were flushed by them.
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
        // A block that the device does not give is not a block that was not written: no step back for it.
        TRY(io_.read((*room)[i].place().offset(), buffer.first(run * abi::frame_size)));
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

// The newest record of the chain, or its parent when the newest was never acknowledged and misses a piece.
Result<> Recovery::choose_newest() {
    auto& report = state_.report;
    if (newest_.generation <= slot_.generation) {
        report.trusted_slot = true;
        return {};
    }
    if (has(newest_, RecordFlag::flushed_first)) {
        report.trusted_flushed = true;
        return {};
    }
    auto const whole = verify(newest_);
    if (whole.error == Error::io) TRY(step_over(newest_.self[0]));
    else if (whole.failed()) return base::fail(whole.error);
    if (*whole) {
        report.verified_frames = true;
        return {};
    }
    if (whole) {
        report.torn = true;
        report.torn_generation = Generation(newest_.generation);
        note(store::Finding::torn_commit, store::Finding::none, newest_.self[0], newest_.hash.low,
             newest_.generation);
    }
    next_ = newest_.self;
    newest_ = parent_;
    return {};
}

Result<> Recovery::run() {
    auto& report = state_.report;
    chain_.init(state_.chain);
    auto walked = walk_from(slot_);
    if (walked.failed() && options_.read_only) {
        // The newest slot's record is gone in both places: what the other slot
        // knows is older. Never silently.
        auto const& other = state_.roots.known()[1 - slot_.slot];
        if (!other.valid) return walked;
        report.lost_acknowledged = true;
        slot_ = other.slot;
        walked = walk_from(slot_);
    }
    if (walked.failed()) return walked;
    TRY(choose_newest());
    // What could not be read has stepped back already.
    if (options_.previous && !report.lost_acknowledged) TRY(step_back());
    TRY(load_chain());
    // Who only reads needs it for nothing but figures.
    if (auto const loaded = load_table(); loaded.failed() && !options_.read_only) return loaded;
    // ... and older checkpoints: without their table he sees those that are not in the map.
    if (auto const loaded = load_checkpoints(); loaded.failed() && !options_.read_only) return loaded;
    TRY(load_moves());
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
// refers to may have been reused: the map is still the same (each has a table of its own), or no root slot
// has moved on to the switch.
Result<> Recovery::step_back() {
    CommitRecord parent;
    if (newest_.parent[0].none()) return base::fail(Error::no_such_checkpoint);
    TRY(read_record(newest_.parent, newest_.parent_hash, 0, parent));
    if (parent.table != newest_.table && state_.roots.oldest_generation() >= newest_.generation)
        return base::fail(Error::no_such_checkpoint);
    next_ = newest_.self;
    newest_ = parent;
    return {};
}

} // namespace checkpoint
