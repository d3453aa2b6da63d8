// SPDX-License-Identifier: Apache-2.0
// When the next snapshot is taken, and when the last one is noted as acknowledged. All times are the
// persistent clock's.
#pragma once

#include <cstdint>

namespace migrator {

class Pacing {
public:
    static constexpr std::uint64_t second = 1'000'000'000;
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    // interval 0: only when asked.
    void start(std::uint64_t now, std::uint64_t interval_ns) {
        interval_ = interval_ns;
        running_ = true;
        next_ = interval_ == 0 ? never : now + interval_;
    }
    void stop() { running_ = false; }
    bool running() const { return running_; }

    // Somebody wants a checkpoint now, and to be told.
    void ask() { asked_ = true; }
    // The next one should not wait for its time.
    void hurry() { next_ = 0; }
    bool due(std::uint64_t now) const {
        return running_ && now >= blocked_until_ && (asked_ || now >= next_);
    }

    // A snapshot was taken; true: it answers somebody who asked.
    bool taken(std::uint64_t now) {
        bool const answers = asked_;
        asked_ = false;
        // From this snapshot, not from its commit: a slow commit is followed by the next snapshot at once.
        next_ = interval_ == 0 ? never : now + interval_;
        return answers;
    }
    // The snapshot was not committed: its request stands, and a device that fails is not asked again at once.
    void failed(std::uint64_t now, bool answered) {
        asked_ = asked_ || answered;
        blocked_until_ = now + second;
    }
    void committed(std::uint64_t now) { idle_at_ = now + second; }
    // One second without a commit; true once.
    bool idle(std::uint64_t now) {
        if (now < idle_at_) return false;
        idle_at_ = never;
        return true;
    }

    // When due() or idle() may change by time alone.
    std::uint64_t wake_at(std::uint64_t now) const {
        std::uint64_t const snapshot = !running_ ? never
                                       : asked_  ? blocked_until_
                                                 : later(next_, blocked_until_);
        std::uint64_t const first = snapshot < idle_at_ ? snapshot : idle_at_;
        return first > now ? first : now;
    }

private:
    static std::uint64_t later(std::uint64_t a, std::uint64_t b) { return a > b ? a : b; }

    std::uint64_t interval_ = 0;
    std::uint64_t next_ = never;
    std::uint64_t blocked_until_ = 0;
    std::uint64_t idle_at_ = never;
    bool asked_ = false;
    bool running_ = false;
};

} // namespace migrator
