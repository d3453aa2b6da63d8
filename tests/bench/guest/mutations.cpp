// SPDX-License-Identifier: Apache-2.0
// F7 and F8: what persistence adds to the change of one word of an object. This program takes the migrator's
// place: it supplies a frame of persistent endpoints, and takes, drains and commits snapshots of it.
#include "figures.hpp"

#include "checked.hpp"

#include <abi/boot_info.hpp>
#include <abi/objects/endpoint.hpp>
#include <abi/objects/process.hpp>
#include <abi/operations/endpoint.hpp>
#include <runtime/client/capability_page.hpp>
#include <runtime/client/checkpoint.hpp>
#include <runtime/client/device_memory.hpp>
#include <runtime/client/object_source.hpp>
#include <runtime/client/process.hpp>

#include <array>
#include <bit>
#include <cstring>

namespace bench {

namespace {

using abi::FrameType;
using abi::SupervisorSlot;
using runtime::Result;
using runtime::Slot;

constexpr runtime::ObjectSource source{SupervisorSlot::object_source};
constexpr runtime::Checkpoint checkpoint{SupervisorSlot::checkpoint};
constexpr Slot space(96), root(97), persistent(98);
constexpr std::uint64_t endpoint_frame = 9; // and the root page's slot that names its first endpoint

using Content = std::array<std::byte, abi::frame_size>;
Content& arena() { return *std::bit_cast<Content*>(abi::dma_arena_address); }

constinit std::uint64_t generation = 0;

Result<> supply(std::uint64_t frame, FrameType type) {
    return source.supply(frame, static_cast<std::uint8_t>(type), abi::first_version.raw(),
                         abi::dma_arena_address);
}

// A store of two frames: the root page, and endpoints of which the first is in use.
Result<> restore() {
    constexpr auto space_slot = static_cast<std::uint64_t>(abi::ProcessSlot::address_space);
    TRY(runtime::Process{SupervisorSlot::own_process}.get_slot(space_slot, space));
    TRY(runtime::DeviceMemory{SupervisorSlot::dma_arena}.map(space, abi::dma_arena_address));
    TRY(source.restore(1, 1, 0, root));
    arena().fill(std::byte{0});
    auto const endpoint =
        abi::Capability::to_object(abi::CapabilityType::endpoint,
                                   {abi::FrameId::persistent(endpoint_frame), 0}, abi::first_version)
            .with_rights(abi::endpoint_permissions);
    std::memcpy(&arena()[endpoint_frame * sizeof endpoint], &endpoint, sizeof endpoint);
    TRY(supply(abi::root_frame.raw(), FrameType::capability_page));
    arena().fill(std::byte{0});
    abi::ObjectHeader const header{abi::first_version.raw(), abi::ObjectHeader::in_use};
    std::memcpy(arena().data(), &header, sizeof header);
    TRY(supply(endpoint_frame, FrameType::endpoint));
    return runtime::CapabilityPage{root}.fetch(endpoint_frame, persistent);
}

void mutate(Slot endpoint) { bare_operation(endpoint, abi::op::endpoint::set_value, 5); }

// The snapshot in flight, as if it had been written.
void finish_snapshot() {
    for (;;) {
        auto const drained = checkpoint.drain(abi::dma_arena_address, 4);
        count_failure(drained.failed());
        if (drained.failed() || drained->frames == 0) break;
    }
    count_failure(checkpoint.commit(++generation).failed());
}

// A new epoch; the endpoint was changed in the one before, so that the snapshot in flight holds it. What the
// call itself touches is then of this epoch.
void next_epoch() {
    finish_snapshot();
    count_failure(checkpoint.take().failed());
    mutate(SupervisorSlot::own_endpoint);
}

// Changed, written, and not changed since.
void settle() {
    mutate(persistent);
    count_failure(checkpoint.take().failed());
    finish_snapshot();
    mutate(SupervisorSlot::own_endpoint);
}

void measure_epochs(Samples& samples) {
    auto const change = [] { mutate(persistent); };
    auto const take_changed = [] {
        mutate(persistent);
        count_failure(checkpoint.take().failed());
    };
    report_checked("mutation-transient",
                   samples.measure([] {}, [] { mutate(SupervisorSlot::own_endpoint); }));
    take_changed();
    auto const copied_before = checkpoint.counters()->copied;
    report_checked("mutation-first", samples.measure(next_epoch, change));
    if (checkpoint.counters()->copied - copied_before < sample_count)
        say("mutation-first failed: the endpoint was not copied aside");
    report_checked("mutation-second", samples.measure(
                                          [] {
                                              next_epoch();
                                              mutate(persistent);
                                          },
                                          change));
    finish_snapshot();
    report_checked("mutation-settled", samples.measure(settle, change));
}

} // namespace

void measure_mutations(Samples& samples) {
    if (auto const restored = restore(); restored.failed())
        return report_failure("mutation-first", "a store of two frames", restored.error);
    measure_epochs(samples);
}

} // namespace bench
