// SPDX-License-Identifier: Apache-2.0
// The store at work: fetches, commits and migration as state machines over one disk, driven by one loop.
//
//   open() is the only call that waits for the device (nothing else runs before recovery is done). Afterwards
//   the loop is turn(engine, device, wait), below: poll, step, submit. step() takes completions and gives
//   requests, in order of priority: fetches, commit, migration. It never waits. Call step() again after each
//   begin_commit, add, finish_commit, fetch or release: they only leave work behind.
//
// One commit at a time. Error::busy means: run the loop until something completes, then ask again.
// The caller keeps no pointer to frames given to add(). Everything lives in the memory given at open.
#pragma once

#include <checkpoint/frame_image.hpp>
#include <checkpoint/generation.hpp>
#include <checkpoint/limits.hpp>
#include <checkpoint/recovery_report.hpp>
#include <store/block_device.hpp>
#include <store/corruption.hpp>

#include <abi/disk/checkpoint_table.hpp>
#include <abi/disk/commit_record.hpp>
#include <base/result.hpp>

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace checkpoint {

using abi::Error;
using base::Result;

struct OpenOptions {
    Limits limits;
    bool read_only = false;                               // no boot number, no write at all
    abi::disk::Random128 nonce;                           // 128 random bits of this boot; needed for writing
    std::uint32_t abi_revision = 0;                       // of the kernel; 0: do not compare (R7)
    std::uint64_t processor_features = ~std::uint64_t{0}; // of the machine, XCR0 bits (R11); all: any store
    bool previous = false; // take the checkpoint before the newest (boot word `previous`); see Engine::open
    store::CorruptionSink* findings = nullptr; // hears of every bad copy; may be null
};

// What the caller knows of a commit when its last frame was added.
struct CommitInfo {
    std::uint64_t time_ns = 0;       // wall clock, since 1970
    std::uint64_t stop_ns = 0;       // length of the stop
    std::uint64_t clock_base_ns = 0; // persistent clock at the snapshot
    std::uint32_t processes = 0;     // live processes in the checkpoint
    std::uint32_t abi_revision = 0;
};

enum class CommitState : std::uint8_t {
    none,      // begin_commit may be called
    open,      // frames are being added
    writing,   // finish_commit was called; the flush has not returned
    committed, // durable and acknowledged: take_commit() gives its generation
    failed,    // a write or the flush failed: the previous checkpoint stays in force; take_commit() gives the
               // error
};

using FetchTicket = std::uint32_t;

struct Fetched {
    FetchTicket ticket = 0;
    abi::FrameId frame;
    Error error = Error::none; // none, absent (never written), corrupt, io
    abi::FrameType type = abi::FrameType::free;
    abi::Version mark;
    bool live = false;
    base::ConstBytes
        content; // 4096 bytes in the I/O memory until release(ticket); a zero frame is zero bytes there
    store::Corruption corruption; // when error is corrupt
};

// One retained checkpoint, newest first in Engine::history.
struct CheckpointInfo {
    Generation generation;
    // Of one that is in the map, what is kept of it: hash, times, flags, numbers of frames and processes, ABI
    // revision; its places and its directory are gone.
    abi::disk::CommitRecord record;
    bool pinned = false;
    std::array<char, abi::disk::pin_name_size> name{}; // of the pin
    Generation restores;                               // of a rollback: whose content it has
    std::uint64_t identity() const { return record.hash.low; }
    std::string_view pin_name() const { return std::string_view(name.data()); }
};
inline constexpr std::size_t history_at_most = directories_at_most + 3 + abi::disk::checkpoints_at_most;

struct SpaceInfo {
    std::uint64_t usable_bytes = 0;  // segments that may hold the log
    std::uint64_t free_bytes = 0;    // in segments that may be opened now
    std::uint64_t pending_bytes = 0; // in segments that become free when the root slots move on (R27)
    std::uint64_t live_bytes = 0;    // referred to by anything retained
    std::uint64_t limit_bytes = 0;   // live bytes at which allocation must be refused (R29)
    bool refuse_allocation = false;
};

struct Counters {
    std::uint64_t commits = 0, housekeeping = 0, failed = 0;
    std::uint64_t flushes = 0;         // submitted
    std::uint64_t bytes_committed = 0; // data, directories and records
    std::uint64_t bytes_migrated = 0;  // map nodes, tables, moved frames
    std::uint64_t bytes_rooted = 0;    // root slots
    std::uint64_t frames_added = 0, frames_zero = 0, frames_unchanged = 0, frames_written = 0;
    std::uint64_t folds = 0, relocations = 0, frames_moved = 0, blocks_given_up = 0, slot_refreshes = 0,
                  segments_opened = 0, laps = 0;
};

struct EngineState;

class Engine {
public:
    // Recovers the newest whole checkpoint; unless read-only, chooses the boot number and writes it, with the
    // nonce, into both root slots, each flushed, before it returns (R2). Errors: not_a_store, truncated,
    // bad_superblock, newer_format, older_format, wrong_revision, not_supported (the store needs more of the
    // processor: nothing was written, see RecoveryReport::features_missing), corrupt (an acknowledged
    // checkpoint cannot be read: never a silent step back), io, no_memory
    // (`memory` smaller than the limits ask for, or the store larger than the limits allow), limit_reached
    // (boot numbers used up), no_such_checkpoint (`previous`, and there is none whose blocks are all still
    // there). Stack: open at most 8 KiB, step and the rest at most 6 KiB.
    Result<> open(store::BlockDevice& device, Memory memory, OpenOptions const& options);
    RecoveryReport const& recovery() const;
    abi::disk::RootSlot const& superblock() const; // the newest root slot as read or written last

    // Calls `each(frame)` for every process frame with the live bit, in order. Waits for
    // the device: use it after open.
    template <class Each>
    Result<> for_each_live(Each each) {
        return visit_live([](void* context, abi::FrameId frame) { (*static_cast<Each*>(context))(frame); },
                          &each);
    }

    void step(std::span<store::Completion const> done, store::RequestList& requests);
    // step() has work that needs no completion: call it again without waiting.
    bool runnable() const;
    // No request is in flight: waiting for the device would be for ever.
    bool quiet() const;
    // Migration or a refresh of the root slots is under way or due.
    bool migrating() const;
    // Migration may read and write so many bytes more. Without a first grant it has no limit; unused grants
    // count up to a mebibyte. It goes on without any when a commit waits for it.
    void grant_migration(std::uint64_t bytes);
    // Migration has something to do and waits for a grant.
    bool resting() const;

    // Begins the next commit. `frames` is the most it will add. Errors: busy (space or entries are being
    // freed: run the loop), no_space (nothing can be freed: dropped history and cleaning included), io or
    // corrupt (nothing could be freed, because the device failed or the map cannot be read; every call tries
    // anew), limit_reached (more frames than one commit can hold), foreign_boot (another machine wrote the
    // store: stop), device_failed (writing is over).
    Result<> begin_commit(std::uint32_t frames);
    std::uint32_t frames_at_most() const;
    // One to four times 4096 bytes where the next frames' contents may be put by the caller: add() of frame i
    // with the i-th 4096 bytes copies nothing (after a frame that costs no block, the later ones are moved
    // down). Empty when a buffer must first be written out (busy).
    base::Bytes next_frame_buffer();
    // Adds a frame; each frame at most once in a commit. A zero frame, and one whose content is what an
    // unmigrated directory, or a node of the map that is in memory, already has, costs no block. Errors:
    // busy.
    Result<> add(FrameImage const& image);
    Result<> finish_commit(CommitInfo const& info);
    CommitState commit_state() const;
    Generation committing() const; // generation of the commit under way or last tried
    // Ends `committed` or `failed`: the acknowledged generation, or the error (io, foreign_boot).
    Result<Generation> take_commit();
    // Gives up an open commit: nothing of it stays.
    void abandon_commit();

    Generation newest() const; // newest acknowledged generation

    // Asks for the newest acknowledged content of a frame. Errors: busy (all fetch slots in use).
    Result<FetchTicket> fetch(abi::FrameId frame);
    // The next finished fetch, in order of completion.
    std::optional<Fetched> take_fetched();
    void release(FetchTicket ticket);

    // About one second after the last commit: notes it as acknowledged in a root slot
    // (R26). Costs nothing if noted.
    void note_idle();

    // Retained checkpoints, newest first; returns how many were written.
    std::size_t history(std::span<CheckpointInfo> out) const;
    SpaceInfo space() const;
    Counters const& counters() const;

    // For the code beside this class (offline reader, tests).
    EngineState& state() { return *state_; }
    EngineState const& state() const { return *state_; }

private:
    Result<> visit_live(void (*each)(void*, abi::FrameId), void* context);
    EngineState* state_ = nullptr;
};

// One turn of the loop. With `wait`, waits for a completion if something is in flight
// and nothing can be done before.
void turn(Engine& engine, store::BlockDevice& device, bool wait);

} // namespace checkpoint
