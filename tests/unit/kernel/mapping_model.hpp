// SPDX-License-Identifier: Apache-2.0
// A kernel and the naive forest, changed alike: frames are typed, nodes shaped and filled, objects destroyed,
// snapshots taken and drained, memory evicted. mapping_model_test.cpp compares the two after each change.
#pragma once

#include "fake_store.hpp"
#include "model_processor.hpp"
#include "naive_forest.hpp"

#include <mapping/mapping_list.hpp>
#include <mapping/user_memory.hpp>

#include <map>
#include <optional>

namespace kernel::testing {

// How scarce the pools of a world are.
struct Scarcity {
    char const* name;
    std::uint32_t usable_frames;
    std::size_t depends = 0; // left free; 0: as many as there are
    std::size_t nodes = 0;
    std::size_t tables = 0;
    std::uint32_t dirty_limit = 0; // 0: half of memory
};

class MappingModel {
public:
    static constexpr std::size_t patt_frames = 3;
    static constexpr std::size_t frame_count = 16;
    static constexpr std::size_t process_count = 4;
    static constexpr std::size_t word_offset = 8 * 37;

    MappingModel(std::uint64_t seed, Scarcity const& scarcity)
        : world(memory_for(scarcity)), store(world), random(seed_of(seed, scarcity)) {
        forest.frames.resize(frame_count);
        for (std::size_t i = 0; i < frame_count; ++i) make_frame(i);
        for (auto& process : processes) {
            process = world.process({});
            world.memory().frames.pin(process.frame);
        }
        plant();
        make_scarce(scarcity);
    }

    std::uint64_t pick(std::uint64_t count) { return random() % count; }
    bool one_in(std::uint64_t count) { return pick(count) == 0; }

    // --- Residency: what the fault path and the migrator do.

    FrameIndex find(std::size_t frame) { return world.memory().frames.find(forest.frames[frame].id); }
    FrameIndex at_hand(std::size_t frame) {
        auto const at = find(frame);
        return at != no_frame ? at : supply(forest.frames[frame].id);
    }
    FrameIndex supply(abi::FrameId id) {
        auto const room = obtain_frame(world.kernel(), FrameState::clean);
        if (room) world.memory().frames.give_back(*room);
        else relieve();
        return store.supply(id);
    }
    // A unit's writes are admitted; memory is made by checkpoints if need be.
    void admit() {
        for (int i = 0; i < 3 && !admit_writes(world.kernel(), Urgency::normal); ++i) relieve();
    }
    // The migrator's answer to "memory is full of changes": the snapshot in flight ends, the next one is
    // made.
    void relieve() {
        if (!world.memory().epoch.in_flight) begin();
        store.drain_all();
        commit();
    }

    // --- Snapshots.

    void begin() {
        at_take.clear();
        store.begin();
        for (auto const& frame : forest.frames)
            if (frame.persistent) at_take[frame.id.raw()] = {frame.type, frame.mark, frame.word};
    }
    void commit() {
        store.commit();
        ++commits;
        for (auto const& [id, expected] : at_take) {
            auto const at = store.committed().find(id);
            ASSERT_NE(at, store.committed().end());
            auto const& [image, content] = at->second;
            ASSERT_EQ(image.type, expected.type);
            ASSERT_EQ(image.mark.raw(), expected.mark);
            if (image.type == abi::FrameType::data_page) {
                ASSERT_EQ(base::read<std::uint64_t>(content, word_offset), expected.word)
                    << "not of its instant";
            }
        }
    }
    void snapshot_step() {
        if (!world.memory().epoch.in_flight) return begin();
        if (!drained(world.kernel())) return one_in(40) ? store.abandon() : store.drain_one();
        if (one_in(8)) return store.abandon();
        commit();
    }

    // --- Capabilities.

