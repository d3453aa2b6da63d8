// SPDX-License-Identifier: Apache-2.0
// Cuts in the write log of a machine that ran (blklogwrites): replay-write-log START LOG [SEED [SAMPLES
// [STATE]]]. START is the disk as it was before the log. All disks that a cut could leave are made of it;
// each must recover: no older than what the last completed flush before the cut made durable, and every
// checkpoint, wherever it is found, with the same frames. Some are booted, committed to and checked.
#include "crash_states.hpp"
#include "reference_store.hpp"
#include "write_log.hpp"

#include <base/contract.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <xxhash.h>

namespace {

using namespace tests;

struct Options {
    std::string start, log;
    std::uint64_t seed = 1;
    std::uint64_t samples = 6;
    std::uint64_t only = 0; // the state to look at; 0: all
};

// One state in so many is booted, and one in so many has all its blocks read.
constexpr std::uint64_t boot_every = 500, verify_every = 100;

std::vector<std::byte> bytes_of(std::string const& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return {};
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(static_cast<char*>(static_cast<void*>(bytes.data())),
              static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

class Replay {
public:
    Replay(Options const& options, std::vector<std::byte> start, WriteLog& log)
        : options_(options), start_(std::move(start)), log_(log), memory_(checkpoint::Limits{}) {}

    bool run() {
        if (!learn()) return false;
        CrashStates states(start_, log_.history, first_,
                           {.exhaustive_below = 7, .samples = options_.samples, .seed = options_.seed});
        auto const counts = states.run([this](UndoDisk& disk, std::uint64_t least) {
            ++state_;
            if (options_.only == 0 || options_.only == state_) check(disk, least);
        });
        std::printf(
            "%lu writes, %lu flushes: %zu checkpoints, %lu cuts, %lu states, %lu distinct, %lu torn, %lu "
            "later than acknowledged, %lu booted, %lu violations\n",
            log_.writes, log_.flushes, views_.size(), counts.cuts, counts.states, counts.distinct, torn_,
            later_, booted_, violations_);
        return violations_ == 0;
    }

private:
    // What the machine made, from the disk as it was after each flush; each flush then says what it made
    // durable.
    bool learn() {
        UndoDisk disk(start_);
        if (!learn_from(disk)) return false;
        first_ = newest_;
        History marked;
        for (auto& event : log_.history) {
            auto const kind = event.kind;
            if (kind == EventKind::write_submitted) {
                if (event.offset + event.data.size() > disk.image().size())
                    return complain("a write beyond the end");
                disk.apply(event.offset, event.data);
            }
            marked.push_back(std::move(event));
            if (kind != EventKind::flush_completed) continue;
            disk.forget_changes();
            if (!learn_from(disk)) return false;
            marked.push_back({EventKind::mark, newest_, 0, {}});
        }
        log_.history = std::move(marked);
        return learn_from(disk);
    }

    bool learn_from(UndoDisk& disk) {
        checkpoint::OfflineStore reader;
        if (auto const opened = reader.open(disk, memory_.memory(), {}); !opened)
            return complain("the log itself does not read: " + std::string(abi::describe(opened.error).name));
        newest_ = reader.recovery().generation.raw();
        views_[newest_] = view(reader, reader.recovery().generation);
        return true;
    }

    static std::uint64_t view(checkpoint::OfflineStore& reader, checkpoint::Generation at) {
        std::uint64_t digest = at.raw();
        auto const walked = reader.for_each(at, [&](checkpoint::FrameInfo const& frame) {
            std::uint64_t const facts[] = {frame.frame.number(), static_cast<std::uint64_t>(frame.type),
                                           frame.mark.raw(),     frame.live,
                                           frame.zero,           frame.hash};
            digest = XXH3_64bits_withSeed(facts, sizeof facts, digest);
            return true;
        });
        return walked ? digest : 0;
    }

    void check(UndoDisk& disk, std::uint64_t least) {
        checkpoint::OfflineStore reader;
        if (auto const opened = reader.open(disk, memory_.memory(), {}); !opened)
            return violation("open: " + std::string(abi::describe(opened.error).name));
        auto const generation = reader.recovery().generation;
        if (generation.raw() < least) return violation("an older checkpoint is in force");
        auto const known = views_.find(generation.raw());
        if (known == views_.end()) return violation("a checkpoint that was never made is in force");
        if (known->second != view(reader, generation)) return violation("a checkpoint with other frames");
        torn_ += reader.recovery().torn;
        later_ += generation.raw() > least;
        if (state_ % verify_every == 0) verify(reader);
        if (state_ % boot_every == 0) boot(disk, generation);
    }

    void verify(checkpoint::OfflineStore& reader) {
        QuietListener quiet;
        auto const result = reader.check(quiet);
        if (!result || result->frames_damaged > 0) violation("a frame is damaged");
    }

    void boot(UndoDisk& disk, checkpoint::Generation generation) {
        checkpoint::Engine engine;
        checkpoint::OpenOptions options;
        options.nonce = {state_, ~state_};
        if (!engine.open(disk, memory_.memory(), options)) return violation("boot");
        if (engine.newest() != generation) return violation("a boot with another checkpoint");
        if (!engine.begin_commit(1)) return violation("commit");
        std::vector<std::byte> const content(abi::frame_size, std::byte{7});
        auto const added = engine.add(
            {abi::FrameId::persistent(1), abi::FrameType::data_page, abi::Version(1), false, content});
        if (!added || !engine.finish_commit({})) return violation("commit");
        while (engine.commit_state() == checkpoint::CommitState::writing)
            checkpoint::turn(engine, disk, true);
        if (!engine.take_commit()) return violation("commit");
        while (!engine.quiet() || engine.runnable()) checkpoint::turn(engine, disk, true);
        checkpoint::OfflineStore reader;
        if (!reader.open(disk, memory_.memory(), {})) return violation("open after the boot");
        QuietListener quiet;
        auto const result = reader.check(quiet);
        if (!result || result->findings > 0 || !result->space_balances)
            return violation("check after the boot");
        ++booted_;
    }

    void violation(std::string const& text) {
        if (++violations_ > 5) return;
        std::printf("replay-write-log %s %s %lu %lu %lu: %s\n", options_.start.c_str(), options_.log.c_str(),
                    options_.seed, options_.samples, state_, text.c_str());
    }

    static bool complain(std::string const& text) {
        std::printf("replay-write-log: %s\n", text.c_str());
        return false;
    }

    Options options_;
    std::vector<std::byte> start_;
    WriteLog& log_;
    EngineMemory memory_;
    std::map<std::uint64_t, std::uint64_t> views_; // generation -> digest of its frames
    std::uint64_t first_ = 0, newest_ = 0;
    std::uint64_t state_ = 0, torn_ = 0, later_ = 0, booted_ = 0, violations_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc > 6) return 2;
    Options options{argv[1], argv[2]};
    if (argc > 3) options.seed = std::strtoull(argv[3], nullptr, 0);
    if (argc > 4) options.samples = std::strtoull(argv[4], nullptr, 0);
    if (argc > 5) options.only = std::strtoull(argv[5], nullptr, 0);
    auto start = bytes_of(options.start);
    auto log = read_write_log(bytes_of(options.log));
    if (start.empty() || !log.problem.empty() || log.forced > 0 || log.discards > 0) {
        std::printf("replay-write-log: %s\n",
                    log.problem.empty() ? "nothing to replay" : log.problem.c_str());
        return 2;
    }
    return Replay(options, std::move(start), log).run() ? 0 : 1;
}
