// SPDX-License-Identifier: Apache-2.0
// The model of a store.
#include "reference_store.hpp"

#include <abi/revision.hpp>
#include <base/contract.hpp>

#include <cstring>

namespace tests {

using abi::Error;

namespace {

constexpr std::uint64_t registered = std::uint64_t{1} << 63;

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
    if ((seed & registered) != 0) {
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
    limits.unmigrated_entries = 512;
    limits.fetches = 2;
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
    : device_(device), limits_(limits), memory_(limits), models_(1) {}

base::Result<> ReferenceStore::format(std::uint32_t segment_shift, std::uint32_t retain) {
    return checkpoint::format(device_, memory_.memory().io,
                              {.store = {11, 12},
                               .nonce = {13, 14},
                               .label = "test",
                               .created_ns = 1,
                               .abi_revision = abi::abi_revision,
                               .segment_shift = segment_shift,
                               .interval_ms = 20,
                               .retain = retain,
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
    models_.push_back(model);
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
                                                 .clock_base_ns = number * 10,
                                                 .processes = processes,
                                                 .abi_revision = abi::abi_revision});
    expects(finished);
    while (engine_.commit_state() == checkpoint::CommitState::writing)
        if (!turn(true)) return base::fail(Error::restarted);
    auto const taken = engine_.take_commit();
    if (!taken) return base::fail(taken.error);
    acknowledged_ = number;
    generations_[taken->raw()] = number;
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
    auto const number = model_number(engine_, device_);
    expects(number >= acknowledged_ && number < models_.size());
    acknowledged_ = number;
    owed_.clear();
}

void ReferenceStore::adopt(std::vector<Model> const& models, std::uint64_t number) {
    models_ = models;
    acknowledged_ = number;
}

void ReferenceStore::settle() {
    for (turns_ = 0; !engine_.quiet() || engine_.runnable(); ++turns_) {
        expects(turns_ < turns_at_most);
        checkpoint::turn(engine_, device_, true);
    }
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
