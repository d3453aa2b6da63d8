// SPDX-License-Identifier: Apache-2.0
// The model of a store: a std::map of frames for each commit, and a driver that does the same to an engine.
// Frame 1 carries the number of the commit in its content, so that a recovered store
// says which model it must equal.
#pragma once

#include <checkpoint/engine.hpp>
#include <checkpoint/format.hpp>
#include <checkpoint/offline.hpp>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tests {

struct ModelFrame {
    abi::FrameType type = abi::FrameType::data_page;
    std::uint32_t mark = 0;
    bool live = false;
    std::uint64_t seed = 0; // content; 0: zero frame
    friend bool operator==(ModelFrame const&, ModelFrame const&) = default;
};
using Model = std::map<std::uint64_t, ModelFrame>; // by frame number

void fill_content(std::uint64_t seed, std::span<std::byte> content);
// A seed that stands for these bytes, in this thread.
std::uint64_t register_content(std::vector<std::byte> content);

// Memory for an engine.
class EngineMemory {
public:
    explicit EngineMemory(checkpoint::Limits const& limits);
    checkpoint::Memory memory() { return {{tables_.get(), tables_size_}, {io_.get(), io_size_}}; }

private:
    struct Free {
        void operator()(std::byte* pointer) const { std::free(pointer); }
    };
    std::size_t tables_size_;
    std::size_t io_size_;
    std::unique_ptr<std::byte[], Free> tables_;
    std::unique_ptr<std::byte[], Free> io_;
};

// For a `check` of which only the result is asked.
class QuietListener final : public checkpoint::CheckListener {
public:
    void report(store::Corruption const&) override {}
    void progress(checkpoint::CheckPhase, std::uint64_t, std::uint64_t) override {}
};

// Small limits, so that folds and laps come soon.
checkpoint::Limits small_limits(std::uint32_t segments);

// R30. The model's clock goes on by 37 ms from commit to commit.
struct Retention {
    std::uint32_t newest = 16;
    std::uint16_t tenths = 20;
    std::uint16_t seconds = 60;
};

class ReferenceStore {
public:
    ReferenceStore(store::BlockDevice& device, checkpoint::Limits const& limits);

    base::Result<> format(std::uint32_t segment_shift, Retention retention = {});
    base::Result<> open(std::uint64_t nonce, store::CorruptionSink* findings = nullptr);
    // Commits the changes beside frame 1; the model follows. Errors as Engine's; a failed commit leaves the
    // model, whose changes the next commit brings again (as a kernel does).
    base::Result<> commit(Model const& changes);
    // Time travel (checkpoint/time_travel.hpp); the model follows.
    base::Result<> pin(checkpoint::Generation at, std::string const& name);
    base::Result<> unpin(std::string const& name);
    base::Result<> roll_back(checkpoint::Generation to);
    // Goes on with a disk that holds model `number`.
    // With `contents`, also with what its older checkpoints hold (see contents()).
    void adopt(std::vector<Model> const& models, std::uint64_t number,
               std::map<std::uint64_t, std::uint64_t> const& contents = {});
    // After a reset and open(): goes on from what came back, the newest acknowledged model or a later one.
    void adopt_recovered();
    void settle(); // runs the loop until nothing is in flight and nothing is due
    // Equal to the newest model? Text of the first difference; empty if equal.
    std::string compare();
    // The view of every retained checkpoint, read as the tools do, against the model of its commit, frame by
    // frame; and `check` finds nothing. Settles first. Text of the first difference.
    std::string compare_history();
    std::vector<checkpoint::CheckpointInfo> history() const;
    // Versions without a block that the map on the disk has.
    std::uint64_t blocks_gone();
    std::uint64_t views_compared() const { return views_compared_; }

    checkpoint::Engine& engine() { return engine_; }
    // Models by number; [acknowledged()] is the newest acknowledged one.
    std::vector<Model> const& models() const { return models_; }
    std::uint64_t acknowledged() const { return acknowledged_; }
    // Number of the model that a generation committed; housekeeping checkpoints are not in it.
    std::map<std::uint64_t, std::uint64_t> const& generations() const { return generations_; }
    // Number of the model that a checkpoint of any kind has, tried ones included.
    std::map<std::uint64_t, std::uint64_t> const& contents() const { return contents_; }
    // Called with the model number right after its acknowledgement.
    std::function<void(std::uint64_t)> on_acknowledged;
    // Called with the frame right after it was added to the commit under way.
    std::function<void(std::uint64_t)> on_added;
    // Asked before each turn of a commit's loop: true ends commit() with Error::restarted, everything left as
    // it is. The machine is reset then: the engine is of no use but to be opened anew.
    std::function<bool()> cut;

private:
    // Of one call: beyond it the loop goes round for nothing.
    static constexpr std::uint64_t turns_at_most = 100'000;

    bool turn(bool wait); // false: cut, or it does not end
    void note_housekeeping();
    std::string compare_view(checkpoint::OfflineStore& reader, checkpoint::Generation at, Model const& model);
    std::string compare_views(checkpoint::OfflineStore& reader);
    base::Result<> travelled(base::Result<checkpoint::Generation> const& made, std::uint64_t number);

    store::BlockDevice& device_;
    checkpoint::Limits limits_;
    EngineMemory memory_;
    EngineMemory reader_memory_;
    std::map<std::uint64_t, std::uint64_t> contents_;
    std::uint64_t views_compared_ = 0;
    checkpoint::Engine engine_;
    std::vector<Model> models_;
    std::map<std::uint64_t, std::uint64_t> generations_;
    Model owed_; // changes of failed commits
    std::uint64_t acknowledged_ = 0;
    std::uint64_t acknowledged_generation_ = 0;
    std::uint64_t turns_ = 0;
};

// Reads one frame through the engine's fetch; waits.
struct ReadFrame {
    abi::Error error = abi::Error::none;
    ModelFrame facts; // seed unset
    std::vector<std::byte> content;
};
ReadFrame fetch_frame(checkpoint::Engine& engine, store::BlockDevice& device, std::uint64_t frame);
// The number that frame 1 carries; 0 when there is none.
std::uint64_t model_number(checkpoint::Engine& engine, store::BlockDevice& device);
// Text of the first difference between the store and the model, over frames 1..last; empty if equal.
std::string compare(checkpoint::Engine& engine, store::BlockDevice& device, Model const& model,
                    std::uint64_t last);

} // namespace tests
