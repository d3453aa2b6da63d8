// SPDX-License-Identifier: Apache-2.0
// Directories: what the decoder takes, in whatever pieces, is what the encoder writes.
//   Input: u32 bytes that its record names, u8 words a piece, u8 words a piece when written, u16 room for
//   entries, then the stream.
#include "harness.hpp"
#include "mutator.hpp"

#include "directory_codec.hpp"

#include <store/map_node.hpp>

namespace {

using abi::disk::DirectoryEntry;
using fuzz::require;

constexpr std::size_t header = 8;
constexpr fuzz::Shape shape{header, 8, nullptr};
constexpr store::Geometry geometry{14, 64};

void check_written(std::span<DirectoryEntry const> entries, base::ConstBytes stream,
                   checkpoint::DirectoryDecoder const& decoder, std::size_t piece) {
    checkpoint::DirectoryEncoder encoder;
    encoder.start(entries);
    std::vector<std::byte> written;
    while (!encoder.finished()) {
        std::vector<std::byte> out(piece * 8);
        auto const filled = encoder.fill(out);
        require(filled <= out.size() && (filled == out.size() || encoder.finished()), "pieces are filled");
        written.insert(written.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(filled));
    }
    require(written.size() == stream.size() && encoder.bytes() == stream.size() &&
                std::equal(written.begin(), written.end(), stream.begin()),
            "a directory is written as it was read");
    require(encoder.hash() == decoder.hash() &&
                decoder.hash() == store::hash128(abi::disk::HashSeed::directory, stream),
            "both hash what they saw");
}

void check_entry(DirectoryEntry const& entry) {
    require(store::valid_entry(entry, geometry), "what the decoder gives is valid");
    require(entry.frame().number() != 0, "a frame has a number");
    require(static_cast<std::uint8_t>(entry.type()) < abi::frame_type_count, "its type is known");
    require(!entry.live() || entry.type() == abi::FrameType::process, "only processes are live");
    if (entry.zero()) {
        require(entry.sector() == 0 && entry.hash == 0 && !entry.shared(), "a zero frame has no block");
        return;
    }
    auto const first = entry.sector() >> 5;
    require(first >= 1 && first < 63 && (entry.sector() + 7) >> 5 == first, "a block lies in the log");
}

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    auto const bytes = input.take<std::uint32_t>() % (1 << 20) / 8 * 8; // a record's is a multiple of 8
    auto const piece = std::size_t{input.take<std::uint8_t>()} + 1;
    auto const written_piece = std::size_t{input.take<std::uint8_t>()} + 1;
    std::vector<DirectoryEntry> room(input.take<std::uint16_t>() % 512);
    checkpoint::DirectoryDecoder decoder;
    decoder.start(room, bytes, geometry);
    auto stream = input.rest();
    stream = stream.first(stream.size() / 8 * 8);
    auto const whole = stream;
    bool good = true;
    while (good && !stream.empty()) {
        auto const part = std::min(stream.size(), piece * 8);
        good = decoder.feed(stream.first(part));
        stream = stream.subspan(part);
    }
    require(decoder.entries() <= room.size(), "entries stay in their room");
    auto const entries = std::span<DirectoryEntry const>(room).first(decoder.entries());
    for (auto const& entry : entries) check_entry(entry);
    for (std::size_t i = 1; i < entries.size(); ++i)
        require(entries[i - 1].frame() < entries[i].frame(), "entries are sorted by frame");
    if (good && decoder.finished()) check_written(entries, whole.first(bytes), decoder, written_piece);
    return 0;
}
