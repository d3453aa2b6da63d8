// SPDX-License-Identifier: Apache-2.0
// Physical memory as a cache of the store: frame identifier → physical frame, and the free list.
//   Every named frame is in exactly one bucket; find(f.id) is f.   free_count() = length of the free list.
// Eviction needs the mappings and is in mapping/evict.hpp.
#pragma once

#include <memory/page_frame.hpp>

#include <span>

namespace kernel {

class FrameCache {
public:
    static constexpr std::uint32_t transients_max = (1u << 26) - 1;

    // Storage for all physical frames up to the highest usable one, all reserved; buckets: a power of two.
    void start(std::span<PageFrame> frames, std::span<FrameIndex> buckets);
    // A run of usable frames becomes free.
    void add_free(FrameIndex first, std::uint32_t count);

    std::uint32_t size() const { return static_cast<std::uint32_t>(frames_.size()); }
    std::uint32_t free_count() const { return free_count_; }
    // Frames that are or were free: RAM the cache lives in.
    std::uint32_t usable_count() const { return usable_count_; }

    PageFrame& operator[](FrameIndex index) {
        expects(index < frames_.size());
        return frames_[index];
    }
    PageFrame const& operator[](FrameIndex index) const {
        expects(index < frames_.size());
        return frames_[index];
    }

    // The resident frame of this identifier, or no_frame.
    FrameIndex find(abi::FrameId id) const {
        auto at = buckets_[bucket(id)];
        while (at != no_frame && frames_[at].id != id) at = frames_[at].hash_next;
        return at;
    }

    // A frame off the free list in `state`, its content as it was left; no_frame when none is free.
    FrameIndex take(FrameState state);
    // Back to the free list. The frame has no name, mapping, entry, side frame or pin any more.
    void give_back(FrameIndex index);

    struct Identity {
        abi::FrameId id;
        abi::FrameType type;
        abi::Version mark;
    };
    // Names a frame taken as clean (persistent identifier) or transient; no frame of that name is resident.
    void name(FrameIndex index, Identity identity);
    // Takes the name away; the state stays.
    void forget(FrameIndex index);
    void pin(FrameIndex index) {
        auto& frame = (*this)[index];
        expects(frame.pins < 0xffff);
        ++frame.pins;
    }
    void unpin(FrameIndex index) {
        auto& frame = (*this)[index];
        expects(frame.pins > 0);
        --frame.pins;
    }

    // The identifier of a new non-persistent frame. Never one that was used in this boot, whatever physical
    // frame it gets: capabilities to the former would come alive. FrameId() when all are used up.
    abi::FrameId next_transient() {
        if (transients_ == transients_max) return {};
        return abi::FrameId::non_persistent(0, ++transients_);
    }

    // What was found about capabilities stays true while this number stands: it rises when a frame leaves
    // memory, and with whatever else can make a valid capability void or a finding old (unsettle()).
    std::uint64_t validity() const { return validity_; }
    void unsettle() { ++validity_; }

    // The clock's hand.
    FrameIndex hand = 0;

private:
    std::size_t bucket(abi::FrameId id) const {
        return static_cast<std::size_t>((id.raw() * 0x9e37'79b9'7f4a'7c15ull) >> shift_);
    }

    std::span<PageFrame> frames_{};
    std::span<FrameIndex> buckets_{};
    unsigned shift_ = 63;
    FrameIndex free_ = no_frame;
    std::uint32_t free_count_ = 0;
    std::uint32_t usable_count_ = 0;
    std::uint32_t transients_ = 0;
    std::uint64_t validity_ = 1;
};

} // namespace kernel
