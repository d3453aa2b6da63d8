// SPDX-License-Identifier: Apache-2.0
// Commit records: what is taken for one obeys docs/format.md section 4, checked here by other code.
//   Input: u64 number of segments, u32 segment_shift, u32 place: 0 or 1 one of its own, else that sector;
//   then the sector.
#include "harness.hpp"
#include "mutator.hpp"

#include "record.hpp"

#include <abi/disk/checkpoint_table.hpp>
#include <abi/disk/map_node.hpp>

#include <array>

namespace {

using namespace abi::disk;
using fuzz::require;

constexpr std::size_t header = 16;

void repair(base::Bytes input) {
    auto const sector = input.subspan(header, sector_size);
    base::write(sector, offsetof(CommitRecord, magic), record_magic);
    base::write(sector, offsetof(CommitRecord, hash),
                store::hash128(HashSeed::record, sector.subspan(record_hash_from)));
}

class Places {
public:
    Places(std::uint32_t shift, std::uint64_t segments) : shift_(shift), segments_(segments) {}

    void in_log(Extent place) const {
        require(place.count() > 0, "a place has sectors");
        auto const first = place.offset() >> shift_;
        auto const last = (place.offset() + place.bytes() - 1) >> shift_;
        require(first == last && first >= 1 && last + 1 < segments_,
                "a place lies in one segment of the log");
    }
    void twin(Twin const& twin, std::uint32_t sectors) const {
        for (auto const place : twin) {
            in_log(place);
            require(place.count() == sectors, "a place has the length of what stands there");
        }
    }
    void ref(TwinRef const& ref, std::uint32_t sectors) const {
        if (ref.none()) require(ref == TwinRef{}, "nowhere is nowhere");
        else twin(ref.place, sectors);
    }
    void runs(std::array<Extent, directory_extents> const& runs, std::uint32_t bytes) const {
        std::uint64_t sectors = 0;
        for (std::size_t i = 0; i < runs.size(); ++i) {
            if (runs[i].none()) continue;
            require(i == 0 || !runs[i - 1].none(), "runs that are not used come last");
            in_log(runs[i]);
            sectors += runs[i].count();
        }
        require(sectors == (std::uint64_t{bytes} + 511) / 512, "the runs hold the directory");
    }

private:
    std::uint32_t shift_;
    std::uint64_t segments_;
};

void check(CommitRecord const& record, Places const& places, std::uint64_t segments) {
    places.twin(record.self, 1);
    places.twin(record.next, 1);
    if (record.parent != Twin{}) places.twin(record.parent, 1);
    places.runs(record.directory, record.directory_bytes);
    places.runs(record.directory_copy, record.directory_bytes);
    auto const entries = std::uint64_t{record.directory_entries};
    require(record.directory_bytes % 8 == 0 && record.directory_bytes >= 16 * entries &&
                record.directory_bytes <= 24 * entries,
            "the directory is as long as its entries");
    require((record.flags & ~std::uint64_t{7}) == 0, "flags are known");
    places.ref(record.map, sectors_per_node);
    places.ref(record.moves, sectors_per_node);
    places.ref(record.table, table_sectors(segments));
    require(record.generation != 0, "it has a generation");
}

constexpr fuzz::Shape shape{header + sector_size, 0, repair};

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    store::Geometry geometry;
    geometry.segments = input.take<std::uint64_t>();
    geometry.segment_shift = input.take<std::uint32_t>();
    auto const where = input.take<std::uint32_t>();
    if (!geometry.valid()) return 0; // a valid root slot has a valid one
    auto const sector = input.take_bytes(sector_size);
    auto const own = base::read<CommitRecord>(sector).self;
    auto const place = where < 2 ? own[where] : Extent::make(where, 1);
    CommitRecord record;
    if (!checkpoint::decode_record(sector, place, geometry, record)) return 0;
    require(record.self[0] == place || record.self[1] == place, "a record stands where it says");
    check(record, Places(geometry.segment_shift, geometry.segments), geometry.segments);
    std::array<std::byte, sector_size> again{};
    auto const hash = record.hash;
    checkpoint::encode_record(record, again);
    auto const zero_tail = base::all_zero(base::ConstBytes(sector).subspan(record_used));
    require(!zero_tail || record.hash == hash, "a record is written as it was read");
    return 0;
}
