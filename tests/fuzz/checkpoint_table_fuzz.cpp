// SPDX-License-Identifier: Apache-2.0
// The checkpoint table: what is taken for one obeys docs/format.md section 8, checked here by other code, and
// is written as it was read.
//   Input: whole sectors.
#include "harness.hpp"
#include "mutator.hpp"

#include "retained.hpp"

#include <store/hash.hpp>

#include <set>
#include <string>

namespace {

using namespace abi::disk;
using fuzz::require;

constexpr Random128 identity{11, 12};

// The hash stands with the pointer. A count that does not fit the sectors is refused at once: mostly it does.
void repair(base::Bytes input) {
    if (input.size() < sector_size) return;
    auto header = base::read<CheckpointTableHeader>(input);
    header.magic = checkpoint_table_magic;
    header.store = identity;
    auto const most = (input.size() / sector_size * sector_size - sizeof header) / sizeof(CheckpointEntry);
    header.count = static_cast<std::uint32_t>(most - std::min<std::size_t>(most, header.count % 4));
    base::write(input, 0, header);
}

void check(checkpoint::Retained const& table) {
    std::set<std::string> names;
    std::uint64_t last = 0;
    require(!table.empty() && table.entries().size() <= checkpoints_at_most,
            "a table is as long as it can be");
    for (auto const& entry : table.entries()) {
        require(entry.generation > last, "generations rise");
        last = entry.generation;
        require((entry.flags & ~7U) == 0, "flags are known");
        std::string const name(checkpoint::name_of(entry));
        auto const pinned = (entry.flags & 1) != 0;
        require(pinned == !name.empty() && name.size() < pin_name_size, "pins have names, and only they");
        require(std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; }),
                "a name is printable ASCII");
        require(!pinned || names.insert(name).second, "no two pins have one name");
        auto const rollback = (entry.flags & 4) != 0;
        require(rollback ? entry.restores != 0 && entry.restores < entry.generation : entry.restores == 0,
                "a rollback restores something older");
        require(table.find(checkpoint::Generation(entry.generation)) == &entry, "every entry is found");
    }
    require(names.size() == table.pins() && names.size() <= pins_at_most, "pins are counted");
}

constexpr fuzz::Shape shape{sector_size, sector_size, repair};

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    auto const sectors = input.take_bytes(size / sector_size * sector_size);
    checkpoint::Retained table;
    if (!table.decode(identity, sectors)) return 0;
    check(table);
    std::vector<std::byte> written(table.sectors() * sector_size);
    table.encode(identity, written);
    checkpoint::Retained again;
    require(again.decode(identity, written), "what is written is a table");
    require(std::equal(table.entries().begin(), table.entries().end(), again.entries().begin(),
                       again.entries().end(),
                       [](auto const& a, auto const& b) { return std::memcmp(&a, &b, 112) == 0; }) &&
                table.shared_blocks() == again.shared_blocks(),
            "a table is written as it was read");
    while (table.unpinned() > 0) table.remove_oldest_unpinned();
    require(table.entries().size() == table.pins(), "pins stay");
    return 0;
}
