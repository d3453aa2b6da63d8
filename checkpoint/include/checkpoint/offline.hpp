// SPDX-License-Identifier: Apache-2.0
// Reading a store that nobody runs: slots, history, frames of any retained checkpoint, and `check`. Never
// writes. All calls wait for the device. One OfflineStore owns one read-only Engine.
#pragma once

#include <checkpoint/block_verifier.hpp>
#include <checkpoint/engine.hpp>
#include <store/root_slots.hpp>

#include <array>

namespace checkpoint {

using store::SlotState;

// A frame in a view.
struct FrameInfo {
    abi::FrameId frame;
    abi::FrameType type = abi::FrameType::free;
    abi::Version mark;
    bool live = false;
    bool zero = false;
    Generation birth;         // checkpoint that wrote this content
    std::uint64_t offset = 0; // byte of its block; 0 for a zero frame
    std::uint64_t hash = 0;
};

struct CheckResult {
    std::uint64_t checkpoints = 0, frames = 0, blocks_verified = 0, map_nodes = 0, directories = 0;
    std::uint64_t findings = 0;             // damage; notes are not counted
    std::uint64_t frames_damaged = 0;       // in the newest checkpoint
    std::uint64_t checkpoints_readable = 0; // retained ones with every frame whole
    bool torn_commit = false;               // note
    bool space_balances = true;             // recounted live sectors equal the segment table
};

enum class CheckPhase : std::uint8_t { slots, log, map, frames, space };

class CheckListener : public store::CorruptionSink {
public:
    virtual void progress(CheckPhase phase, std::uint64_t done, std::uint64_t total) = 0;

protected:
    ~CheckListener() = default;
};

class OfflineStore {
public:
    // As Engine::open, read-only; `findings` hears of bad copies. damaged stores open
    // as far as anything can be read.
    Result<> open(store::BlockDevice& device, Memory memory, Limits const& limits,
                  store::CorruptionSink* findings = nullptr);

    // The four copies, read anew; works on a device on which open() failed.
    static std::array<SlotState, 4> slots(store::BlockDevice& device, base::Bytes buffer);

    Engine& engine() { return engine_; }
    RecoveryReport const& recovery() const { return engine_.recovery(); }
    abi::disk::RootSlot const& superblock() const { return engine_.superblock(); }
    std::size_t history(std::span<CheckpointInfo> out) const { return engine_.history(out); }

    // Is this generation retained? Views are asked for by generation.
    bool has(Generation at) const;
    // One frame as it was at `at`: its entry. Errors: no_such_checkpoint, absent, corrupt (map), io.
    Result<FrameInfo> find(Generation at, abi::FrameId frame);
    // ... and its content, verified. Errors: as find; corrupt (`corruption` filled when given).
    Result<FrameInfo> read(Generation at, abi::FrameId frame, std::span<std::byte, abi::frame_size> content,
                           store::Corruption* corruption = nullptr);
    // Every frame of a view in order of its number. `each(FrameInfo const&)` returns true to go on.
    template <class Each>
    Result<> for_each(Generation at, Each each) {
        return visit(
            at,
            [](void* context, FrameInfo const& info) -> bool { return (*static_cast<Each*>(context))(info); },
            &each);
    }
    // Verifies everything that can be reached; with a verifier, blocks by its help, with the same result.
    Result<CheckResult> check(CheckListener& listener, BlockVerifier* verifier = nullptr);

private:
    Result<> visit(Generation at, bool (*each)(void*, FrameInfo const&), void* context);
    Engine engine_;
    store::BlockDevice* device_ = nullptr;
};

} // namespace checkpoint
