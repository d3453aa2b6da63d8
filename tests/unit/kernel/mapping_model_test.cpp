// SPDX-License-Identifier: Apache-2.0
// Random forests of nodes, slot writes, revocations, destructions, retyping, freezes, evictions and amnesia
// against a naive translator: every access of a user ends as the definition says, and after each change
// neither a page-table entry of any space nor a translation in the processor's buffer says anything else (F5,
// R8, R9).
//   STELE_WORLDS=N   worlds for each scarcity (300 are 1.8 million changes and accesses)
//   STELE_SEED=S     the seed of the first world; a failure prints the line that replays its world alone
#include "mapping_model.hpp"
#include "model_replay.hpp"

#include <cstdio>

namespace kernel::testing {

namespace {

constexpr int steps_per_world = 1500;
constexpr int steps_per_forest = 40;
constexpr int steps_per_audit = 30;

class Comparison {
public:
    Comparison(std::uint64_t seed, Scarcity const& scarcity)
        : model_(seed, scarcity), world_(model_.world), depends_(scarcity.depends) {}

    void run() {
        for (int step = 0; step < steps_per_world; ++step) {
            Replay::step = step;
            if (step % steps_per_forest == steps_per_forest - 1) model_.plant();
            else ASSERT_NO_FATAL_FAILURE(change()) << Replay::line() << ", step " << step;
            ASSERT_NO_FATAL_FAILURE(check_listed()) << Replay::line() << ", step " << step;
            if (step % steps_per_audit != 0) continue;
            ASSERT_NO_FATAL_FAILURE(check_all()) << Replay::line() << ", step " << step;
        }
    }

    struct Counts {
        std::size_t changes = 0, accesses = 0, found = 0, entries = 0, lines = 0, forests = 0, commits = 0;
        std::size_t depends_full = 0, nodes_full = 0, tables_full = 0, evictions = 0;
    };
    void add_to(Counts& sum) {
        sum.changes += counts_.changes;
        sum.accesses += counts_.accesses;
        sum.found += counts_.found;
        sum.entries += counts_.entries;
        sum.lines += counts_.lines;
        sum.forests += model_.forests;
        sum.commits += model_.commits;
        sum.depends_full += counts_.depends_full;
        sum.nodes_full += counts_.nodes_full;
        sum.tables_full += counts_.tables_full;
        sum.evictions += counts_.evictions;
    }

private:
    using Bit = PageEntry::Bit;

    void change() {
        auto const kind = model_.pick(1000);
        if (kind < 480) return access();
        if (kind < 520) return kernel_copy();
        ++counts_.changes;
        model_.admit();
        auto const frame = model_.random_patt_frame();
        auto const node = model_.pick(nodes_per_frame);
        bool const nodes = frame < MappingModel::frame_count;
        if (kind < 740) return nodes ? model_.write_slot(frame, node) : void();
        if (kind < 755) return nodes ? model_.reshape(frame, node) : void();
        if (kind < 770) return nodes ? model_.destroy_node(frame, node) : void();
        if (kind < 782) return retype();
        if (kind < 800) return model_.set_root(model_.pick(MappingModel::process_count));
        if (kind < 950) return model_.snapshot_step();
        if (kind < 975) return evict();
        if (kind < 985) return look_only();
        if (kind < 992) return model_.replace_transient();
        if (kind < 996) return static_cast<void>(drop_oldest_space(world_.kernel()));
        if (kind < 998) drop_all(world_.kernel());
    }

    void retype() {
        // Three frames of nodes and a few pages are left, or nothing could be mapped.
        auto const frame = MappingModel::patt_frames - 1 + model_.pick(6);
        constexpr abi::FrameType types[] = {abi::FrameType::data_page, abi::FrameType::data_page,
                                            abi::FrameType::capability_page, abi::FrameType::patt,
                                            abi::FrameType::free};
        model_.retype(frame, types[model_.pick(std::size(types))]);
    }

