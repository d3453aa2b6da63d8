// SPDX-License-Identifier: Apache-2.0
// The model of a store.
#include "reference_store.hpp"

#include <abi/revision.hpp>
#include <base/contract.hpp>
#include <checkpoint/time_travel.hpp>
#include <store/sync_io.hpp>

#include <cstring>

namespace tests {

using abi::Error;

namespace {

// Seeds of this form name a registered content; random seeds practically never have it.
constexpr std::uint64_t registered = 0xffff'ffff'0000'0000;

// Runs of different threads share nothing.
std::vector<std::vector<std::byte>>& registry() {
    thread_local std::vector<std::vector<std::byte>> contents;
    return contents;
}

} // namespace

std::uint64_t register_content(std::vector<std::byte> content) {
    expects(content.size() == abi::frame_size);
    registry().push_back(std::move(content));
    return registered | (registry().size() - 1);
}

void fill_content(std::uint64_t seed, std::span<std::byte> content) {
    if ((seed & registered) == registered) {
        std::memcpy(content.data(), registry().at(seed & ~registered).data(), content.size());
        return;
    }
    std::uint64_t word = seed * 0x9e3779b97f4a7c15;
    std::memset(content.data(), 0, content.size());
    if (seed == 0) return;
    std::memcpy(content.data(), &seed, sizeof seed);
    for (std::size_t at = 8; at + 8 <= content.size(); at += 8) {
        word = word * 6364136223846793005 + 1442695040888963407;
        std::memcpy(content.data() + at, &word, sizeof word);
    }
}

namespace {

// Contents are compared millions of times and are few.
std::vector<std::byte> const& content_of(std::uint64_t seed) {
    thread_local std::map<std::uint64_t, std::vector<std::byte>> known;
    if (known.size() > 4096) known.clear();
    auto& content = known[seed];
    if (content.empty()) {
        content.resize(abi::frame_size);
        fill_content(seed, content);
    }
    return content;
}

} // namespace

EngineMemory::EngineMemory(checkpoint::Limits const& limits)
    : tables_size_((checkpoint::table_bytes(limits) + 4095) / 4096 * 4096),
      io_size_((checkpoint::io_bytes(limits) + 4095) / 4096 * 4096),
      tables_(static_cast<std::byte*>(std::aligned_alloc(4096, tables_size_))),
      io_(static_cast<std::byte*>(std::aligned_alloc(4096, io_size_))) {
    // Nothing may depend on fresh memory being zero.
    std::memset(tables_.get(), 0xa5, tables_size_);
    std::memset(io_.get(), 0xa5, io_size_);
}

checkpoint::Limits small_limits(std::uint32_t segments) {
    checkpoint::Limits limits;
    limits.segments = segments;
    limits.directories = 32;
    limits.unmigrated_entries = 512;
    limits.moved_blocks = std::min(segments * 4, 1024U); // as many as there are
    limits.fetches = 2;
    limits.read_ahead = 4;
    limits.cached_nodes = 2;
    limits.commit_chunk = 8192;
    limits.commit_chunks = 5;
    limits.side_chunk = 8192;
    limits.side_chunks = 2;
    limits.kept = 3;
    limits.fold_above = 8;
    return limits;
}

ReferenceStore::ReferenceStore(store::BlockDevice& device, checkpoint::Limits const& limits)
    : device_(device), limits_(limits), memory_(limits), reader_memory_(limits), models_(1) {}

base::Result<> ReferenceStore::format(std::uint32_t segment_shift, Retention retention) {
    contents_.clear();
    contents_[checkpoint::Generation(0, 1).raw()] = 0;
    return checkpoint::format(device_, memory_.memory().io,
                              {.store = {11, 12},
                               .nonce = {13, 14},
                               .label = "test",
                               .created_ns = 1,
                               .abi_revision = abi::abi_revision,
                               .segment_shift = segment_shift,
                               .interval_ms = 20,
                               .retain = retention.newest,
                               .retain_tenths = retention.tenths,
                               .retain_seconds = retention.seconds,
                               .processor_features = 7});
}

base::Result<> ReferenceStore::open(std::uint64_t nonce, store::CorruptionSink* findings) {
    checkpoint::OpenOptions options;
    options.limits = limits_;
    options.nonce = {nonce, ~nonce};
    options.findings = findings;
    return engine_.open(device_, memory_.memory(), options);
}

base::Result<> ReferenceStore::commit(Model const& changes) {
    turns_ = 0;
    auto model = models_[acknowledged_];
    for (auto const& [frame, facts] : changes) owed_[frame] = facts;
    auto const number = models_.size();
    owed_[1] = {abi::FrameType::capability_page, 0, false, number};
    for (auto const& [frame, facts] : owed_) model[frame] = facts;
    for (;;) {
        auto const begun = engine_.begin_commit(static_cast<std::uint32_t>(owed_.size()));
        if (begun) break;
        if (begun.error != Error::busy) return begun;
        if (!turn(true)) return base::fail(Error::restarted);
    }
    note_housekeeping();
    models_.push_back(model);
    contents_[engine_.committing().raw()] = number;
    std::vector<std::byte> content(abi::frame_size);
    std::uint32_t processes = 0;
    for (auto const& [frame, facts] : owed_) {
        fill_content(facts.seed, content);
        checkpoint::FrameImage const image{abi::FrameId::persistent(frame), facts.type,
                                           abi::Version(facts.mark), facts.live, content};
        for (;;) {
            auto const added = engine_.add(image);
            if (added) break;
            expects(added.error == Error::busy);
            if (!turn(true)) return base::fail(Error::restarted);
        }
        if (number % 3 == 0 && !turn(false)) return base::fail(Error::restarted);
        if (on_added) on_added(frame);
    }
    for (auto const& [frame, facts] : model) processes += facts.live ? 1 : 0;
    auto const finished = engine_.finish_commit({.time_ns = number * 1000,
                                                 .stop_ns = 7,
                                                 .clock_base_ns = number * 37'000'000,
                                                 .processes = processes,
                                                 .abi_revision = abi::abi_revision});
    expects(finished);
    while (engine_.commit_state() == checkpoint::CommitState::writing)
        if (!turn(true)) return base::fail(Error::restarted);
    auto const taken = engine_.take_commit();
    if (!taken) return base::fail(taken.error);
    acknowledged_ = number;
    generations_[taken->raw()] = number;
    acknowledged_generation_ = taken->raw();
    owed_.clear();
    if (on_acknowledged) on_acknowledged(number);
    return {};
}

bool ReferenceStore::turn(bool wait) {
    if ((cut && cut()) || ++turns_ > turns_at_most) return false;
    checkpoint::turn(engine_, device_, wait);
    return true;
}

void ReferenceStore::adopt_recovered() {
    expects(engine_.newest().raw() >= acknowledged_generation_);
    auto const housekeeping = static_cast<std::uint64_t>(abi::disk::RecordFlag::housekeeping);
    for (auto const& info : history()) {
        // Nothing but checkpoints of the store itself came after what was acknowledged, which history may
        // have dropped meanwhile.
        if (info.generation.raw() <= acknowledged_generation_) break;
        auto const made = contents_.find(info.generation.raw());
        auto const restored = contents_.find(info.restores.raw());
        if (made != contents_.end()) acknowledged_ = made->second;
        else if (restored != contents_.end()) acknowledged_ = restored->second;
        else expects((info.record.flags & housekeeping) != 0); // as the one before it
        if (made != contents_.end() || restored != contents_.end()) break;
    }
    acknowledged_generation_ = engine_.newest().raw();
    owed_.clear();
}

void ReferenceStore::adopt(std::vector<Model> const& models, std::uint64_t number,
                           std::map<std::uint64_t, std::uint64_t> const& contents) {
    models_ = models;
    acknowledged_ = number;
    if (!contents.empty()) contents_ = contents;
}

void ReferenceStore::settle() {
    for (turns_ = 0; !engine_.quiet() || engine_.runnable(); ++turns_) {
        expects(turns_ < turns_at_most);
        checkpoint::turn(engine_, device_, true);
    }
    note_housekeeping();
}

// Empty checkpoints that were made since the last call have the content of the acknowledged model.
void ReferenceStore::note_housekeeping() {
    if (contents_.contains(engine_.newest().raw())) return;
    for (auto const& info : history())
        if (!contents_.contains(info.generation.raw())) contents_[info.generation.raw()] = acknowledged_;
}

std::vector<checkpoint::CheckpointInfo> ReferenceStore::history() const {
    std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
    list.resize(engine_.history(list));
    return list;
}

std::uint64_t ReferenceStore::blocks_gone() {
    settle();
    checkpoint::OfflineStore reader;
    return reader.open(device_, reader_memory_.memory(), limits_) ? reader.recovery().blocks_gone : 0;
}

std::string ReferenceStore::compare_view(checkpoint::OfflineStore& reader, checkpoint::Generation at,
                                         Model const& model) {
    auto next = model.begin();
    std::string difference;
    std::vector<std::byte> content(abi::frame_size);
    auto const name = [&](std::uint64_t frame) {
        return "checkpoint " + std::to_string(at.counter()) + ", frame " + std::to_string(frame);
    };
    std::vector<checkpoint::FrameInfo> found;
    auto const visited = reader.for_each(at, [&](checkpoint::FrameInfo const& info) {
        found.push_back(info);
        return true;
    });
    if (!visited) return name(0) + ": " + std::string(abi::describe(visited.error).name);
    for (auto const& info : found) {
        auto const frame = info.frame.number();
        if (next == model.end() || next->first != frame) return name(frame) + " differs in presence";
        auto const& facts = next->second;
        if (info.type != facts.type || info.mark.raw() != facts.mark || info.live != facts.live)
            return name(frame) + ": type, mark or live bit differ";
        // By a look-up now and then, else where the view says that it stands.
        if ((frame + at.counter()) % 8 == 0) {
            auto const read = reader.read(at, info.frame, std::span<std::byte, abi::frame_size>(content));
            if (!read) return name(frame) + ": " + std::string(abi::describe(read.error).name);
            if (read->birth != info.birth || read->offset != info.offset)
                return name(frame) + ": found elsewhere";
        } else if (info.zero) {
            std::fill(content.begin(), content.end(), std::byte{0});
        } else if (!store::SyncIo(device_).read(info.offset, content)) {
            return name(frame) + ": not readable";
        }
        if (std::memcmp(content_of(facts.seed).data(), content.data(), abi::frame_size) != 0)
            return name(frame) + ": content differs";
        ++next;
    }
    return next == model.end() ? "" : name(next->first) + " is missing";
}

std::string ReferenceStore::compare_views(checkpoint::OfflineStore& reader) {
    std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
    list.resize(reader.history(list));
    for (auto const& info : list) {
        auto const content = contents_.find(info.generation.raw());
        if (content == contents_.end())
            return "checkpoint " + std::to_string(info.generation.counter()) + " was never made";
        auto const text = compare_view(reader, info.generation, models_[content->second]);
        if (!text.empty()) return text;
        ++views_compared_;
    }
    return {};
}

std::string ReferenceStore::compare_history() {
    settle();
    checkpoint::OfflineStore reader;
    auto const opened = reader.open(device_, reader_memory_.memory(), limits_);
    if (!opened) return "reader: " + std::string(abi::describe(opened.error).name);
    auto const text = compare_views(reader);
    if (!text.empty()) return text;
    QuietListener quiet;
    auto const result = reader.check(quiet);
    if (!result) return "check: " + std::string(abi::describe(result.error).name);
    if (result->findings > 0 || !result->space_balances)
        return "check: " + std::to_string(result->findings) + " findings";
    if (result->checkpoints_readable != result->checkpoints) return "check: not every checkpoint is readable";
    return {};
}

// A checkpoint without a commit: it has the content of a model that exists.
base::Result<> ReferenceStore::travelled(base::Result<checkpoint::Generation> const& made,
                                         std::uint64_t number) {
    note_housekeeping();
    if (!made) return base::fail(made.error);
    acknowledged_generation_ = made->raw();
    contents_[made->raw()] = number;
    if (number == acknowledged_) return {};
    acknowledged_ = models_.size();
    auto const model = models_[number];
    models_.push_back(model);
    contents_[made->raw()] = acknowledged_;
    return {};
}

base::Result<> ReferenceStore::pin(checkpoint::Generation at, std::string const& name) {
    return travelled(checkpoint::pin(engine_, device_, at, name), acknowledged_);
}

base::Result<> ReferenceStore::unpin(std::string const& name) {
    return travelled(checkpoint::unpin(engine_, device_, name), acknowledged_);
}

base::Result<> ReferenceStore::roll_back(checkpoint::Generation to) {
    note_housekeeping();
    auto const content = contents_.find(to.raw());
    auto const number = content == contents_.end() ? acknowledged_ : content->second;
    return travelled(checkpoint::roll_back(engine_, device_, to), number);
}

std::string ReferenceStore::compare() {
    auto const& model = models_[acknowledged_];
    return tests::compare(engine_, device_, model, model.empty() ? 1 : model.rbegin()->first + 2);
}

ReadFrame fetch_frame(checkpoint::Engine& engine, store::BlockDevice& device, std::uint64_t frame) {
    auto ticket = engine.fetch(abi::FrameId::persistent(frame));
    while (ticket.error == Error::busy) {
        checkpoint::turn(engine, device, true);
        ticket = engine.fetch(abi::FrameId::persistent(frame));
    }
    auto fetched = engine.take_fetched();
    while (!fetched) {
        checkpoint::turn(engine, device, true);
        fetched = engine.take_fetched();
    }
    ReadFrame result;
    result.error = fetched->error;
    result.facts = {fetched->type, fetched->mark.raw(), fetched->live, 0};
    result.content.assign(fetched->content.begin(), fetched->content.end());
    engine.release(fetched->ticket);
    return result;
}

std::uint64_t model_number(checkpoint::Engine& engine, store::BlockDevice& device) {
    auto const frame = fetch_frame(engine, device, 1);
    if (frame.error != Error::none) return frame.error == Error::absent ? 0 : ~std::uint64_t{0};
    std::uint64_t number = 0;
    std::memcpy(&number, frame.content.data(), sizeof number);
    return number;
}

std::string compare(checkpoint::Engine& engine, store::BlockDevice& device, Model const& model,
                    std::uint64_t last) {
    for (std::uint64_t number = 1; number <= last; ++number) {
        auto const found = fetch_frame(engine, device, number);
        auto const entry = model.find(number);
        auto const name = [&] { return "frame " + std::to_string(number); };
        if (entry == model.end()) {
            if (found.error != Error::absent) return name() + " should be absent";
            continue;
        }
        if (found.error != Error::none) return name() + ": " + std::string(abi::describe(found.error).name);
        auto const& facts = entry->second;
        if (found.facts.type != facts.type || found.facts.mark != facts.mark ||
            found.facts.live != facts.live)
            return name() + ": type, mark or live bit differ";
        if (std::memcmp(content_of(facts.seed).data(), found.content.data(), abi::frame_size) != 0)
            return name() + ": content differs";
    }
    return {};
}

} // namespace tests
