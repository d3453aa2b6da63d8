// SPDX-License-Identifier: Apache-2.0
// Pins and rollback: passes of the migration that change what is retained, named at once.
#include <checkpoint/time_travel.hpp>

#include "map_cursor.hpp"
#include "state.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

namespace {

bool printable(std::string_view name) {
    return !name.empty() && name.size() < pin_name_size &&
           std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The engine with nothing else under way; no pass begins by itself until it is let go.
class Quiet {
public:
    // `at`: a checkpoint that must outlive the preparations.
    Quiet(Engine& engine, store::BlockDevice& device, Generation at = Generation())
        : engine_(engine), device_(device), at_(at) {
        state().migration.keep(at);
    }
    Quiet(Quiet const&) = delete;
    Quiet& operator=(Quiet const&) = delete;
    ~Quiet() {
        state().migration.hold(false);
        state().migration.keep(Generation());
        state().runnable = true;
    }

    EngineState& state() const { return engine_.state(); }

    Result<> begin() {
        auto& s = state();
        if (s.read_only) return base::fail(Error::not_supported);
        if (s.commit.visible_state() != CommitState::none) return base::fail(Error::busy);
        // What is due goes first: too many directories would leave no place for another checkpoint.
        if (s.migration.idle() && s.migration.due()) turn(engine_, device_, true);
        s.migration.hold(true);
        TRY(finish_pass());
        // What waits for the device has it to itself.
        while (!engine_.quiet()) turn(engine_, device_, true);
        return {};
    }

    // So many segments free, by all means that a commit has.
    Result<> make_room(std::uint32_t segments) {
        auto& s = state();
        while (s.segments.free() < segments) {
            if (s.stopped != Error::none) return base::fail(s.stopped);
            s.migration.hold(false);
            s.migration.hurry(segments);
            s.runnable = true;
            while (s.migration.urgent() || !s.commit.idle()) turn(engine_, device_, true);
            s.migration.hold(true);
            TRY(finish_pass());
            auto const why = s.migration.take_exhausted();
            if (s.segments.free() < segments && why != Error::none) return base::fail(why);
        }
        return {};
    }

    // The pass that was begun, then the checkpoint that names it. With `to` it is a rollback.
    Result<Generation> name(CommitRecord const& facts, Generation to) {
        auto& s = state();
        while (!s.migration.idle() && !s.migration.ready()) turn(engine_, device_, true);
        if (s.migration.idle()) return base::fail(s.migration.failure());
        auto begun = s.commit.begin(0, true);
        if (begun && to != Generation()) {
            s.commit.restores(to);
            invariant(s.commit.generation().raw() == s.migration.new_base());
        }
        if (begun)
            begun = s.commit.finish(
                {s.newest().time_ns, 0, s.newest().clock_base_ns, facts.processes, facts.abi_revision});
        while (!s.commit.idle()) turn(engine_, device_, true);
        if (!s.migration.idle()) s.migration.give_up(begun ? Error::io : begun.error);
        if (s.migration.failure() == Error::none) return Generation(s.newest().generation);
        return base::fail(s.stopped != Error::none ? s.stopped : s.migration.failure());
    }

private:
    // A pass under way, and the checkpoint that names it.
    Result<> finish_pass() {
        auto& s = state();
        while (!s.commit.idle() || !(s.migration.idle() || s.migration.ready())) turn(engine_, device_, true);
        if (s.stopped != Error::none) return base::fail(s.stopped);
        // It may have been begun before anybody cared for that checkpoint.
        if (s.migration.drops(at_)) s.migration.give_up(Error::none);
        if (s.migration.idle()) return {};
        if (!s.migration.commit_nothing()) {
            auto const why = s.migration.take_exhausted();
            return base::fail(why != Error::none ? why : Error::busy);
        }
        while (!s.commit.idle()) turn(engine_, device_, true);
        return s.migration.idle() ? Result<>() : base::fail(Error::io);
    }

    Engine& engine_;
    store::BlockDevice& device_;
    Generation at_;
};

// Segments that a pass which changes no map may open: one each of the map's streams, of the log and its copy.
constexpr std::uint32_t change_segments = 4;

// What is known of a retained checkpoint.
std::optional<CheckpointEntry> known(EngineState const& s, Generation at) {
    if (auto const* entry = s.retained.find(at); entry != nullptr) return *entry;
    for (std::size_t i = 0; i < s.directories.size(); ++i)
        if (s.directories[i].generation() == at && s.readable(at)) return entry_of(s.directories[i].record);
    return std::nullopt;
}

// Blocks of the newest checkpoint, of all pins with one more, and of both.
struct Blocks {
    std::uint64_t newest = 0;
    std::uint64_t pinned = 0;
    std::uint64_t shared = 0;
};

class BlockCount {
public:
    BlockCount(EngineState& state, Generation more) : state_(state) {
        for (auto const& entry : state.retained.entries())
            if (is_pin(entry)) pins_.push_back(entry.generation);
        pins_.push_back(more.raw());
    }

    Result<Blocks> run() {
        auto const& list = state_.directories;
        changes_.start(list, list.size());
        store::SyncIo io(*state_.device);
        MapCursor map(state_, io);
        TRY(map.start());
        while (!map.finished() || !changes_.finished()) {
            auto const none = ~std::uint64_t{0};
            auto const old = map.finished() ? none : map.current().entry.frame().number();
            auto const fresh = changes_.finished() ? none : changes_.frame().number();
            auto const frame = std::min(old, fresh);
            group_.clear();
            for (; !map.finished() && map.current().entry.frame().number() == frame; TRY(map.advance()))
                if (group_.size() < leaf_capacity) group_.add(map.current());
            if (fresh == frame) {
                changes_.for_each_version([this](DirectoryEntry const& entry, Generation birth) {
                    group_.add({entry, birth.raw()});
                });
                changes_.advance();
            }
            count();
        }
        return blocks_;
    }

private:
    void count() {
        auto const& newest = group_.newest().entry;
        if (!newest.zero()) ++blocks_.newest;
        // The places that pins see, each once.
        std::size_t places = 0;
        for (auto const pin : pins_) {
            auto const* const seen = group_.seen_at(pin);
            if (seen == nullptr || seen->entry.zero()) continue;
            auto const sector = seen->entry.sector();
            auto* const end = places_.data() + places;
            if (std::find(places_.data(), end, sector) != end) continue;
            places_[places++] = sector;
            ++blocks_.pinned;
            if (!newest.zero() && newest.sector() == sector) ++blocks_.shared;
        }
    }

    EngineState& state_;
    base::FixedVector<std::uint64_t, pins_at_most + 1> pins_;
    std::array<std::uint64_t, pins_at_most + 1> places_{};
    DirectoryMerge changes_;
    VersionGroup& group_ = state_.versions;
    Blocks blocks_;
};

// R29: the store must hold the newest checkpoint written anew beside all that pins keep.
Result<std::uint64_t> afford(EngineState& s, Generation at) {
    auto const blocks = TRY(BlockCount(s, at).run());
    auto const nodes = 2 * s.map_nodes * sectors_per_node;
    auto const tables =
        2 * (table_sectors(s.geometry.segments) + checkpoint_table_sectors(checkpoints_at_most));
    auto const needed = (blocks.newest + blocks.pinned) * sectors_per_frame + nodes + tables;
    if (needed >= s.limit_sectors()) return base::fail(Error::no_space);
    return blocks.shared;
}

} // namespace

Result<Generation> pin(Engine& engine, store::BlockDevice& device, Generation at, std::string_view name) {
    if (!printable(name)) return base::fail(Error::bad_argument);
    Quiet quiet(engine, device, at);
    TRY(quiet.begin());
    auto& s = quiet.state();
    auto entry = known(s, at);
    if (!entry) return base::fail(Error::no_such_checkpoint);
    if (s.retained.find_pin(name) != nullptr || is_pin(*entry)) return base::fail(Error::in_use);
    if (s.retained.pins() == pins_at_most) return base::fail(Error::limit_reached);
    auto const shared = TRY(afford(s, at));
    TRY(quiet.make_room(change_segments));
    auto& table = s.migration.draft();
    set_pin(*entry, name);
    if (table.entries().size() == checkpoints_at_most && table.find(at) == nullptr)
        table.remove_oldest_unpinned();
    table.put(*entry);
    table.set_shared_blocks(shared);
    s.migration.begin_change();
    return quiet.name(s.newest(), Generation());
}

Result<Generation> unpin(Engine& engine, store::BlockDevice& device, std::string_view name) {
    Quiet quiet(engine, device);
    TRY(quiet.begin());
    auto& s = quiet.state();
    if (s.retained.find_pin(name) == nullptr) return base::fail(Error::no_such_checkpoint);
    TRY(quiet.make_room(change_segments));
    auto& table = s.migration.draft();
    auto entry = *table.find_pin(name);
    clear_pin(entry);
    // Without a pin only what is older than the base has an entry.
    if (entry.generation < s.base) table.put(entry);
    else table.remove(Generation(entry.generation));
    table.set_shared_blocks(table.shared_blocks());
    s.migration.begin_change();
    return quiet.name(s.newest(), Generation());
}

Result<Generation> roll_back(Engine& engine, store::BlockDevice& device, Generation to) {
    Quiet quiet(engine, device, to);
    TRY(quiet.begin());
    auto& s = quiet.state();
    auto const entry = known(s, to);
    if (!entry) return base::fail(Error::no_such_checkpoint);
    // At worst every leaf is full and becomes two.
    TRY(quiet.make_room(2 * s.fold_segments()));
    s.migration.begin_rollback(to, Generation(s.report.boot, s.last_used.counter() + 1));
    return quiet.name(record_of(*entry), to);
}

} // namespace checkpoint