    void evict() {
        auto const at = model_.find(model_.pick(MappingModel::frame_count));
        if (at != no_frame && world_.header(at).state != FrameState::transient)
            counts_.evictions += evict_frame(world_.kernel(), at) ? 1u : 0u;
    }

    // Dispatch found a space, and then something else was wrong with the process: it does not run.
    void look_only() {
        static_cast<void>(
            load_space(world_.kernel(), model_.processes[model_.pick(MappingModel::process_count)]));
    }

    // An address that the slots on the way translate, as far as they do; then anything.
    std::uint64_t random_address(NaiveCapability capability) {
        std::uint64_t address = 0;
        for (int step = 0; step < 6 && capability.kind == NaiveCapability::Kind::node; ++step) {
            auto const& node = model_.node_at(capability.frame, capability.index);
            auto slot = model_.pick(abi::patt_slots);
            for (int i = 0; i < 16 && (node.prefixes[slot] & 1) != 0; ++i)
                slot = (slot + 1) % abi::patt_slots;
            if ((node.prefixes[slot] & 1) != 0) slot = node.find(background_prefix);
            if (slot == abi::patt_slots) break;
            if ((node.prefixes[slot] & 1) == 0) address |= node.prefixes[slot];
            capability = node.slots[slot];
        }
        if (model_.one_in(8)) address += model_.pick(64) << 12;
        return address & 0x7fff'ffff'f000;
    }

    // --- What a user sees.

    struct Seen {
        FrameIndex frame = no_frame;
        MapOutcome outcome;
    };
    Seen user_access(ProcessRef process, UserAddress address, Access access) {
        Seen seen;
        for (int attempt = 0; attempt < 60; ++attempt) {
            auto const top = load_space(world_.kernel(), process);
            if (top) {
                if (arch::loaded_space() != *top) arch::load_space(*top); // as leave() switches
                seen.frame = model_.processor.access(address, access);
                if (seen.frame != no_frame) return seen;
                seen.outcome = map_fault(world_.kernel(), process, address, access);
            } else {
                auto const none = top.error == Error::void_capability ? abi::FaultCode::no_address_space
                                                                      : abi::FaultCode::none;
                seen.outcome = {top.error, none, {}};
            }
            if (seen.outcome.error == Error::absent) model_.supply(core(world_.kernel()).absent);
            else if (seen.outcome.error == Error::no_memory) model_.relieve();
            else if (seen.outcome.error != Error::none) return seen;
        }
        return seen;
    }
    static bool is_root(NaiveCapability const& root) {
        return root.kind == NaiveCapability::Kind::node || root.kind == NaiveCapability::Kind::page;
    }

    void access() {
        auto const who = model_.pick(MappingModel::process_count);
        auto const address = UserAddress(random_address(model_.roots[who]) + MappingModel::word_offset);
        Access const kinds[] = {Access::read, Access::write, Access::write, Access::execute};
        auto const access = kinds[model_.pick(4)];
        ++counts_.accesses;
        auto const seen = user_access(model_.processes[who], address, access);
        auto expected = model_.forest.translate(model_.roots[who], address.raw(), access);
        if (!is_root(model_.roots[who]) || !model_.forest.designates(model_.roots[who])) {
            expected = {};
            expected.error = Error::void_capability;
            expected.fault = abi::FaultCode::no_address_space;
        }
        if (!expected.found()) return expect_fault(seen, expected);
        // A table of dependencies smaller than the way cannot take it.
        if (depends_ != 0 && expected.nodes > depends_ && seen.outcome.error == Error::no_memory) return;
        ASSERT_NE(seen.frame, no_frame) << "error " << static_cast<int>(seen.outcome.error);
        ++counts_.found;
        auto& page = model_.forest.frames[expected.frame];
        ASSERT_EQ(world_.header(seen.frame).id, page.id);
        ASSERT_EQ(World::peek(seen.frame, MappingModel::word_offset), page.word) << "a write is lost";
        if (!is_write(access)) return;
        page.word = model_.random();
        base::write(base::Bytes(arch::frame_bytes(seen.frame)), MappingModel::word_offset, page.word);
    }
    void expect_fault(Seen const& seen, NaiveAnswer const& expected) {
        ASSERT_EQ(seen.frame, no_frame) << "an access that is not allowed";
        ASSERT_EQ(seen.outcome.error, expected.error);
        ASSERT_EQ(seen.outcome.fault, expected.fault);
        ASSERT_EQ(seen.outcome.keeper.exists(), expected.has_keeper);
        if (!expected.has_keeper) return;
        Target const node{model_.find(expected.keeper_frame), expected.keeper_node};
        ASSERT_EQ(seen.outcome.keeper, object_slot(abi::FrameType::patt, node, expected.keeper_slot));
    }

