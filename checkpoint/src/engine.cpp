// SPDX-License-Identifier: Apache-2.0
// The engine: memory, open, and the calls that the parts answer.
#include <checkpoint/engine.hpp>

#include "map_cursor.hpp"
#include "recovery.hpp"
#include "state.hpp"

#include <store/map_node.hpp>

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

namespace {

// What is taken from Memory::tables, in this order; the same code measures and makes.
struct Tables {
    EngineState* state = nullptr;
    std::span<store::Segment> segments;
    Directories::Memory directories;
    std::span<store::CachedNode> nodes;
    std::span<CommitRecord> chain;
    Moves::Memory moves;
    base::Bytes node_memory;
    base::Bytes path;
    base::Bytes builder;
    base::Bytes node;
};

Tables take_tables(store::Arena& arena, Limits const& limits) {
    Tables tables;
    auto const memory = arena.take(sizeof(EngineState), alignof(EngineState));
    if (!memory.empty()) tables.state = new (memory.data()) EngineState;
    tables.segments = arena.make<store::Segment>(limits.segments);
    auto const directories = limits.directories + Directories::beside;
    tables.directories.list = arena.make<Directory>(directories);
    tables.directories.ring = arena.make<DirectoryEntry>(limits.unmigrated_entries);
    tables.directories.index = arena.make<std::uint32_t>(Directories::index_size(limits.unmigrated_entries));
    tables.nodes = arena.make<store::CachedNode>(limits.cached_nodes);
    tables.chain = arena.make<CommitRecord>(directories);
    tables.moves.moves = arena.make<Move>(Moves::memory_moves(limits.moved_blocks));
    tables.moves.nodes = arena.make<Twin>(Moves::memory_nodes(limits.moved_blocks));
    tables.node_memory = arena.take(limits.cached_nodes * node_size, 64);
    tables.path = arena.take(node_levels * node_size, 64);
    tables.builder = arena.take(store::MapBuilder::memory_size, 64);
    tables.node = arena.take(node_size, 64);
    return tables;
}

struct IoBuffers {
    base::Bytes fetches;
    base::Bytes log;
    std::array<base::Bytes, stream_count - 1> side;
    base::Bytes record;
    base::Bytes slots;
    base::Bytes fold;
};

IoBuffers take_io(store::Arena& arena, Limits const& limits) {
    IoBuffers buffers;
    buffers.log = arena.take(std::size_t{limits.commit_chunk} * limits.commit_chunks, 4096);
    buffers.fetches = arena.take(limits.fetches * abi::frame_size, 4096);
    buffers.fold = arena.take(std::size_t{limits.read_ahead} * node_size, 4096);
    for (auto& side : buffers.side)
        side = arena.take(std::size_t{limits.side_chunk} * limits.side_chunks, 4096);
    buffers.record = arena.take(Commit::buffer_size, sector_size);
    buffers.slots = arena.take(Roots::buffer_size, sector_size);
    return buffers;
}

bool limits_valid(Limits const& limits) {
    using store::LogStream;
    auto const requests = limits.commit_chunks + (stream_count - 1) * limits.side_chunks + limits.fetches +
                          limits.read_ahead + 9;
    return limits.fetches >= 1 && limits.fetches <= Fetches::at_most && limits.commit_chunk >= 8192 &&
           limits.commit_chunk <= (1 << 20) && limits.commit_chunk % 4096 == 0 && limits.commit_chunks >= 2 &&
           limits.commit_chunks <= LogStream::chunks_at_most &&
           std::size_t{limits.commit_chunk} * limits.commit_chunks >= scratch_least &&
           limits.side_chunk >= 8192 && limits.side_chunk % 4096 == 0 && limits.side_chunks >= 2 &&
           limits.side_chunks <= LogStream::chunks_at_most && requests <= store::requests_at_most &&
           limits.read_ahead >= 2 && limits.read_ahead <= ReadAhead::at_most &&
           limits.unmigrated_entries >= 16 && limits.directories <= directories_at_most &&
           limits.fold_above < limits.directories;
}

void make_parts(EngineState& s, Tables const& tables, IoBuffers const& io) {
    s.segments.init(tables.segments.first(s.geometry.segments), s.geometry);
    auto const& limits = s.limits;
    for (std::size_t i = 0; i < stream_count; ++i) {
        auto const background = i >= static_cast<std::size_t>(Owner::moved);
        s.streams[i].init({&s.io, &s.segments, static_cast<std::uint8_t>(i),
                           background ? store::Priority::background : store::Priority::commit,
                           i == 0 ? io.log : io.side[i - 1], i == 0 ? limits.commit_chunk : limits.side_chunk,
                           // So that what a pass made can be named, and that failing leaves places for the
                           // next record (R25).
                           background ? s.commit_segments(0) : 0});
    }
    s.migration.init({tables.path, tables.builder, tables.node, io.fold});
}

} // namespace

