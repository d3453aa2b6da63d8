// SPDX-License-Identifier: Apache-2.0
// The log ring.
#include <core/log.hpp>

#include <arch/serial.hpp>

namespace kernel {

void Log::put(char c) {
    ring_[end_ % capacity] = c;
    ++end_;
    news_ = true;
    if (to_serial_) arch::write_serial(c);
}

void Log::line(std::string_view text) { base::print(*this, text, '\n'); }

std::size_t Log::read(std::uint64_t& position, std::span<std::byte> to) const {
    auto const oldest = end_ < capacity ? 0 : end_ - capacity;
    if (position < oldest || position > end_) position = oldest;
    std::size_t count = 0;
    for (; count < to.size() && position + count < end_; ++count)
        to[count] = static_cast<std::byte>(ring_[(position + count) % capacity]);
    return count;
}

} // namespace kernel