    // A message that the kernel copies for the process.
    void kernel_copy() {
        auto const who = model_.pick(MappingModel::process_count);
        auto const address = UserAddress(random_address(model_.roots[who]) + MappingModel::word_offset);
        bool const write = model_.one_in(2);
        model_.admit();
        std::array<std::byte, 8> word{};
        base::write(base::Bytes(word), 0, model_.random());
        auto error = Error::absent;
        for (int attempt = 0; attempt < 30 && error == Error::absent; ++attempt) {
            auto const process = model_.processes[who];
            error = write ? copy_to_user(world_.kernel(), process, address, word, world_.committed).error
                          : copy_from_user(world_.kernel(), process, address, word).error;
            if (error == Error::absent) model_.supply(core(world_.kernel()).absent);
        }
        auto const answer =
            model_.forest.translate(model_.roots[who], address.raw(), write ? Access::write : Access::read);
        ASSERT_EQ(error, answer.error);
        if (!answer.found()) return;
        auto& page = model_.forest.frames[answer.frame];
        auto const value = base::read<std::uint64_t>(base::ConstBytes(word), 0);
        if (write) page.word = value;
        else ASSERT_EQ(value, page.word);
    }

    // --- What the hardware may say.

    // The space's root as the forest knows it.
    NaiveCapability root_of(Space const& space) const {
        NaiveCapability root;
        for (std::size_t i = 0; i < MappingModel::frame_count; ++i)
            if (model_.forest.frames[i].id == space.root.frame()) root.frame = static_cast<std::uint32_t>(i);
        root.id = space.root.frame();
        root.kind = space.type == abi::CapabilityType::patt ? NaiveCapability::Kind::node
                                                            : NaiveCapability::Kind::page;
        root.index = space.root.index();
        root.version = space.version.raw();
        root.rights = space.rights;
        return root;
    }
    void expect_legal(NaiveCapability const& root, std::uint64_t address, BufferLine const& line) {
        auto const expected = model_.forest.translate(root, address, Access::read);
        ASSERT_TRUE(expected.found()) << "stale translation of " << std::hex << address;
        auto const& header = world_.header(line.frame);
        ASSERT_EQ(header.id, model_.forest.frames[expected.frame].id) << std::hex << address;
        bool const read_only = expected.rights.any(abi::Right::read_only | abi::Right::weak);
        ASSERT_FALSE(read_only && line.writable) << "writable at " << std::hex << address;
        ASSERT_FALSE(line.writable && header.frozen(world_.memory().epoch.current)) << "frozen, yet writable";
        bool const executable = !expected.rights.any(abi::Right::no_execute);
        ASSERT_EQ(line.executable, executable) << std::hex << address;
    }
    void check_entry(NaiveCapability const& root, MappingReference reference) {
        auto const entry = entry_slot(world_.kernel(), reference).load();
        ASSERT_TRUE(entry.present());
        ++counts_.entries;
        BufferLine const line{
            true, 0, entry.frame(), entry.has(Bit::writable), false, !entry.has(Bit::no_execute)};
        expect_legal(root, address_of(world_.kernel(), reference).raw(), line);
    }

