// SPDX-License-Identifier: Apache-2.0
// Text and Data into words and back.
#include <runtime/message.hpp>

namespace runtime {

Result<> Message::put_bytes(std::span<std::byte const> bytes, std::size_t size_max) {
    if (bytes.size() > size_max) return fail(Error::bad_argument);
    std::size_t const words = (bytes.size() + 7) / 8;
    expects(word_count_ + 1 + words <= abi::message_words_max);
    words_[word_count_++] = bytes.size();
    if (words == 0) return {};
    words_[word_count_ + words - 1] = 0;
    std::memcpy(words_ + word_count_, bytes.data(), bytes.size());
    word_count_ += words;
    return {};
}

void MessageReader::take(std::span<std::byte const>& bytes, std::size_t size_max) {
    std::uint64_t const size = next();
    if (size > size_max) return remember(Error::bad_argument);
    std::size_t const words = (static_cast<std::size_t>(size) + 7) / 8;
    if (words > words_.size() - next_) return remember(Error::malformed_message);
    bytes = std::as_bytes(words_.subspan(next_, words)).first(static_cast<std::size_t>(size));
    next_ += words;
}

} // namespace runtime
