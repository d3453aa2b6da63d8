// SPDX-License-Identifier: Apache-2.0
// format: makes a store from a system description. Everything is checked before the first byte is written; an
// existing file is never touched without --force, and a file in use never.
#include "image_builder.hpp"
#include "options.hpp"
#include "report.hpp"
#include "store_file.hpp"
#include "store_lock.hpp"

#include <abi/revision.hpp>
#include <checkpoint/format.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tools {
namespace {

namespace fs = std::filesystem;

abi::disk::Random128 random_bits() {
    abi::disk::Random128 bits;
    if (::getrandom(&bits, sizeof bits, 0) != sizeof bits)
        throw Problem(ExitCode::failed, "io", "the system gives no random bits", "try again");
    return bits;
}

std::uint64_t wall_clock_ns() {
    std::timespec now = {};
    std::timespec_get(&now, TIME_UTC);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t count_live(FrameArena const& arena) {
    std::uint64_t count = 0;
    for (auto const& frame : arena.frames()) count += frame.live ? 1 : 0;
    return count;
}

// What stands in the way, named; or empty.
std::string existing_content(std::string const& image) {
    struct stat status = {};
    if (::stat(image.c_str(), &status) != 0 || status.st_size == 0) return {};
    try {
        StoreView view(image, true);
        return fmt::format("holds a Stele store ({:08x}, checkpoint {}, {})",
                           view.store().superblock().store.low & 0xffffffff, view.at().generation.counter(),
                           format_time(view.at().record.time_ns));
    } catch (Problem const& problem) {
        if (problem.word() != "not-a-store") return "holds a Stele store that does not open";
        std::string const text = problem.what();
        auto const at = text.find(": it ");
        return at == text.npos ? "is not empty" : text.substr(at + 5);
    }
}

class OutputFile {
public:
    OutputFile(std::string const& path, std::uint64_t size) : path_(path), existed_(fs::exists(path)) {
        file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (file_ < 0) fail("cannot be created");
        if (is_in_use(file_) || !lock_exclusively(file_)) refuse_in_use(path);
        // Cut to nothing first: no byte of what was there can be taken for the new store's.
        if (::ftruncate(file_, 0) != 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0)
            fail("cannot be made that large");
    }
    OutputFile(OutputFile const&) = delete;
    ~OutputFile() {
        ::close(file_);
        if (!complete_ && !existed_) ::unlink(path_.c_str());
    }
    int file() const { return file_; }
    void complete() { complete_ = true; }

private:
    [[noreturn]] void fail(std::string const& what) const {
        throw Problem(ExitCode::failed, errno == ENOSPC ? "no-space" : "io",
                      fmt::format("{}: {}: {}", path_, what, std::strerror(errno)),
                      "check the folder, its permissions and its free space");
    }
    std::string path_;
    bool existed_;
    int file_ = -1;
    bool complete_ = false;
};

// Steps the engine until it has nothing to do but what the caller asks next.
void run_until(FileDevice& device, checkpoint::Engine& engine, auto finished) {
    std::array<store::Completion, store::requests_at_most> done = {};
    std::size_t count = 0;
    while (true) {
        store::RequestList requests;
        engine.step({done.data(), count}, requests);
        for (auto& request : requests) device.submit(request);
        if (finished() && requests.empty()) return;
        count = device.poll(done, false);
    }
}

void expect(base::Result<> result, std::string const& image) {
    if (result.failed()) throw problem_of(result.error, image);
}

void write_first_checkpoint(std::string const& image, FileDevice& device, FrameArena const& arena) {
    // What is left unfolded has to find room in the machine's tables, which are smaller than the tool's.
    auto limits = limits_for(device.capacity());
    limits.unmigrated_entries = checkpoint::Limits{}.unmigrated_entries;
    EngineMemory memory(limits);
    checkpoint::Engine engine;
    expect(engine.open(device, memory.memory(),
                       {.limits = limits, .nonce = random_bits(), .abi_revision = abi::abi_revision}),
           image);
    // More frames than one commit holds become several; the last one completes the system, and only it has
    // live processes.
    std::size_t next = 0;
    auto const& frames = arena.frames();
    while (next < frames.size()) {
        auto const batch = std::min<std::size_t>(frames.size() - next, engine.frames_at_most());
        base::Result<> begun = base::fail(abi::Error::busy);
        run_until(device, engine, [&] {
            return (begun = engine.begin_commit(static_cast<std::uint32_t>(batch))).error != abi::Error::busy;
        });
        expect(begun, image);
        for (std::size_t i = 0; i < batch; ++i, ++next) {
            auto const& frame = frames[next];
            base::Result<> added = base::fail(abi::Error::busy);
            run_until(device, engine, [&] {
                if (added.error == abi::Error::busy)
                    added = engine.add({.frame = frame.id,
                                        .type = frame.type,
                                        .mark = FrameArena::first_version,
                                        .live = frame.live,
                                        .content = frame.content});
                return added.error != abi::Error::busy;
            });
            expect(added, image);
        }
        expect(engine.finish_commit({.time_ns = wall_clock_ns(),
                                     .processes = static_cast<std::uint32_t>(count_live(arena)),
                                     .abi_revision = abi::abi_revision}),
               image);
        run_until(device, engine, [&] {
            return engine.commit_state() == checkpoint::CommitState::committed ||
                   engine.commit_state() == checkpoint::CommitState::failed;
        });
        auto const taken = engine.take_commit();
        if (taken.failed()) throw problem_of(taken.error, image);
    }
    engine.note_idle();
    run_until(device, engine, [&] { return engine.quiet(); });
}

} // namespace

int command_format(CommonOptions const& common, FormatOptions const& options) {
    auto system = read_system_description(options.system);
    if (!options.label.empty()) system.label = options.label;
    if (options.retain != 0) system.retain = options.retain;
    if (options.interval_ms >= 0) system.interval_ms = static_cast<std::uint32_t>(options.interval_ms);
    if (options.processor == "avx") system.processor_features |= abi::avx_feature;
    if (system.interval_ms != 0 && system.interval_ms < 5)
        throw Problem(ExitCode::usage, "usage", "--interval is below 5",
                      "use 5 or more, or 0 for checkpoints on request only");
    auto const programs = options.programs.empty()
                              ? fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "user/apps"
                              : fs::path(options.programs);
    auto const arena = build_first_checkpoint(system, programs);
    if (!options.force)
        if (auto const content = existing_content(options.image); !content.empty())
            throw Problem(ExitCode::failed, "exists", options.image + " " + content,
                          "to replace it: stele format --force " + options.image + " ...");

    auto const segment = std::uint64_t{1} << abi::disk::segment_shift_default;
    auto const size = options.size / segment * segment;
    auto const store_id = random_bits();
    std::uint64_t allocated = 0;
    if (!options.dry_run) {
        OutputFile output(options.image, size);
        FileDevice device(output.file(), size);
        EngineMemory buffer(checkpoint::Limits{});
        auto const made = checkpoint::format(device, buffer.io_bytes(),
                                             {.store = store_id,
                                              .nonce = random_bits(),
                                              .label = system.label,
                                              .created_ns = wall_clock_ns(),
                                              .abi_revision = abi::abi_revision,
                                              .interval_ms = system.interval_ms,
                                              .retain = system.retain,
                                              .processor_features = system.processor_features});
        if (made.error == abi::Error::bad_argument)
            throw Problem(ExitCode::usage, "usage",
                          fmt::format("a store of {} is too small, or the label is longer than 31 bytes",
                                      format_size(size, Units::automatic)),
                          "use --size 16M or more, and a short label");
        expect(made, options.image);
        write_first_checkpoint(options.image, device, arena);
        output.complete();
        struct stat status = {};
        ::fstat(output.file(), &status);
        allocated = static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    if (common.json) {
        print_json({{"schema", "stele.format/1"},
                    {"store", fmt::format("{:016x}{:016x}", store_id.high, store_id.low)},
                    {"sizeBytes", size},
                    {"allocatedBytes", allocated},
                    {"segments", size / segment},
                    {"processes", system.processes.size()},
                    {"frames", arena.frames().size()},
                    {"dryRun", options.dry_run}});
    } else if (!common.quiet) {
        fmt::print("{}: store {:08x}, {} ({} on disk), {} segments of {}, hash xxh64\n", options.image,
                   store_id.low & 0xffffffff, format_size(size, common.units),
                   format_size(allocated, common.units), size / segment, format_size(segment, common.units));
        fmt::print("{} processes, {} frames, {}\n", system.processes.size(), arena.frames().size(),
                   options.dry_run ? "nothing written (dry run)" : "committed");
    }
    return 0;
}

} // namespace tools
