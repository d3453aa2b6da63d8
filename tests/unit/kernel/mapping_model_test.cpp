// SPDX-License-Identifier: Apache-2.0
// Random trees of nodes, slot writes, destructions, freezes, evictions and amnesia against a naive
// translator: every user access ends as the definition says, and after each change no hardware entry says
// anything else (F5, R8, R9).
#include "fake_store.hpp"

#include <mapping/mapping_list.hpp>

#include <optional>

namespace kernel::testing {

namespace {

// The naive translator's world: plain numbers, no caches.
struct ModelCapability {
    enum class Kind { none, node, page } kind = Kind::none;
    std::size_t target = 0;
    unsigned version = 0;
    abi::Rights rights;
};
struct ModelNode {
    abi::FrameId frame;
    unsigned index = 0;
    unsigned version = 0;
    unsigned size = 12;
    unsigned residual = 12;
    std::array<std::uint64_t, abi::patt_slots> prefixes;
    std::array<ModelCapability, abi::patt_slots> slots;
    void clear() {
        size = residual = 12;
        prefixes.fill(1);
        slots.fill({});
    }
};
struct ModelPage {
    abi::FrameId frame;
    unsigned version = 0;
};
struct Found {
    std::size_t page;
    abi::Rights rights;
};

class Model : public ::testing::Test {
protected:
    static constexpr std::size_t node_count = 14;
    static constexpr std::size_t page_count = 10;
    static constexpr std::size_t process_count = 4;
    static constexpr std::uint64_t background = 5;

    Model() {
        auto const heap = world.frame(abi::FrameType::patt);
        auto const second = world.frame(abi::FrameType::patt);
        for (std::size_t i = 0; i < node_count; ++i) {
            auto const target = world.object_in(i < 8 ? heap : second, static_cast<unsigned>(i % 8));
            nodes[i].frame = world.header(target.frame).id;
            nodes[i].index = target.index;
            nodes[i].clear();
        }
        for (auto& page : pages) page.frame = world.header(world.page()).id;
        for (std::size_t i = 0; i < process_count; ++i) {
            roots[i] = {ModelCapability::Kind::node, i % 2, 0,
                        i == 3 ? abi::Rights(abi::Right::read_only) : abi::Rights()};
            processes[i] = world.process(real(roots[i]));
            world.memory().frames.pin(processes[i].frame);
        }
    }

    std::uint64_t pick(std::uint64_t count) { return random() % count; }

    FrameIndex at_hand(abi::FrameId id) {
        auto const frame = world.memory().frames.find(id);
        return frame != no_frame ? frame : store.supply(id);
    }
    Target target(ModelNode const& node) { return {at_hand(node.frame), node.index}; }

    abi::Capability real(ModelCapability const& capability) {
        if (capability.kind == ModelCapability::Kind::none) return {};
        bool const node = capability.kind == ModelCapability::Kind::node;
        auto const frame = node ? nodes[capability.target].frame : pages[capability.target].frame;
        auto const index = node ? nodes[capability.target].index : 0;
        auto const type = node ? abi::CapabilityType::patt : abi::CapabilityType::data_page;
        // Every object's first version is 1: its frame was typed once.
        return abi::Capability::to_object(type, {frame, index}, abi::Version(1 + capability.version),
                                          capability.rights);
    }
    std::optional<Found> translate(ModelCapability capability, std::uint64_t address) const {
        abi::Rights rights;
        unsigned limit = 64;
        for (int steps = 0; steps <= static_cast<int>(walk_steps_max); ++steps) {
            rights |= capability.rights;
            if (capability.kind == ModelCapability::Kind::none) return {};
            if (capability.kind == ModelCapability::Kind::page) {
                if (pages[capability.target].version != capability.version || address >= 4096) return {};
                return Found{capability.target, rights};
            }
            auto const& node = nodes[capability.target];
            if (node.version != capability.version || node.size > limit || steps == walk_steps_max) return {};
            if (node.size < 64 && (address >> node.size) != 0) return {};
            auto const residue = address & ((std::uint64_t{1} << node.residual) - 1);
            auto next = std::find(node.prefixes.begin(), node.prefixes.end(), address - residue);
            if (next != node.prefixes.end()) {
                address = residue;
                limit = node.residual;
            } else {
                next = std::find(node.prefixes.begin(), node.prefixes.end(), background);
                if (next == node.prefixes.end()) return {};
                limit = node.size;
            }
            capability = node.slots[static_cast<std::size_t>(next - node.prefixes.begin())];
        }
        return {};
    }