std::size_t table_bytes(Limits const& limits) {
    store::Arena arena;
    take_tables(arena, limits);
    return arena.used();
}

std::size_t io_bytes(Limits const& limits) {
    store::Arena arena;
    take_io(arena, limits);
    return arena.used();
}

Result<> Engine::open(store::BlockDevice& device, Memory memory, OpenOptions const& options) {
    auto const& limits = options.limits;
    if (!limits_valid(limits)) return base::fail(Error::bad_argument);
    if (memory.tables.size() < table_bytes(limits) || memory.io.size() < io_bytes(limits))
        return base::fail(Error::no_memory);
    store::Arena tables_arena(memory.tables);
    store::Arena io_arena(memory.io);
    auto const tables = take_tables(tables_arena, limits);
    auto const io = take_io(io_arena, limits);
    state_ = tables.state;
    auto& s = *state_;
    s.limits = limits;
    s.read_only = options.read_only;
    s.nonce = options.nonce;
    s.device = &device;
    s.findings = options.findings;
    s.scratch = io.log;
    s.chain = tables.chain;
    s.directories.init(tables.directories);
    s.moves.init(tables.moves);
    for (std::size_t i = 0; i < tables.nodes.size(); ++i)
        tables.nodes[i].memory = tables.node_memory.subspan(i * node_size, node_size);
    s.nodes.init(tables.nodes);
    s.fetches.init(io.fetches, limits.fetches);
    s.commit.init(io.record);
    s.roots.init(io.slots);

    store::SyncIo sync(device);
    Recovery recovery(s, sync, options);
    TRY(recovery.read_slots());
    s.geometry = recovery.geometry();
    auto const table = table_sectors(s.geometry.segments);
    if (s.geometry.segments > limits.segments || table * sector_size > limits.side_chunk ||
        table > s.geometry.sectors_per_segment())
        return base::fail(Error::no_memory);
    make_parts(s, tables, io);
    TRY(recovery.run());
    if (!options.read_only) {
        // Each copy of the log has segments of its own.
        if (s.geometry.segment_of(s.next[0].first()) == s.geometry.segment_of(s.next[1].first()))
            return base::fail(Error::corrupt);
        s.stream(Owner::log).resume(s.next[0]);
        s.stream(Owner::mirror).resume(s.next[1]);
        TRY(begin_boot(s, sync));
    }
    s.report.blocks_read = sync.sectors_read();
    return {};
}

RecoveryReport const& Engine::recovery() const { return state_->report; }
RootSlot const& Engine::superblock() const { return state_->roots.known()[state_->roots.newest()].slot; }
Generation Engine::newest() const { return Generation(state_->newest().generation); }
Counters const& Engine::counters() const { return state_->counters; }

void Engine::step(std::span<store::Completion const> done, store::RequestList& requests) {
    for (auto const& one : done) state_->complete(one);
    state_->advance();
    state_->io.emit(requests);
    auto& counters = state_->counters;
    counters.bytes_migrated = state_->stream(Owner::moved).bytes_sent() +
                              state_->stream(Owner::map).bytes_sent() +
                              state_->stream(Owner::map_copy).bytes_sent();
    counters.segments_opened = state_->segments.opened();
    counters.laps = state_->segments.laps();
}

