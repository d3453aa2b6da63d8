// SPDX-License-Identifier: Apache-2.0
// One stream of the log: chunks, segments, holes.
#include <store/log_stream.hpp>

#include <algorithm>
#include <cstring>

namespace store {

using abi::disk::sector_size;

void LogStream::init(Setup const& setup) {
    setup_ = setup;
    auto const count = setup.buffer.size() / setup.chunk;
    for (std::size_t i = 0; i < count && i < chunks_at_most; ++i) {
        Chunk chunk;
        chunk.memory = setup.buffer.subspan(i * setup.chunk, setup.chunk);
        chunks_.push_back(chunk);
    }
    expects(chunks_.size() >= 2);
}

void LogStream::resume(Extent hole) {
    segment_ = setup_.segments->geometry().segment_of(hole.first());
    setup_.segments->reopen(segment_);
    hole_ = hole;
    position_ = hole.first() + 1;
}

std::uint32_t LogStream::room() const {
    if (segment_ == none) return 0;
    auto const& geometry = setup_.segments->geometry();
    return static_cast<std::uint32_t>(geometry.first_sector(segment_ + 1) - position_);
}

Result<> LogStream::open_segment() {
    if (setup_.segments->free() <= setup_.leaves) return base::fail(Error::no_space);
    auto const segment = TRY(setup_.segments->open());
    if (segment_ != none) setup_.segments->close(segment_);
    segment_ = segment;
    position_ = setup_.segments->geometry().first_sector(segment);
    return {};
}

// True: the chunk that is being filled goes on there, and has room for the run. What lies between, the end of
// a segment that no run fits into any more, is written as zeros.
bool LogStream::go_on_at(std::uint64_t sector, std::uint32_t sectors) {
    if (filling_ == none) return false;
    auto& chunk = chunks_[filling_];
    auto const here = chunk.start + chunk.used;
    auto const between = sector - here; // enormous for a place before this one
    if (sector < here || between >= abi::disk::sectors_per_frame ||
        (chunk.used + between + sectors) * sector_size > chunk.memory.size())
        return false;
    std::memset(chunk.memory.data() + chunk.used * sector_size, 0, between * sector_size);
    chunk.used += static_cast<std::uint32_t>(between);
    return true;
}

bool LogStream::begin_chunk() {
    for (std::uint32_t i = 0; i < chunks_.size(); ++i) {
        auto& chunk = chunks_[i];
        if (chunk.state != ChunkState::unused) continue;
        chunk.state = ChunkState::filling;
        chunk.starts_with_hole = false;
        chunk.start = position_;
        chunk.used = 0;
        filling_ = i;
        return true;
    }
    return false;
}

bool LogStream::can_append(std::uint32_t sectors) {
    if (filling_ != none && room() >= sectors) {
        auto const& chunk = chunks_[filling_];
        if (chunk.used + sectors <= chunk.memory.size() / sector_size) return true;
    }
    for (auto const& chunk : chunks_)
        if (chunk.state == ChunkState::unused) return true;
    return false;
}

Result<base::Bytes> LogStream::reserve(std::uint32_t sectors) {
    expects(sectors * sector_size <= setup_.chunk);
    if (!can_append(sectors)) return base::Bytes();
    if (room() < sectors) {
        // No hole was made behind the chunk: nothing but the segment's end is written over.
        invariant(filling_ == none || chunks_[filling_].start + chunks_[filling_].used == position_);
        TRY(open_segment());
        if (!go_on_at(position_, sectors)) seal();
    }
    if (filling_ != none) {
        auto const& chunk = chunks_[filling_];
        if (chunk.used + sectors > chunk.memory.size() / sector_size) seal();
    }
    if (filling_ == none && !begin_chunk()) return base::Bytes();
    auto const& chunk = chunks_[filling_];
    return chunk.memory.subspan(chunk.used * sector_size, sectors * sector_size);
}

std::size_t LogStream::contiguous_bytes() const {
    if (filling_ == none) return 0;
    auto const& chunk = chunks_[filling_];
    auto const in_chunk = chunk.memory.size() - chunk.used * sector_size;
    return std::min<std::size_t>(in_chunk, room() * sector_size);
}

Extent LogStream::append_reserved(std::uint32_t sectors) {
    expects(filling_ != none && room() >= sectors);
    auto& chunk = chunks_[filling_];
    invariant(chunk.start + chunk.used == position_);
    auto const extent = Extent::make(position_, sectors);
    chunk.used += sectors;
    position_ += sectors;
    return extent;
}

Result<Extent> LogStream::append(base::ConstBytes bytes) {
    auto const sectors = static_cast<std::uint32_t>(bytes.size() / sector_size);
    auto const memory = TRY(reserve(sectors));
    if (memory.empty()) return base::fail(Error::busy);
    if (memory.data() != bytes.data()) std::memcpy(memory.data(), bytes.data(), bytes.size());
    return append_reserved(sectors);
}

Result<Extent> LogStream::make_hole(std::uint32_t least_room) {
    if (room() < least_room) return make_hole_elsewhere();
    hole_ = Extent::make(position_, 1);
    ++position_;
    return hole_;
}

Result<Extent> LogStream::make_hole_elsewhere() {
    TRY(open_segment());
    seal();
    hole_ = Extent::make(position_, 1);
    ++position_;
    return hole_;
}

void LogStream::start_at_hole() {
    if (filling_ != none || position_ != hole_.first() + 1 || !begin_chunk()) return;
    auto& chunk = chunks_[filling_];
    chunk.starts_with_hole = true;
    chunk.start = hole_.first();
    chunk.used = 1;
}

bool LogStream::fill_hole(base::ConstBytes sector) {
    if (filling_ == none || !chunks_[filling_].starts_with_hole) return false;
    auto& chunk = chunks_[filling_];
    std::memcpy(chunk.memory.data(), sector.data(), sector_size);
    chunk.starts_with_hole = false;
    return true;
}

void LogStream::seal() {
    if (filling_ == none) return;
    auto& chunk = chunks_[filling_];
    std::uint32_t const skip = chunk.starts_with_hole ? 1 : 0;
    if (chunk.used == skip) {
        chunk.state = ChunkState::unused;
    } else {
        auto const data = chunk.memory.subspan(skip * sector_size, (chunk.used - skip) * sector_size);
        setup_.io->submit({setup_.owner, static_cast<std::uint16_t>(filling_)}, setup_.priority,
                          {RequestKind::write, 0, (chunk.start + skip) * sector_size, data});
        chunk.state = ChunkState::flying;
        ++flying_;
        bytes_sent_ += data.size();
    }
    filling_ = none;
}

void LogStream::complete(std::uint16_t index, Error error) {
    auto& chunk = chunks_[index];
    expects(chunk.state == ChunkState::flying);
    chunk.state = ChunkState::unused;
    --flying_;
    if (error != Error::none) failed_ = true;
}

void LogStream::drop_unsent() {
    if (filling_ == none) return;
    chunks_[filling_].state = ChunkState::unused;
    filling_ = none;
}

} // namespace store