    // An address that the slots on the way translate, as far as they do; then anything.
    std::uint64_t random_address(ModelCapability capability) {
        std::uint64_t address = 0;
        for (int steps = 0; steps < 6 && capability.kind == ModelCapability::Kind::node; ++steps) {
            auto const& node = nodes[capability.target];
            std::vector<std::size_t> used;
            for (std::size_t i = 0; i < abi::patt_slots; ++i)
                if ((node.prefixes[i] & 1) == 0) used.push_back(i);
            if (used.empty()) break;
            auto const slot = used[pick(used.size())];
            address |= node.prefixes[slot];
            capability = node.slots[slot];
        }
        if (pick(8) == 0) address += pick(64) << 12;
        return (address & 0x7fff'ffff'f000) | (pick(512) * 8);
    }

    ModelCapability random_capability() {
        ModelCapability capability;
        auto const kind = pick(8);
        capability.kind = kind == 0  ? ModelCapability::Kind::none
                          : kind < 5 ? ModelCapability::Kind::page
                                     : ModelCapability::Kind::node;
        bool const node = capability.kind == ModelCapability::Kind::node;
        capability.target = pick(node ? node_count : page_count);
        if (capability.kind == ModelCapability::Kind::none) return {};
        capability.version = node ? nodes[capability.target].version : pages[capability.target].version;
        if (pick(4) == 0) capability.rights |= abi::Right::read_only;
        if (pick(6) == 0) capability.rights |= abi::Right::no_execute;
        return capability;
    }

    void write_slot() {
        auto const at = pick(node_count);
        auto& node = nodes[at];
        auto const slot = pick(abi::patt_slots);
        std::uint64_t prefix = 1;
        auto const kind = pick(10);
        if (kind == 1) prefix = background;
        else if (kind > 1 && node.size > node.residual)
            prefix = pick(std::min<std::uint64_t>(6, std::uint64_t{1} << (node.size - node.residual)))
                     << node.residual;
        else if (kind > 1) prefix = 0;
        if (prefix != 1 && std::count(node.prefixes.begin(), node.prefixes.end(), prefix) > 0) {
            if (node.prefixes[slot] != prefix) prefix = node.prefixes[slot]; // another slot has it
        }
        auto const capability = prefix == 1 ? ModelCapability{} : random_capability();
        world.set_pair(target(node), static_cast<unsigned>(slot), prefix, real(capability));
        node.prefixes[slot] = prefix;
        node.slots[slot] = capability;
    }

    // Patt.setShape: only an empty node may be given another shape.
    void reshape() {
        auto& node = nodes[pick(node_count)];
        auto const at = target(node);
        for (unsigned slot = 0; slot < abi::patt_slots; ++slot) world.set_pair(at, slot, 1, {});
        node.clear();
        unsigned const sizes[] = {12, 14, 16, 18, 20, 21, 24, 30, 33, 39, 47};
        auto const size_at = pick(std::size(sizes));
        node.size = sizes[size_at];
        node.residual = sizes[pick(size_at + 1)];
        world.shape(at, node.size, node.residual);
    }

    void destroy() {
        if (pick(2) == 0) {
            // Not the roots: a process without a space shows nothing any more.
            auto& node = nodes[2 + pick(node_count - 2)];
            auto const at = target(node);
            destroy_object(world.kernel(), at, world.committed);
            use_object(world.kernel(), at, world.committed);
            ++node.version;
            node.clear();
        } else {
            auto& page = pages[pick(page_count)];
            retype_frame(world.kernel(), at_hand(page.frame), abi::FrameType::data_page, world.committed);
            ++page.version;
        }
    }

    void access() {
        auto const who = pick(process_count);
        auto const address = random_address(roots[who]);
        bool const write = pick(2) == 0;
        MapOutcome outcome;
        FrameIndex frame = no_frame;
        for (int attempt = 0; attempt < 12; ++attempt) {
            frame = user_access(world, processes[who], UserAddress(address), write, &outcome);
            if (frame != no_frame) break;
            if (outcome.error == Error::absent) store.supply_absent();
            else if (outcome.error != Error::no_memory) break; // out of tables: what it had is dropped
        }
        auto const expected = translate(roots[who], address);
        bool const allowed = expected && !(write && expected->rights.any(abi::Right::read_only));
        ASSERT_EQ(frame != no_frame, allowed) << std::hex << address;
        if (allowed) {
            ASSERT_EQ(world.header(frame).id, pages[expected->page].frame);
        }
    }

