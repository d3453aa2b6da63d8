// SPDX-License-Identifier: Apache-2.0
// An input as changes of a known store. A change is either forgery, after which every hash up to the root
// slots is made right again, so that only the structure is wrong, or damage, which no hash forgives.
#pragma once

#include "harness.hpp"
#include "known_stores.hpp"

#include <abi/disk/commit_record.hpp>
#include <abi/disk/directory.hpp>
#include <abi/disk/map_node.hpp>

#include <map>

namespace fuzz {

enum class PieceKind : std::uint8_t { slot, record, directory, node, segment_table, checkpoint_table, block };
inline constexpr std::size_t piece_kinds = 7;

// What stands at one or two places of a store: the same bytes, in one run or in several.
struct Piece {
    PieceKind kind = PieceKind::block;
    std::array<std::vector<abi::disk::Extent>, 2> copies{};
    std::size_t bytes() const;
};

// One change, as it stands in an input.
struct Edit {
    std::uint8_t kind = 0;  // of the piece; 7: any sector
    std::uint8_t index = 0; // which of them, round and round
    std::uint8_t how = 0;   // what is done (see Forge::apply)
    std::uint8_t flags = 0; // 1: damage; 2, 4: only that copy; 8: width in 16 bits, else 64
    std::uint16_t at = 0;   // unit of width in the piece
    std::uint16_t other = 0;
    std::uint64_t value = 0;
};
static_assert(sizeof(Edit) == 16);

// The pieces of a store as it was made, found once.
class Forge {
public:
    explicit Forge(KnownStore& known);

    // True: forged; false: damaged at most.
    bool apply(std::span<Edit const> edits);
    std::vector<Piece> const& pieces(PieceKind kind) const { return pieces_[static_cast<std::size_t>(kind)]; }
    std::vector<std::byte> content(Piece const& piece, std::size_t copy = 0) const;

private:
    void find_records();
    void find_tree(abi::disk::TwinRef const& ref);
    void note_moves(base::ConstBytes node);
    void add_block(abi::disk::DirectoryEntry const& entry);
    void add(PieceKind kind, std::vector<abi::disk::Extent> first,
             std::vector<abi::disk::Extent> second = {});

    void change(Edit const& edit);
    void damage(Edit const& edit);
    void edit_bytes(base::Bytes bytes, Edit const& edit) const;
    Piece const* piece_of(std::size_t kind, std::size_t index) const;
    void put(Piece const& piece, base::ConstBytes bytes, unsigned copies);

    // The hashes, lowest pointers first.
    void repair();
    void repair_node(Piece const& node);
    void repair_directory(Piece const& directory);
    void repair_record(Piece const& piece, abi::disk::Hash128& parent);
    void repair_slot(Piece const& piece);
    bool repair_ref(abi::disk::TwinRef& ref, abi::disk::HashSeed seed) const;
    bool repair_entry(abi::disk::DirectoryEntry& entry) const;

    KnownStore& known_;
    std::map<abi::disk::MapKey, std::uint64_t> moved_; // sectors where blocks stand
    std::array<std::vector<Piece>, piece_kinds> pieces_;
};

// All known stores' forges.
std::vector<std::unique_ptr<Forge>> const& forges();

// An input of the targets that work on whole images: `header` bytes, then edits.
std::vector<Edit> edits_of(Input& input, std::size_t most);

} // namespace fuzz
