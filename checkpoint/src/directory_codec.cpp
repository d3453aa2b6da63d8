// SPDX-License-Identifier: Apache-2.0
// Directories between memory and disk.
#include "directory_codec.hpp"

#include <store/map_node.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace checkpoint {

void DirectoryEncoder::start(std::span<DirectoryEntry const> entries) {
    *this = DirectoryEncoder();
    entries_ = entries;
}

std::size_t DirectoryEncoder::fill(base::Bytes out) {
    std::size_t filled = 0;
    for (std::size_t at = 0; at + 8 <= out.size(); at += 8) {
        std::uint64_t word = 0;
        if (!finished()) {
            auto const& entry = entries_[at_];
            word = word_ == 0 ? entry.name : word_ == 1 ? entry.where : entry.hash;
            hash_.add(word);
            filled += 8;
            bytes_ += 8;
            if (++word_ * 8 == entry.wire_size()) {
                word_ = 0;
                ++at_;
            }
        }
        base::write(out, at, word);
    }
    return filled;
}

void DirectoryDecoder::start(std::span<DirectoryEntry> out, std::uint32_t bytes,
                             store::Geometry const& geometry) {
    *this = DirectoryDecoder();
    geometry_ = geometry;
    out_ = out;
    left_ = bytes;
}

// Entries of the usual form, a block in the log and no flag but `shared`, are as long here as there: whole
// ones at the beginning of `in` are copied as they stand. Any other is left to take(), good or bad. Returns
// the bytes taken.
std::size_t DirectoryDecoder::take_plain(base::ConstBytes in) {
    using E = DirectoryEntry;
    constexpr auto unusual = ~(E::Frame::mask | E::Type::make(abi::frame_type_count - 1) |
                               E::Flags::make(static_cast<std::uint64_t>(abi::disk::EntryFlag::shared)));
    static_assert(std::has_single_bit(abi::frame_type_count + 0U));
    constexpr auto frame_shift = 64 - E::Frame::width;
    static_assert(E::Frame::mask << frame_shift >> frame_shift == E::Frame::mask);
    // In range, and not over the end of a segment (see Geometry::in_log).
    auto const lowest = geometry_.first_sector(1);
    auto const length =
        geometry_.first_sector(geometry_.last_segment()) - abi::disk::sectors_per_frame - lowest;
    auto const in_segment = std::uint64_t{geometry_.sectors_per_segment()} - 1;
    auto const last_in_segment = in_segment + 1 - abi::disk::sectors_per_frame;

    auto* out = out_.data() + at_;
    auto const* from = in.data();
    auto const* const end = from + std::min(in.size() / sizeof(E), out_.size() - at_) * sizeof(E);
    auto last = last_ << frame_shift;
    for (; from != end; from += sizeof(E), ++out) {
        std::uint64_t name = 0;
        std::uint64_t where = 0;
        std::memcpy(&name, from, sizeof name);
        std::memcpy(&where, from + sizeof name, sizeof where);
        auto const frame = name << frame_shift;
        if ((name & unusual) != 0 || frame <= last || (where & E::Sector::mask) - lowest > length ||
            (where & in_segment) > last_in_segment)
            break;
        last = frame;
        std::memcpy(out, from, sizeof *out);
    }
    last_ = last >> frame_shift;
    auto const taken = static_cast<std::size_t>(from - in.data());
    at_ += taken / sizeof(E);
    return taken;
}

bool DirectoryDecoder::take(std::uint64_t word) {
    words_[word_++] = word;
    DirectoryEntry const entry{words_[0], words_[1], word_ == 3 ? words_[2] : 0};
    if (word_ * 8 < entry.wire_size()) return true;
    if (at_ == out_.size() || entry.frame().number() <= last_ || !store::valid_entry(entry, geometry_))
        return false;
    out_[at_++] = entry;
    last_ = entry.frame().number();
    word_ = 0;
    return true;
}

bool DirectoryDecoder::feed(base::ConstBytes in) {
    in = in.first(std::min<std::size_t>(in.size() / 8 * 8, left_));
    left_ -= static_cast<std::uint32_t>(in.size());
    hash_.add(in);
    while (!in.empty()) {
        if (word_ == 0) in = in.subspan(take_plain(in));
        if (in.empty()) break;
        if (!take(base::read<std::uint64_t>(in))) return false;
        in = in.subspan(8);
    }
    return left_ > 0 || word_ == 0;
}

} // namespace checkpoint
