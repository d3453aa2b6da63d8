// SPDX-License-Identifier: Apache-2.0
#include "engine_side.hpp"

#include <abi/disk/segment.hpp>
#include <checkpoint/format.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fmt/core.h>

namespace bench {

namespace {
constexpr std::uint64_t first_frame = 16; // page 0 is this frame

// What a commit that was refused leaves to be asked.
std::string state_of(checkpoint::Engine& engine) {
    auto const space = engine.space();
    auto const& counters = engine.counters();
    return fmt::format(
        "(MiB: usable {}, free {}, pending {}, live {}, limit {}; commits {}, folds {}, moved {})",
        space.usable_bytes >> 20, space.free_bytes >> 20, space.pending_bytes >> 20, space.live_bytes >> 20,
        space.limit_bytes >> 20, counters.commits, counters.folds, counters.frames_moved);
}

} // namespace

std::byte* aligned_memory(std::size_t bytes) {
    auto const whole = (bytes + 4095) / 4096 * 4096;
    auto* const memory = static_cast<std::byte*>(std::aligned_alloc(4096, whole));
    if (memory == nullptr) give_up("no memory for the engine");
    std::memset(memory, 0, whole);
    return memory;
}

std::uint32_t segment_shift_for(std::uint64_t bytes) {
    auto shift = abi::disk::segment_shift_default;
    while (bytes >> shift > checkpoint::Limits().segments && shift < abi::disk::segment_shift_max) ++shift;
    return shift;
}

checkpoint::Limits bench_limits(std::uint64_t bytes, std::uint32_t unmigrated_entries) {
    checkpoint::Limits limits;
    limits.segments = static_cast<std::uint32_t>(bytes >> segment_shift_for(bytes)) + 1;
    limits.unmigrated_entries = unmigrated_entries;
    limits.cached_nodes = 1024;
    limits.commit_chunk = 1 << 20;
    limits.side_chunk = 256 << 10;
    limits.read_ahead = 32;
    return limits;
}

EngineSide::Prepared::Prepared(EngineSetup const& setup) {
    (setup.sparse ? make_sparse_file : make_written_file)(setup.path, setup.bytes);
}

EngineSide::EngineSide(EngineSetup const& setup)
    : prepared_(setup), device_(setup.path), limits_(bench_limits(setup.bytes, setup.unmigrated_entries)) {
    auto const tables = checkpoint::table_bytes(limits_), io = checkpoint::io_bytes(limits_);
    tables_.reset(aligned_memory(tables));
    io_.reset(aligned_memory(io));
    checkpoint::FormatOptions options;
    options.store = options.nonce = {1, 2};
    options.label = "bench";
    options.segment_shift = segment_shift_for(setup.bytes);
    if (checkpoint::format(device_, {io_.get(), io}, options).failed()) give_up("format failed");
    checkpoint::Memory const memory = {{tables_.get(), tables}, {io_.get(), io}};
    auto const opened = engine_.open(device_, memory, {.limits = limits_, .nonce = {3, 4}});
    if (opened.failed()) give_up("open: " + std::string(abi::describe(opened.error).sentence));
}

void EngineSide::commit(std::span<PageWrite const> pages) { write(pages, false); }
void EngineSide::commit_zero(std::span<PageWrite const> pages) { write(pages, true); }

void EngineSide::write(std::span<PageWrite const> pages, bool zero) {
    auto const wait_while_busy = [&](char const* what, auto&& call) {
        while (true) {
            auto const result = call();
            if (!result.failed()) return;
            if (result.error != abi::Error::busy)
                give_up(
                    fmt::format("{}: {} {}", what, abi::describe(result.error).sentence, state_of(engine_)));
            checkpoint::turn(engine_, device_, true);
        }
    };
    wait_while_busy("begin_commit",
                    [&] { return engine_.begin_commit(static_cast<std::uint32_t>(pages.size())); });
    std::size_t added = 0;
    for (auto const& page : pages) {
        checkpoint::FrameImage const image{.frame = abi::FrameId::persistent(first_frame + page.page),
                                           .type = abi::FrameType::data_page,
                                           .mark = abi::Version(1),
                                           .live = false,
                                           .content = zero ? base::ConstBytes{} : page.content};
        wait_while_busy("add", [&] { return engine_.add(image); });
        // As the migrator, which takes four frames at a time from the kernel: what is full leaves meanwhile.
        if (++added % 4 != 0 || !engine_.runnable()) continue;
        checkpoint::turn(engine_, device_, false);
        device_.ring();
    }
    if (engine_.finish_commit({.processes = 0}).failed()) give_up("finish_commit failed");
    while (engine_.commit_state() == checkpoint::CommitState::writing)
        checkpoint::turn(engine_, device_, true);
    if (engine_.take_commit().failed()) give_up("a commit failed");
}

void EngineSide::settle() {
    do checkpoint::turn(engine_, device_, true);
    while (engine_.runnable() || !engine_.quiet());
}

} // namespace bench