    abi::Capability real(NaiveCapability const& capability) const {
        using Kind = NaiveCapability::Kind;
        if (capability.kind == Kind::none) return {};
        if (capability.kind == Kind::number) return abi::Capability::number(1, 2);
        auto const type = capability.kind == Kind::node   ? abi::CapabilityType::patt
                          : capability.kind == Kind::page ? abi::CapabilityType::data_page
                                                          : abi::CapabilityType::capability_page;
        return abi::Capability::to_object(type, {capability.id, capability.index},
                                          abi::Version(capability.version), capability.rights);
    }
    // As it would be made now.
    NaiveCapability capability_to(std::size_t frame, std::size_t index = 0) const {
        using Kind = NaiveCapability::Kind;
        auto const& target = forest.frames[frame];
        NaiveCapability capability;
        capability.id = target.id;
        capability.frame = static_cast<std::uint32_t>(frame);
        capability.version = target.mark;
        if (target.type == abi::FrameType::free) return {};
        capability.kind = target.type == abi::FrameType::patt        ? Kind::node
                          : target.type == abi::FrameType::data_page ? Kind::page
                                                                     : Kind::slots;
        if (capability.kind == Kind::node) {
            capability.index = static_cast<std::uint32_t>(index);
            capability.version = target.nodes[index].version;
        }
        return capability;
    }
    // What a slot of this span may hold: mostly something that fits, sometimes an old capability.
    NaiveCapability random_capability(unsigned span) {
        auto const kind = pick(40);
        if (kind == 0) return {};
        if (kind == 1) return {NaiveCapability::Kind::number, {}, 0, 0, 0, {}};
        if (kind < 4 && old.kind != NaiveCapability::Kind::none) return old;
        auto capability = capability_to(pick(frame_count), pick(nodes_per_frame));
        for (int i = 0; i < 12 && !suits(capability, span); ++i)
            capability = capability_to(pick(frame_count), pick(nodes_per_frame));
        if (capability.kind == NaiveCapability::Kind::none) return capability;
        if (one_in(6)) capability.rights |= abi::Right::read_only;
        if (one_in(12)) capability.rights |= abi::Right::weak;
        if (one_in(6)) capability.rights |= abi::Right::no_execute;
        if (one_in(8) && capability.kind == NaiveCapability::Kind::node)
            capability.rights |= one_in(2) ? abi::Right::opaque : abi::Right::no_call;
        if (one_in(16)) old = capability;
        return capability;
    }

    // --- Changes, in the kernel and in the naive forest.

    NaiveNode& node_at(std::size_t frame, std::size_t index) { return forest.frames[frame].nodes[index]; }
    // A frame of nodes; frame_count: there is none left.
    std::size_t random_patt_frame() {
        for (int i = 0; i < 64; ++i)
            if (auto const frame = pick(frame_count); forest.frames[frame].type == abi::FrameType::patt)
                return frame;
        return frame_count;
    }
    void write_slot(std::size_t frame, std::size_t index) {
        auto& node = node_at(frame, index);
        auto const slot = pick(abi::patt_slots);
        auto prefix = random_prefix(node);
        if (prefix != no_prefix && node.find(prefix) != abi::patt_slots) prefix = node.prefixes[slot];
        auto const span = prefix == background_prefix ? node.size : node.residual;
        auto const capability = prefix == no_prefix ? NaiveCapability{} : random_capability(span);
        world.set_pair({at_hand(frame), static_cast<std::uint32_t>(index)}, static_cast<unsigned>(slot),
                       prefix, real(capability));
        node.prefixes[slot] = prefix;
        node.slots[slot] = capability;
    }
    // Patt.setShape: only an empty node may be given another shape.
    void reshape(std::size_t frame, std::size_t index) {
        auto& node = node_at(frame, index);
        Target const at{at_hand(frame), static_cast<std::uint32_t>(index)};
        for (unsigned slot = 0; slot < abi::patt_slots; ++slot)
            if (node.prefixes[slot] != no_prefix) world.set_pair(at, slot, no_prefix, {});
        node.clear();
        constexpr unsigned sizes[] = {12, 14, 16, 18, 20, 21, 24, 27, 30, 33, 39, 47, 64};
        auto const size_at = pick(std::size(sizes));
        auto const least = one_in(3) || size_at < 4 ? 0 : size_at - 4; // mostly a tree of several levels
        node.size = sizes[size_at];
        node.residual = sizes[least + pick(size_at + 1 - least)];
        world.shape(at, node.size, node.residual);
    }
    void destroy_node(std::size_t frame, std::size_t index) {
        auto& node = node_at(frame, index);
        old = capability_to(frame, index);
        Target const at{at_hand(frame), static_cast<std::uint32_t>(index)};
        destroy_object(world.kernel(), at, world.committed);
        use_object(world.kernel(), at, world.committed);
        node.clear();
        auto& mark = forest.frames[frame].mark;
        mark = std::max(mark, ++node.version);
    }
    void retype(std::size_t frame, abi::FrameType type) {
        old = capability_to(frame);
        auto const at = at_hand(frame);
        retype_frame(world.kernel(), at, type, world.committed);
        forest.frames[frame].become(type);
        if (type != abi::FrameType::patt) return;
        for (unsigned i = 0; i < nodes_per_frame; ++i) use_object(world.kernel(), {at, i}, world.committed);
    }
    // A non-persistent page ends for good, and another one takes its place in the model.
    void replace_transient() {
        auto const frame = transient;
        old = capability_to(frame);
        free_transient(world.kernel(), find(frame));
        make_frame(frame);
    }
    void set_root(std::size_t who) {
        roots[who] = random_capability(64);
        if (one_in(10)) roots[who] = {};
        admit();
        world.set_process_slot(processes[who], abi::ProcessSlot::address_space, real(roots[who]));
    }
    // Every node anew: the next forest.
    void plant() {
        for (std::size_t frame = 0; frame < frame_count; ++frame) {
            if (forest.frames[frame].type != abi::FrameType::patt) continue;
            admit();
            for (std::size_t index = 0; index < nodes_per_frame; ++index) reshape(frame, index);
        }
        for (std::size_t frame = 0; frame < frame_count; ++frame) {
            if (forest.frames[frame].type != abi::FrameType::patt) continue;
            for (std::size_t index = 0; index < nodes_per_frame; ++index) {
                admit();
                for (int i = 0; i < 5; ++i) write_slot(frame, index);
            }
        }
        for (std::size_t who = 0; who < process_count; ++who) set_root(who);
        ++forests;
    }

