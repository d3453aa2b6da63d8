// SPDX-License-Identifier: Apache-2.0
// The inputs that the corpora began with: every piece of the known stores as the input of its own target.
//   Usage: make-fuzz-seeds FOLDER. Writes FOLDER/TARGET/seed-NUMBER.
#include "forge.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace {

using fuzz::PieceKind;

class Seeds {
public:
    explicit Seeds(std::string folder) : folder_(std::move(folder)) {}

    void add(std::string const& target, std::initializer_list<std::uint64_t> words, base::ConstBytes rest) {
        auto const path = std::filesystem::path(folder_) / target;
        std::filesystem::create_directories(path);
        std::vector<std::byte> bytes;
        for (auto const word : words) {
            auto const part = base::bytes_of(word);
            bytes.insert(bytes.end(), part.begin(), part.end());
        }
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        std::ofstream(path / ("seed-" + std::to_string(number_++)), std::ios::binary)
            .write(static_cast<char const*>(static_cast<void const*>(bytes.data())),
                   static_cast<std::streamsize>(bytes.size()));
    }

    void add_store(fuzz::Forge const& forge, std::uint64_t number) {
        std::vector<std::byte> slots;
        for (std::size_t copy = 0; copy < 2; ++copy)
            for (auto const& slot : forge.pieces(PieceKind::slot)) {
                auto const bytes = forge.content(slot, copy);
                slots.insert(slots.end(), bytes.begin(), bytes.end());
            }
        add("root_slots", {fuzz::geometry.bytes() / 4096}, slots);
        for (auto const& record : forge.pieces(PieceKind::record))
            add("record", {fuzz::segments, fuzz::segment_shift}, forge.content(record));
        for (auto const& directory : forge.pieces(PieceKind::directory)) {
            auto const bytes = forge.content(directory);
            // As long as the stream is, in pieces of 64 words, with room for 255 entries.
            add("directory", {std::uint64_t{0x00ff3f3f} << 32 | bytes_used(bytes)}, bytes);
        }
        for (auto const& node : forge.pieces(PieceKind::node))
            add("map_node", {2, ~0ULL >> 1, 8}, forge.content(node));
        for (auto const& table : forge.pieces(PieceKind::checkpoint_table))
            add("checkpoint_table", {}, forge.content(table));
        for (std::uint64_t kind = 0; kind < 8; ++kind)
            for (auto const* target : {"image_read", "image_write"})
                for (std::uint64_t flags = 0; flags < 2; ++flags)
                    add(target,
                        {number | 0x0305 << 16, kind | 2 << 16 | flags << 24 | std::uint64_t{kind + 10} << 32,
                         13},
                        {});
    }

private:
    static std::uint64_t bytes_used(base::ConstBytes directory) {
        std::size_t at = 0;
        while (at + 24 <= directory.size()) {
            auto const entry = base::read<abi::disk::DirectoryEntry>(directory, at);
            if (entry.frame().number() == 0) break;
            at += entry.wire_size();
        }
        return at;
    }

    std::string folder_;
    int number_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    Seeds seeds(argv[1]);
    for (std::uint64_t number = 0; number < fuzz::forges().size(); ++number)
        seeds.add_store(*fuzz::forges()[number], number);
    return 0;
}
