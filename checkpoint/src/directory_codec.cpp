// SPDX-License-Identifier: Apache-2.0
// Directories between memory and disk.
#include "directory_codec.hpp"

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

void DirectoryDecoder::start(std::span<DirectoryEntry> out, std::uint32_t bytes) {
    *this = DirectoryDecoder();
    out_ = out;
    left_ = bytes;
}

bool DirectoryDecoder::feed(base::ConstBytes in) {
    for (std::size_t at = 0; at + 8 <= in.size() && left_ > 0; at += 8, left_ -= 8) {
        auto const word = base::read<std::uint64_t>(in, at);
        hash_.add(word);
        words_[word_++] = word;
        DirectoryEntry const entry{words_[0], words_[1], words_[2]};
        if (word_ * 8 < entry.wire_size()) continue;
        if (at_ == out_.size()) return false;
        out_[at_++] = word_ == 2 ? DirectoryEntry{words_[0], words_[1], 0} : entry;
        words_ = {};
        word_ = 0;
    }
    return left_ > 0 || word_ == 0;
}

} // namespace checkpoint