    // After each change: the entries on the frames' mapping lists, and the processor's translations.
    void check_listed() {
        auto& state = mappings(world_.kernel());
        for (std::size_t i = 0; i < MappingModel::frame_count; ++i) {
            auto const frame = model_.find(i);
            if (frame == no_frame) continue;
            each_mapping(world_.kernel(), frame, [&](MappingReference reference) {
                if (::testing::Test::HasFatalFailure()) return;
                check_entry(root_of(state.spaces[state.tables[table_of(reference)].space]), reference);
            });
            if (::testing::Test::HasFatalFailure()) return;
        }
        if (state.depends.empty()) ++counts_.depends_full;
        if (state.nodes.empty()) ++counts_.nodes_full;
        if (state.tables.empty()) ++counts_.tables_full;
        check_buffer();
    }
    void check_buffer() {
        auto& state = mappings(world_.kernel());
        NaiveCapability root;
        for (auto const& space : state.space_storage)
            if (space.serial != 0 && space.top != no_index &&
                physical_address(state.tables[space.top].frame) == arch::loaded_space())
                root = root_of(space);
        for (auto const& line : model_.processor.lines) {
            if (!line.valid) continue;
            ++counts_.lines;
            ASSERT_NO_FATAL_FAILURE(expect_legal(root, line.page << abi::frame_bits, line));
        }
    }

    // The invariants that the headers state, over all of memory: among them that every entry present in a
    // table of any space is on its frame's list, so that check_listed() has compared every one.
    void check_all() {
        auto const finding = audit_caches(world_.kernel());
        ASSERT_TRUE(finding.clean()) << finding.rule << " at " << finding.offset;
    }

    MappingModel model_;
    World& world_;
    std::size_t depends_; // left in the pool; 0: as many as there are
    Counts counts_;
};

Comparison::Counts compare(Scarcity const& scarcity) {
    Comparison::Counts sum;
    auto const first = seed();
    auto const filter = std::string("MappingModel.") + scarcity.name;
    Replay replay("kernel_mapping_model_test", filter.c_str());
    for (std::uint64_t i = 0; i < Replay::worlds(300) && !::testing::Test::HasFailure(); ++i) {
        replay.world(first + i);
        Comparison comparison(first + i, scarcity);
        comparison.run();
        comparison.add_to(sum);
    }
    std::printf("%s: %zu forests, %zu changes, %zu accesses (%zu found), %zu entries and %zu translations "
                "compared, %zu commits, %zu evictions; full: depends %zu, nodes %zu, tables %zu\n",
                scarcity.name, sum.forests, sum.changes, sum.accesses, sum.found, sum.entries, sum.lines,
                sum.commits, sum.evictions, sum.depends_full, sum.nodes_full, sum.tables_full);
    return sum;
}

} // namespace

TEST(MappingModel, Roomy) {
    auto const sum = compare({"Roomy", 600});
    EXPECT_GT(sum.found, sum.accesses / 4);
    EXPECT_GT(sum.entries, sum.changes);
    EXPECT_GT(sum.lines, sum.changes / 2);
}

// Pools so small that they run out again and again: what gives way must not leave a stale entry either.
TEST(MappingModel, SmallPools) {
    auto const sum = compare({"SmallPools", 600, 5, 2, 16});
    EXPECT_GT(sum.found, sum.accesses / 4);
    EXPECT_GT(sum.depends_full, sum.changes / 100);
    EXPECT_GT(sum.nodes_full, sum.changes / 20);
    EXPECT_GT(sum.tables_full, sum.changes / 20);
}

// Memory of a few frames more than the model's own: page tables, copies and pages push one another out.
TEST(MappingModel, LittleMemory) {
    auto const sum = compare({"LittleMemory", 104, 0, 0, 30});
    EXPECT_GT(sum.found, sum.accesses / 4);
    EXPECT_GT(sum.commits, 100u);
}

// Reservations for so few writes that grants are withdrawn and epochs end early (R29).
TEST(MappingModel, FewGrants) {
    auto const sum = compare({"FewGrants", 600, 0, 0, 0, 30});
    EXPECT_GT(sum.found, sum.accesses / 4);
    EXPECT_GT(sum.commits, 100u);
}

} // namespace kernel::testing
