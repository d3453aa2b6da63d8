// SPDX-License-Identifier: Apache-2.0
// The frames of one view, committed to a fresh store.
#include "store_fork.hpp"

#include "output_file.hpp"
#include "store_lock.hpp"
#include "store_writer.hpp"

#include <checkpoint/format.hpp>
#include <store/root_slots.hpp>
#include <store/sync_io.hpp>

#include <cstring>

namespace tools {
namespace {

void format_like(abi::disk::RootSlot const& like, Device& device, ForkIdentity const& identity) {
    EngineMemory buffer(checkpoint::Limits{});
    auto const made =
        checkpoint::format(device, buffer.io_bytes(),
                           {.store = identity.store,
                            .nonce = identity.formatted,
                            .label = {like.label.data(), ::strnlen(like.label.data(), like.label.size())},
                            .created_ns = identity.created_ns,
                            .abi_revision = like.abi_revision,
                            .segment_shift = like.segment_shift,
                            .interval_ms = like.interval_ms,
                            .retain = like.retain,
                            .retain_tenths = like.retain_tenths,
                            .retain_seconds = like.retain_seconds,
                            .migration_kib_s = like.migration_kib_s,
                            .processor_features = like.processor_features});
    if (made.failed()) throw problem_of(made.error, "the new store");
}

// Boot numbers go on from the source's: what a process waits for, and capabilities to what no checkpoint
// keeps, name the boot they were made in, and no boot of the fork may be taken for it (R2, R17).
void go_on_with_boots(Device& device, std::uint32_t boot) {
    alignas(4096) std::array<std::byte, 4096> buffer{};
    auto const sector = base::Bytes(buffer).first(store::sector_size);
    store::SyncIo io(device);
    for (auto const& state : checkpoint::OfflineStore::slots(device, buffer)) {
        auto slot = state.slot;
        slot.boot = boot;
        store::encode_slot(slot, sector);
        if (!io.write(state.offset, sector) || !io.flush()) throw problem_of(abi::Error::io, "the new store");
    }
}

} // namespace

std::uint64_t fork_onto(StoreView& source, std::string const& name, Device& device,
                        ForkIdentity const& identity) {
    auto const& like = source.store().superblock();
    std::vector<checkpoint::FrameInfo> frames;
    auto const listed =
        source.store().for_each(source.at().generation, [&](checkpoint::FrameInfo const& info) {
            frames.push_back(info);
            return true;
        });
    if (listed.failed()) throw source.file().problem(listed.error);

    format_like(like, device, identity);
    go_on_with_boots(device, like.boot);
    StoreWriter writer(name, device, identity.written);
    alignas(64) std::array<std::byte, abi::frame_size> content{};
    auto const& record = source.at().record;
    writer.commit(frames.size(),
                  [&](std::size_t index) {
                      auto const& info = frames[index];
                      auto const read = source.store().read(source.at().generation, info.frame, content);
                      if (read.failed()) throw source.file().problem(read.error);
                      return checkpoint::FrameImage{.frame = info.frame,
                                                    .type = info.type,
                                                    .mark = info.mark,
                                                    .live = info.live,
                                                    .content = content};
                  },
                  {.time_ns = identity.created_ns,
                   .clock_base_ns = record.clock_base_ns,
                   .processes = record.processes});
    writer.finish();
    return frames.size();
}

Fork fork_store(StoreView& source, std::string const& path, bool force) {
    auto const& like = source.store().superblock();
    OutputFile output(path, force);
    if (!lock_exclusively(output.file())) refuse_in_use(path);
    auto const size = like.segments << like.segment_shift;
    output.set_size(size);
    FileDevice device(output.file(), size);
    ForkIdentity const identity{.store = random_bits(),
                                .formatted = random_bits(),
                                .written = random_bits(),
                                .created_ns = wall_clock_ns()};
    auto const frames = fork_onto(source, path, device, identity);
    output.complete();
    return {.store = identity.store, .frames = frames};
}

} // namespace tools
