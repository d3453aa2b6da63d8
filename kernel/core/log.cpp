// SPDX-License-Identifier: Apache-2.0
// The log ring.
#include <core/log.hpp>

#include <arch/serial.hpp>

namespace kernel {

void Log::put(char c) {
    ring_[next_] = c;
    next_ = (next_ + 1) % capacity;
    if (next_ == 0) wrapped_ = true;
    if (to_serial_) arch::write_serial(c);
}

void Log::line(std::string_view text) { base::print(*this, text, '\n'); }

std::string_view Log::older() const {
    return wrapped_ ? std::string_view(ring_.data() + next_, capacity - next_) : std::string_view();
}

std::string_view Log::newer() const { return {ring_.data(), next_}; }

} // namespace kernel
