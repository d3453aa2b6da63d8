// SPDX-License-Identifier: Apache-2.0
// The checkpoint table in memory and as bytes.
#include "retained.hpp"

#include <algorithm>
#include <cstring>

namespace checkpoint {

using namespace abi::disk;

namespace {

constexpr std::uint32_t bit(CheckpointFlag flag) { return static_cast<std::uint32_t>(flag); }
constexpr std::uint64_t bit(RecordFlag flag) { return static_cast<std::uint64_t>(flag); }

// What the rest of the engine may rely on; disk bytes are hostile.
bool valid(CheckpointEntry const& entry) {
    if (entry.generation == 0 || (entry.flags & ~checkpoint_flags_known) != 0) return false;
    auto const end = std::find(entry.name.begin(), entry.name.end(), '\0');
    if (end == entry.name.end() || std::any_of(end, entry.name.end(), [](char c) { return c != '\0'; }))
        return false;
    if (std::any_of(entry.name.begin(), end, [](char c) { return c < ' ' || c > '~'; })) return false;
    if (is_pin(entry) != (end != entry.name.begin())) return false;
    auto const rollback = (entry.flags & bit(CheckpointFlag::rollback)) != 0;
    return rollback ? entry.restores != 0 && entry.restores < entry.generation : entry.restores == 0;
}

} // namespace

CheckpointEntry entry_of(CommitRecord const& record) {
    CheckpointEntry entry;
    entry.generation = record.generation;
    entry.record_hash = record.hash;
    entry.time_ns = record.time_ns;
    entry.stop_ns = record.stop_ns;
    entry.clock_base_ns = record.clock_base_ns;
    entry.bytes_written = record.bytes_written;
    entry.frames = record.frames;
    entry.processes = record.processes;
    entry.abi_revision = record.abi_revision;
    entry.restores = record.restores;
    if ((record.flags & bit(RecordFlag::housekeeping)) != 0) entry.flags |= bit(CheckpointFlag::housekeeping);
    if ((record.flags & bit(RecordFlag::rollback)) != 0) entry.flags |= bit(CheckpointFlag::rollback);
    return entry;
}

CommitRecord record_of(CheckpointEntry const& entry) {
    CommitRecord record;
    record.generation = entry.generation;
    record.hash = entry.record_hash;
    record.time_ns = entry.time_ns;
    record.stop_ns = entry.stop_ns;
    record.clock_base_ns = entry.clock_base_ns;
    record.bytes_written = entry.bytes_written;
    record.frames = entry.frames;
    record.processes = entry.processes;
    record.abi_revision = entry.abi_revision;
    record.restores = entry.restores;
    if ((entry.flags & bit(CheckpointFlag::housekeeping)) != 0) record.flags |= bit(RecordFlag::housekeeping);
    if ((entry.flags & bit(CheckpointFlag::rollback)) != 0) record.flags |= bit(RecordFlag::rollback);
    return record;
}

std::string_view name_of(CheckpointEntry const& entry) {
    auto const end = std::find(entry.name.begin(), entry.name.end(), '\0');
    return {entry.name.data(), static_cast<std::size_t>(end - entry.name.begin())};
}

void set_pin(CheckpointEntry& entry, std::string_view name) {
    expects(!name.empty() && name.size() < entry.name.size());
    entry.name = {};
    std::copy(name.begin(), name.end(), entry.name.begin());
    entry.flags |= bit(CheckpointFlag::pinned);
}

void clear_pin(CheckpointEntry& entry) {
    entry.name = {};
    entry.flags &= ~bit(CheckpointFlag::pinned);
}

CheckpointEntry const* Retained::find(Generation generation) const {
    for (auto const& entry : entries_)
        if (entry.generation == generation.raw()) return &entry;
    return nullptr;
}

CheckpointEntry const* Retained::find_pin(std::string_view name) const {
    for (auto const& entry : entries_)
        if (is_pin(entry) && name_of(entry) == name) return &entry;
    return nullptr;
}

std::size_t Retained::pins() const {
    return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_pin));
}

void Retained::clear() {
    entries_.clear();
    shared_blocks_ = 0;
}

void Retained::put(CheckpointEntry const& entry) {
    auto* const place =
        std::lower_bound(entries_.begin(), entries_.end(), entry.generation,
                         [](auto const& other, auto generation) { return other.generation < generation; });
    if (place != entries_.end() && place->generation == entry.generation) {
        *place = entry;
        return;
    }
    auto const at = place - entries_.begin();
    entries_.push_back(entry);
    std::rotate(entries_.begin() + at, entries_.end() - 1, entries_.end());
}

void Retained::remove(Generation generation) {
    auto* const end = std::remove_if(entries_.begin(), entries_.end(),
                                     [&](auto const& entry) { return entry.generation == generation.raw(); });
    while (entries_.end() != end) entries_.pop_back();
    set_shared_blocks(shared_blocks_);
}

void Retained::remove_oldest_unpinned() {
    auto const* const oldest = std::find_if_not(entries_.begin(), entries_.end(), is_pin);
    expects(oldest != entries_.end());
    remove(Generation(oldest->generation));
}

void Retained::encode(Random128 store, base::Bytes sectors) const {
    expects(sectors.size() == this->sectors() * sector_size);
    std::memset(sectors.data(), 0, sectors.size());
    CheckpointTableHeader header;
    header.store = store;
    header.count = static_cast<std::uint32_t>(entries_.size());
    header.shared_blocks = shared_blocks_;
    base::write(sectors, 0, header);
    for (std::size_t i = 0; i < entries_.size(); ++i)
        base::write(sectors, sizeof header + i * sizeof(CheckpointEntry), entries_[i]);
}

bool Retained::decode(Random128 store, base::ConstBytes sectors) {
    clear();
    if (sectors.size() < sector_size) return false;
    auto const header = base::read<CheckpointTableHeader>(sectors);
    if (header.magic != checkpoint_table_magic || header.store != store || header.count == 0 ||
        header.count > checkpoints_at_most ||
        checkpoint_table_sectors(header.count) * sector_size != sectors.size())
        return false;
    for (std::size_t i = 0; i < header.count; ++i) {
        auto const entry = base::read<CheckpointEntry>(sectors, sizeof header + i * sizeof(CheckpointEntry));
        if (!valid(entry) || (i > 0 && entry.generation <= entries_[i - 1].generation) ||
            (is_pin(entry) && find_pin(name_of(entry)) != nullptr))
            return false;
        entries_.push_back(entry);
    }
    shared_blocks_ = header.shared_blocks;
    return pins() <= pins_at_most;
}

} // namespace checkpoint