    // No entry of any space disagrees with the definition.
    void check_entries() {
        auto& state = mappings(world.kernel());
        for (std::size_t who = 0; who < process_count; ++who) {
            auto const top = load_space(world.kernel(), processes[who]);
            if (!top) continue; // its root is void or away
            auto& space = state.spaces[state.loaded];
            for (auto at = space.tables.head; at != base::ListLink::none;
                 at = state.tables[at].in_space.next) {
                if (state.tables[at].level != 1 || state.tables[at].present == 0) continue;
                for (unsigned slot = 0; slot < page_table_entries; ++slot) {
                    auto const reference = mapping_reference(at, slot);
                    auto const entry = entry_slot(world.kernel(), reference).load();
                    if (!entry.present()) continue;
                    ++entries_checked;
                    auto const address = address_of(world.kernel(), reference);
                    auto const expected = translate(roots[who], address.raw());
                    ASSERT_TRUE(expected) << "stale entry at " << std::hex << address.raw();
                    ASSERT_EQ(world.header(entry.frame()).id, pages[expected->page].frame);
                    bool const read_only = expected->rights.any(abi::Right::read_only);
                    ASSERT_FALSE(read_only && entry.has(PageEntry::Bit::writable));
                    bool const no_execute = expected->rights.any(abi::Right::no_execute);
                    ASSERT_EQ(entry.has(PageEntry::Bit::no_execute), no_execute);
                }
            }
        }
    }

    void snapshot_step() {
        if (!memory(world.kernel()).epoch.in_flight) return store.begin();
        if (!drained(world.kernel())) return store.drain_one();
        if (pick(8) == 0) return store.abandon();
        store.commit();
    }

    void run(int rounds);

    World world;
    FakeStore store{world};
    std::array<ModelNode, node_count> nodes;
    std::array<ModelPage, page_count> pages;
    std::array<ModelCapability, process_count> roots;
    std::array<ProcessRef, process_count> processes;
    std::mt19937_64 random{seed()};
    std::size_t entries_checked = 0;
    std::size_t depends_full = 0; // rounds that end so
    std::size_t nodes_full = 0;
    std::size_t tables_full = 0;
};

void Model::run(int rounds) {
    for (int i = 0; i < 40; ++i) reshape();
    for (int round = 0; round < rounds; ++round) {
        auto const kind = pick(100);
        if (kind < 45) ASSERT_NO_FATAL_FAILURE(access());
        else if (kind < 75) write_slot();
        else if (kind < 78) reshape();
        else if (kind < 80) destroy();
        else if (kind < 97) ASSERT_NO_FATAL_FAILURE(snapshot_step());
        else if (kind < 99) (void)evict_frame(world.kernel(), at_hand(pages[pick(page_count)].frame));
        else if (pick(10) == 0) drop_all(world.kernel());
        ASSERT_NO_FATAL_FAILURE(check_entries()) << "round " << round;
        if (mappings(world.kernel()).depends.empty()) ++depends_full;
        if (mappings(world.kernel()).nodes.empty()) ++nodes_full;
        if (mappings(world.kernel()).tables.empty()) ++tables_full;
        if (round % 500 == 0) {
            world.expect_sound();
            ASSERT_FALSE(HasFailure()) << "round " << round;
        }
    }
    RecordProperty("entries_checked", std::to_string(entries_checked));
    EXPECT_GT(entries_checked, 30'000u);
}

// Pools so small that they run out again and again: what gives way must not leave a stale entry either.
class SmallPools : public Model {
protected:
    SmallPools() {
        auto& state = mappings(world.kernel());
        while (state.depends.size() - state.depends.used() > 6)
            state.depends[state.depends.allocate()].node = no_index;
        while (state.nodes.size() - state.nodes.used() > 2) (void)state.nodes.allocate();
        while (state.tables.size() - state.tables.used() > 16) (void)state.tables.allocate();
    }
};

} // namespace

TEST_F(Model, NoStaleEntrySurvivesAnyChange) { run(30'000); }

TEST_F(SmallPools, NoStaleEntrySurvivesAnyChange) {
    run(30'000);
    EXPECT_GT(depends_full, 1000u);
    EXPECT_GT(nodes_full, 1000u);
    EXPECT_GT(tables_full, 1000u);
}

} // namespace kernel::testing
