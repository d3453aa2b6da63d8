// SPDX-License-Identifier: Apache-2.0
// Commit records as bytes.
#include "record.hpp"

#include <abi/disk/checkpoint_table.hpp>
#include <abi/disk/map_node.hpp>

#include <cstring>

namespace checkpoint {

using namespace abi::disk;

void encode_record(CommitRecord& record, base::Bytes sector) {
    expects(sector.size() == sector_size);
    std::memset(sector.data(), 0, sector.size());
    base::write(sector, 0, record);
    record.hash = store::hash128(HashSeed::record, sector.subspan(record_hash_from));
    base::write(sector, 0, record);
}

namespace {

// The extents of one copy of a directory hold its bytes exactly, in sectors.
bool directory_fits(std::array<Extent, directory_extents> const& extents, std::uint32_t bytes,
                    store::Geometry const& geometry) {
    std::uint64_t sectors = 0;
    bool ended = false;
    for (auto const extent : extents) {
        if (extent.none()) {
            ended = true;
            continue;
        }
        if (ended || !geometry.in_log(extent)) return false;
        sectors += extent.count();
    }
    return sectors == (std::uint64_t{bytes} + sector_size - 1) / sector_size;
}

bool ref_valid(TwinRef const& ref, std::uint32_t sectors, store::Geometry const& geometry) {
    if (ref.none()) return ref == TwinRef{};
    return geometry.in_log(ref.place) && ref.place[0].count() == sectors && ref.place[1].count() == sectors;
}

// A rollback stands on its own map; every other checkpoint on one that an older one had.
bool base_valid(CommitRecord const& record) {
    if (!has(record, RecordFlag::rollback)) return record.base < record.generation && record.restores == 0;
    return record.base == record.generation && record.directory_entries == 0 && record.restores != 0 &&
           record.restores < record.generation;
}

bool sector_in_log(Extent extent, store::Geometry const& geometry) {
    return extent.count() == 1 && geometry.in_log(extent);
}

} // namespace

bool decode_record(base::ConstBytes sector, Extent place, store::Geometry const& geometry,
                   CommitRecord& record) {
    record = base::read<CommitRecord>(sector);
    if (record.magic != record_magic) return false;
    if (store::hash128(HashSeed::record, sector.first(sector_size).subspan(record_hash_from)) != record.hash)
        return false;
    if (record.self[0] != place && record.self[1] != place) return false;
    for (auto const* twin : {&record.self, &record.next})
        if (!sector_in_log((*twin)[0], geometry) || !sector_in_log((*twin)[1], geometry)) return false;
    if (record.parent != Twin{} &&
        (!sector_in_log(record.parent[0], geometry) || !sector_in_log(record.parent[1], geometry)))
        return false;
    if ((record.flags & ~record_flags_known) != 0) return false;
    if (record.directory_bytes < std::uint64_t{record.directory_entries} * 16 ||
        record.directory_bytes > std::uint64_t{record.directory_entries} * 24 ||
        record.directory_bytes % 8 != 0)
        return false;
    if (!directory_fits(record.directory, record.directory_bytes, geometry) ||
        !directory_fits(record.directory_copy, record.directory_bytes, geometry))
        return false;
    if (record.generation == 0 || !base_valid(record)) return false;
    if (record.readable_from > record.generation) return false;
    auto const checkpoints = record.checkpoints.place[0].count();
    if (checkpoints > checkpoint_table_sectors(checkpoints_at_most) ||
        !ref_valid(record.checkpoints, checkpoints, geometry))
        return false;
    return ref_valid(record.map, sectors_per_node, geometry) &&
           ref_valid(record.moves, sectors_per_node, geometry) &&
           ref_valid(record.table, table_sectors(geometry.segments), geometry);
}

} // namespace checkpoint