    struct Instant {
        abi::FrameType type;
        std::uint32_t mark;
        std::uint64_t word;
    };

    World world;
    FakeStore store;
    ModelProcessor processor;
    NaiveForest forest;
    std::array<ProcessRef, process_count> processes{};
    std::array<NaiveCapability, process_count> roots{};
    std::mt19937_64 random;
    std::map<std::uint64_t, Instant> at_take;
    NaiveCapability old; // made before something ended
    std::size_t forests = 0;
    std::size_t commits = 0;

private:
    static constexpr std::size_t transient = frame_count - 1;
    static constexpr std::uint32_t first_usable_frame = 256; // what BootMemory leaves alone

    // Each scarcity has forests of its own.
    static std::uint64_t seed_of(std::uint64_t seed, Scarcity const& scarcity) {
        return seed ^ (static_cast<std::uint64_t>(scarcity.name[0]) << 40);
    }
    static std::uint32_t memory_for(Scarcity const& scarcity) {
        return std::min<std::uint32_t>(arch::fake_memory_frames, first_usable_frame + scarcity.usable_frames);
    }
    void make_frame(std::size_t at) {
        auto& frame = forest.frames[at];
        if (at == transient) {
            auto const made = world.transient(abi::FrameType::data_page);
            frame = NaiveFrame{};
            frame.type = abi::FrameType::data_page;
            frame.persistent = false;
            frame.id = world.header(made).id;
            return;
        }
        auto const type = at < patt_frames    ? abi::FrameType::patt
                          : at == patt_frames ? abi::FrameType::capability_page
                                              : abi::FrameType::data_page;
        auto const made = world.frame(type);
        frame.id = world.header(made).id;
        frame.become(type);
        if (type != abi::FrameType::patt) return;
        for (unsigned i = 0; i < nodes_per_frame; ++i) use_object(world.kernel(), {made, i}, world.committed);
    }
    void make_scarce(Scarcity const& scarcity) {
        auto& state = mappings(world.kernel());
        auto const leave = [](auto& pool, std::size_t free, auto take) {
            while (free != 0 && pool.size() - pool.used() > free) take(pool.allocate());
        };
        leave(state.depends, scarcity.depends, [&](std::uint32_t i) { state.depends[i].node = no_index; });
        leave(state.nodes, scarcity.nodes, [](std::uint32_t) {});
        leave(state.tables, scarcity.tables, [](std::uint32_t) {});
        if (scarcity.dirty_limit != 0) world.memory().epoch.dirty_limit = scarcity.dirty_limit;
    }
    bool suits(NaiveCapability const& capability, unsigned span) const {
        if (capability.kind == NaiveCapability::Kind::none) return false;
        if (capability.kind != NaiveCapability::Kind::node) return span <= 20 || capability.frame % 4 == 0;
        return forest.frames[capability.frame].nodes[capability.index].size <= span;
    }
    std::uint64_t random_prefix(NaiveNode const& node) {
        auto const kind = pick(20);
        if (kind == 0) return no_prefix;
        if (kind == 1) return background_prefix;
        if (kind == 2) return keeper_prefix;
        if (node.size == node.residual) return 0;
        auto const places = std::uint64_t{1} << std::min(node.size - node.residual, 20u);
        auto const place = one_in(4) ? pick(places) : pick(std::min<std::uint64_t>(places, 6));
        return node.residual >= 64 ? 0 : place << node.residual;
    }
};

} // namespace kernel::testing