bool Engine::runnable() const { return state_->runnable || state_->io.waiting() > 0; }
bool Engine::quiet() const { return state_->io.in_flight() == 0 && state_->io.waiting() == 0; }
bool Engine::migrating() const {
    return !state_->read_only &&
           (!state_->migration.idle() || state_->migration.due() || state_->roots.busy());
}

void Engine::grant_migration(std::uint64_t bytes) {
    state_->migration.grant(bytes);
    state_->runnable = true;
}

bool Engine::resting() const { return !state_->read_only && state_->migration.resting(); }

void turn(Engine& engine, store::BlockDevice& device, bool wait) {
    std::array<store::Completion, store::requests_at_most> done;
    auto const may_wait = wait && !engine.quiet() && !engine.runnable();
    auto const count = engine.quiet() ? 0 : device.poll(done, may_wait);
    store::RequestList requests;
    engine.step(std::span(done).first(count), requests);
    for (auto const& request : requests) device.submit(request);
}

std::uint32_t Engine::frames_at_most() const {
    auto const& s = *state_;
    // Seven whole segments in each copy's eight runs, in entries of the longest form.
    auto const directory = (std::uint64_t{7} << s.geometry.segment_shift) / sizeof(DirectoryEntry);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(directory, s.directories.capacity() / 2));
}

Result<> Engine::begin_commit(std::uint32_t frames) {
    auto& s = *state_;
    if (s.read_only) return base::fail(Error::not_supported);
    if (s.stopped != Error::none) return base::fail(s.stopped);
    if (frames > frames_at_most()) return base::fail(Error::limit_reached);
    expects(s.commit.visible_state() == CommitState::none);
    if (!s.commit.idle()) return base::fail(Error::busy);
    auto const wanted = s.commit_segments(frames) + s.reserve_segments();
    auto const why = s.migration.take_exhausted(); // of segments or entries: one answer for both
    if (s.segments.free() < wanted) {
        if (why == Error::none) {
            s.migration.hurry(wanted);
            s.runnable = true;
            return base::fail(Error::busy);
        }
        // Where moving blocks gains nothing, the room for it is of no use; that for a fold is.
        if (s.segments.free() < s.commit_segments(frames) + s.fold_segments()) return base::fail(why);
    }
    auto const begun = s.commit.begin(frames, false);
    if (begun.error == Error::busy) {
        if (why != Error::none) return base::fail(why);
        s.migration.hurry(Migration::for_entries);
        s.runnable = true;
    }
    return begun;
}

base::Bytes Engine::next_frame_buffer() { return state_->commit.next_buffer(); }
Result<> Engine::add(FrameImage const& image) { return state_->commit.add(image); }
Result<> Engine::finish_commit(CommitInfo const& info) { return state_->commit.finish(info); }
CommitState Engine::commit_state() const { return state_->commit.visible_state(); }
Generation Engine::committing() const { return state_->last_used; }
Result<Generation> Engine::take_commit() { return state_->commit.take(); }
void Engine::abandon_commit() { state_->commit.abandon(); }
Result<FetchTicket> Engine::fetch(abi::FrameId frame) { return state_->fetches.start(frame); }
std::optional<Fetched> Engine::take_fetched() { return state_->fetches.take(); }
void Engine::release(FetchTicket ticket) { state_->fetches.release(ticket); }

void Engine::note_idle() {
    auto& s = *state_;
    if (s.read_only || s.roots.known()[s.roots.newest()].slot.generation >= s.newest().generation) return;
    s.roots.try_again();
    s.roots.want_alone();
    s.runnable = true;
}

