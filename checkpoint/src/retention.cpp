// SPDX-License-Identifier: Apache-2.0
// Which checkpoints stay.
#include "retention.hpp"

namespace checkpoint {

using namespace abi::disk;

namespace {

constexpr std::uint64_t tenth = 100'000'000; // ns
constexpr std::uint64_t second = 1'000'000'000;

// Takes the known checkpoints from the newest to the oldest.
class Thinning {
public:
    Thinning(std::uint64_t base, Retention const& retention, Retained& after)
        : base_(base), retention_(retention), after_(after), oldest_(base) {}

    void next(CheckpointEntry const& entry) {
        auto const stays = wanted(entry);
        auto const unmigrated = entry.generation >= base_;
        auto const room = unpinned_ < retention_.unpinned_at_most;
        // The newest, for its content is what the machine goes on with.
        if (unmigrated && stays && (room || seen_ == 1)) oldest_ = entry.generation;
        if (is_pin(entry) || (entry.generation == retention_.also && !unmigrated)) {
            after_.put(entry);
            return;
        }
        if (!stays || !room) return;
        ++unpinned_;
        // What is younger than the base has its directory.
        if (!unmigrated) after_.put(entry);
    }
    std::uint64_t oldest() const { return oldest_; }

private:
    bool wanted(CheckpointEntry const& entry) {
        auto const clock = entry.clock_base_ns;
        auto const housekeeping =
            (entry.flags & static_cast<std::uint32_t>(CheckpointFlag::housekeeping)) != 0;
        if (housekeeping) return false; // its parent has the same content
        if (seen_++ == 0) newest_clock_ = clock;
        auto const age = newest_clock_ - std::min(newest_clock_, clock);
        // The newest of each slot.
        auto const of_tenth = age < retention_.tenths * tenth && clock / tenth != last_tenth_;
        auto const of_second = age < retention_.seconds * second && clock / second != last_second_;
        last_tenth_ = clock / tenth;
        last_second_ = clock / second;
        return seen_ <= retention_.newest || of_tenth || of_second;
    }

    std::uint64_t base_;
    Retention const& retention_;
    Retained& after_;
    std::uint64_t oldest_; // from the base on, of those that stay
    std::size_t seen_ = 0;
    std::size_t unpinned_ = 0;
    std::uint64_t newest_clock_ = 0;
    std::uint64_t last_tenth_ = ~std::uint64_t{0};
    std::uint64_t last_second_ = ~std::uint64_t{0};
};

} // namespace

std::uint64_t retain(Directories const& directories, Retained const& before, std::uint64_t base,
                     Retention const& retention, Retained& after) {
    after.clear();
    Thinning thinning(base, retention, after);
    for (auto i = directories.size(); i > 0; --i) {
        auto const& directory = directories[i - 1];
        auto const* const known = before.find(directory.generation());
        if (known != nullptr) thinning.next(*known);
        else if (directory.record.generation >= retention.readable_from)
            thinning.next(entry_of(directory.record));
    }
    auto const oldest = directories[0].generation();
    auto const entries = before.entries();
    for (auto i = entries.size(); i > 0; --i)
        if (entries[i - 1].generation < oldest.raw()) thinning.next(entries[i - 1]);
    after.set_shared_blocks(before.shared_blocks());
    return thinning.oldest();
}

} // namespace checkpoint
