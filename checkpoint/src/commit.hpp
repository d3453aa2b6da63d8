// SPDX-License-Identifier: Apache-2.0
// One commit: frames in, sectors out (the stabiliser), then directory, record, flush.
//
//   idle ─begin─► open ─finish─► directory ─┬─► drain ─flush─► acknowledged: up to 4 MiB one flush (R23)
//                                           └─► drain_first ─flush─► drain ─flush─► acknowledged: above two
//   any failed write or flush ─► failing ─(all its requests are back)─► failed: the commit is abandoned (R25)
//
//   Every write of a commit has completed before its flush is submitted.
#pragma once

#include "directory_codec.hpp"

#include <checkpoint/engine.hpp>

namespace checkpoint {

using abi::disk::CommitRecord;
struct EngineState;

class Commit {
public:
    explicit Commit(EngineState& state) : state_(state) {}

    void init(base::Bytes record_buffer) { record_buffer_ = record_buffer; }
    static constexpr std::size_t buffer_size = 2 * 512;
    static constexpr std::uint64_t one_flush_bytes = 4 << 20;
    static constexpr std::size_t frames_in_buffer_at_most = 4;

    Result<> begin(std::uint32_t frames, bool housekeeping);
    base::Bytes next_buffer();
    Result<> add(FrameImage const& image);
    Result<> finish(CommitInfo const& info);
    // The empty commit that was begun has the content of the checkpoint `to` (R31).
    void restores(Generation to) { record_.restores = to.raw(); }
    Generation generation() const { return generation_; }
    void abandon();
    CommitState visible_state() const;
    Result<Generation> take();

    bool step();
    void record_written(Error error);
    bool wants_flush() const;
    void flush_done(); // of a flush submitted when wants_flush() was true
    void flush_failed();

    bool idle() const { return phase_ == Phase::idle; }
    bool housekeeping() const { return housekeeping_; }
    Error error() const { return error_; }

private:
    enum class Phase : std::uint8_t { idle, open, directory, drain_first, drain, failing, committed, failed };
    Result<> place_block(FrameImage const& image, std::optional<DirectoryEntry> const& before,
                         abi::disk::EntryFields& fields);
    bool write_directory();
    bool compose_record();
    bool drained() const;
    void fail_with(Error error);
    void acknowledge();
    void count_references() const;
    void after_failure();

    EngineState& state_;
    Phase phase_ = Phase::idle;
    bool housekeeping_ = false;
    bool names_new_map_ = false;
    bool record_ready_ = false;
    Error error_ = Error::none;
    Generation generation_;
    std::span<DirectoryEntry> entries_;
    std::uint32_t count_ = 0;
    std::uint32_t limit_ = 0;
    std::uint32_t frames_ = 0;
    std::uint64_t data_bytes_ = 0;
    CommitInfo info_;
    CommitRecord record_;
    DirectoryEncoder encoder_;
    std::array<std::byte, 512> staged_{}; // a sector of the directory that no stream has taken yet
    bool staged_full_ = false;
    std::uint32_t runs_[2] = {0, 0};
    std::uint32_t records_in_flight_ = 0;
    base::Bytes record_buffer_;
};

} // namespace checkpoint