std::size_t Engine::history(std::span<CheckpointInfo> out) const {
    auto const& list = state_->directories;
    auto const& retained = state_->retained;
    std::size_t count = 0;
    auto const add = [&](CommitRecord const& record, CheckpointEntry const* entry) {
        if (count == out.size()) return;
        auto& info = out[count++];
        info = CheckpointInfo();
        info.generation = Generation(record.generation);
        info.record = record;
        info.restores = Generation(record.restores);
        if (entry == nullptr || !is_pin(*entry)) return;
        info.pinned = true;
        info.name = entry->name;
    };
    for (auto i = list.size(); i > 0; --i)
        if (auto const at = list[i - 1].generation(); state_->readable(at))
            add(list[i - 1].record, retained.find(at));
    auto const entries = retained.entries();
    for (auto i = entries.size(); i > 0; --i)
        if (entries[i - 1].generation < list[0].record.generation)
            add(record_of(entries[i - 1]), &entries[i - 1]);
    return count;
}

SpaceInfo Engine::space() const {
    auto const& s = *state_;
    auto const shift = s.geometry.segment_shift;
    SpaceInfo info;
    info.usable_bytes = std::uint64_t{s.segments.usable()} << shift;
    // To a reader all that is empty counts: a boot begins with it.
    auto const free = s.segments.free() + (s.read_only ? s.segments.pending() : 0);
    info.free_bytes = std::uint64_t{free} << shift;
    info.pending_bytes = std::uint64_t{s.segments.pending()} << shift;
    info.live_bytes = s.segments.live_sectors() * sector_size;
    info.limit_bytes = s.limit_beside_pins() * sector_size;
    info.refuse_allocation = info.live_bytes - s.superseded_sectors() * sector_size >= info.limit_bytes;
    return info;
}

Result<> Engine::visit_live(void (*each)(void*, abi::FrameId), void* context) {
    auto& s = *state_;
    store::SyncIo io(*s.device);
    MapCursor map(s, io);
    map.only_live();
    // Of a frame's versions the last one counts.
    DirectoryEntry last;
    auto const tell = [&] {
        if (last.live() && s.directories.find(last.frame()) == nullptr) each(context, last.frame());
    };
    for (TRY(map.start()); !map.finished(); TRY(map.advance())) {
        auto const entry = map.current().entry;
        if (entry.frame() != last.frame()) tell();
        last = entry;
    }
    tell();
    for (std::size_t i = 0; i < s.directories.size(); ++i)
        for (auto const& entry : s.directories.entries(i))
            if (entry.live() && s.directories.find(entry.frame()) == &entry) each(context, entry.frame());
    return {};
}

Result<base::ConstBytes> read_node(EngineState& state, store::SyncIo& io, TwinRef const& ref,
                                   std::optional<std::uint16_t> level, base::Bytes into) {
    auto error = Error::corrupt;
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto const read = io.read(ref.place[copy].offset(), into);
        if (!read) error = Error::io;
        if (read && store::verify_node(into, {ref.hash, level, state.store}, state.geometry))
            return base::ConstBytes(into);
        store::Corruption report;
        report.finding = copy == 0 ? store::Finding::single_copy : store::Finding::map_node;
        report.part = store::Finding::map_node;
        report.offset = ref.place[copy].offset();
        report.want = ref.hash;
        report.got = read ? store::hash64(HashSeed::map_node, into) : 0;
        report.generation = state.newest().generation;
        state.report_finding(report);
    }
    return base::fail(error);
}

Result<LeafEntry> find_in_map(EngineState& state, store::SyncIo& io, abi::FrameId frame, Generation at) {
    auto ref = state.map;
    std::optional<std::uint16_t> level;
    MapKey const key{frame.number(), at.raw()};
    while (!ref.none()) {
        auto const node =
            TRY(read_node(state, io, ref, level, state.scratch.subspan(scratch_node, node_size)));
        auto const header = store::node_header(node);
        if (header.level == 0) {
            auto const found = store::find_in_leaf(node, key);
            if (found && state.moves.lost(found->key())) return base::fail(Error::corrupt);
            if (!found || found->entry.absent()) break;
            auto const placed = state.moves.placed(*found);
            // Only a damaged store says so of what a checkpoint sees.
            if (placed.entry.absent()) return base::fail(Error::corrupt);
            return placed;
        }
        auto const child = store::child_for(node, key);
        if (!child) break;
        ref = child->child;
        level = static_cast<std::uint16_t>(header.level - 1);
    }
    return base::fail(Error::absent);
}

} // namespace checkpoint
