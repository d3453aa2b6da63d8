// SPDX-License-Identifier: Apache-2.0
// One stream of the log: appends sectors to an open segment, gathers them in chunks,
// writes each chunk as one request.
//   position() is the next sector; a run appended at once lies within one segment. Chunks fly until they
//   complete. A chunk goes on into the next segment where that is the neighbour, over what is left of the one
//   before: a request may be as long as a chunk however short segments are. A hole is one sector reserved at
//   the end of a commit for the next record: it travels in the first chunk when the record is ready before
//   that chunk leaves, else in a request of its own.
#pragma once

#include <base/fixed_vector.hpp>
#include <store/io_queue.hpp>
#include <store/segments.hpp>

namespace store {

class LogStream {
public:
    struct Setup {
        IoQueue* io = nullptr;
        Segments* segments = nullptr;
        std::uint8_t owner = 0;
        Priority priority = Priority::commit;
        base::Bytes buffer;       // all chunks
        std::size_t chunk = 0;    // bytes of one
        std::uint32_t leaves = 0; // free segments that it takes no further one of
    };
    static constexpr std::size_t chunks_at_most = 8;

    void init(Setup const& setup);
    // Recovery: goes on at a place that a record named as its successor's.
    void resume(Extent hole);

    // A run of this many sectors can be appended now (buffer and, as far as segments are free, space).
    bool can_append(std::uint32_t sectors);
    // The memory that the next append of `sectors` will be taken from; empty when busy. Errors: no_space.
    Result<base::Bytes> reserve(std::uint32_t sectors);
    // ... and as many bytes more as further runs appended after it will be taken from, one after another.
    std::size_t contiguous_bytes() const;
    // Appends the run that reserve() gave memory for.
    Extent append_reserved(std::uint32_t sectors);
    Result<Extent> append(base::ConstBytes bytes);

    // Reserves the next record's sector, in a new segment when less than `room` sectors are left.
    Result<Extent> make_hole(std::uint32_t room);
    // ... in a new segment in any case.
    Result<Extent> make_hole_elsewhere();
    Extent hole() const { return hole_; }
    // Begins the first chunk at the hole, if nothing was appended since it was made.
    void start_at_hole();
    // Puts the record into the chunk that begins at the hole. False: that chunk has left, write it yourself.
    bool fill_hole(base::ConstBytes sector);

    // Sends what is gathered.
    void seal();
    void complete(std::uint16_t chunk, Error error);
    bool idle() const { return filling_ == none && flying_ == 0; }
    bool failed() const { return failed_; }
    void clear_failure() { failed_ = false; }
    // Drops what is gathered and not sent.
    void drop_unsent();
    std::uint32_t room() const;
    std::uint64_t bytes_sent() const { return bytes_sent_; }

private:
    static constexpr std::uint32_t none = 0xffffffff;
    enum class ChunkState : std::uint8_t { unused, filling, flying };
    struct Chunk {
        base::Bytes memory;
        ChunkState state = ChunkState::unused;
        bool starts_with_hole = false; // ... that is not filled yet
        std::uint64_t start = 0;
        std::uint32_t used = 0; // sectors
    };
    Result<> open_segment();
    bool go_on_at(std::uint64_t sector, std::uint32_t sectors);
    bool begin_chunk();

    Setup setup_;
    base::FixedVector<Chunk, chunks_at_most> chunks_;
    std::uint32_t filling_ = none;
    std::uint32_t flying_ = 0;
    std::uint32_t segment_ = none;
    std::uint64_t position_ = 0;
    Extent hole_;
    bool failed_ = false;
    std::uint64_t bytes_sent_ = 0;
};

} // namespace store
