// SPDX-License-Identifier: Apache-2.0
// What is measured of the engine alone: bytes, flushes, memory, bandwidth, and the long run.
#include "engine_side.hpp"
#include "steps.hpp"

#include <abi/frame.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

double per(std::uint64_t bytes, std::uint64_t dirtied) {
    return static_cast<double>(bytes) / static_cast<double>(dirtied);
}

// Bytes and flushes of commits of the same hot pages, after two to warm up.
Json cost_of(EngineSide& side, std::size_t pages, std::size_t commits) {
    PageSource source(pages);
    for (int i = 0; i < 2; ++i) side.commit(source.sequence(0, pages));
    side.settle();
    auto const before = side.engine().counters();
    for (std::size_t i = 0; i < commits; ++i) side.commit(source.sequence(0, pages));
    auto const after = side.engine().counters();
    auto const dirtied = commits * pages * abi::frame_size;
    return {{"pages", pages},
            {"commits", commits},
            {"bytesPerByte", per(after.bytes_committed - before.bytes_committed, dirtied)},
            {"flushesPerCommit", per(after.flushes - before.flushes, commits)}};
}

std::uint64_t bytes_of(EngineSide& side, std::span<PageWrite const> pages, bool zero) {
    auto const before = side.engine().counters().bytes_committed;
    if (zero) side.commit_zero(pages);
    else side.commit(pages);
    return side.engine().counters().bytes_committed - before;
}

double bandwidth(std::uint64_t bytes, double seconds) { return static_cast<double>(bytes) / seconds; }

// The host's own stream: 1 MiB at a time, one request in flight, as its anchor is defined.
double host_stream(DirectFile& file, std::byte* buffer, std::uint64_t bytes) {
    auto const start = Clock::now();
    std::array<store::Completion, 1> done;
    for (std::uint64_t at = 0; at < bytes; at += mebibyte) {
        file.submit({store::RequestKind::write, 0, at % file.capacity(), {buffer, mebibyte}});
        file.poll(done, true);
    }
    file.submit({store::RequestKind::flush, 0, 0, {}});
    file.poll(done, true);
    return bandwidth(bytes, seconds_since(start));
}

} // namespace

Json costs(Settings const& settings) {
    EngineSide side(
        {.path = settings.folder + "/stele", .bytes = settings.pick(512 * mebibyte, 64 * mebibyte)});
    Json commits;
    for (std::size_t const pages : {1UL, 64UL, 1024UL, 2048UL})
        if (!settings.tiny || pages <= 64) commits.push_back(cost_of(side, pages, pages == 1 ? 100 : 20));
    PageSource source(7);
    auto const pages = source.sequence(0, settings.pick<std::size_t>(1024, 256));
    side.commit(pages);
    auto const again = bytes_of(side, pages, false), zeroed = bytes_of(side, pages, true);
    // A commit has one page at least: what one costs is taken off.
    auto const alone = bytes_of(side, pages.subspan(0, 1), true);
    auto const count = pages.size();
    checkpoint::Limits const limits;
    std::filesystem::remove(settings.folder + "/stele");
    return {{"commits", commits},
            {"bytesPerUnchangedPage", per(again - std::min(again, alone), count)},
            {"bytesPerZeroPage", per(zeroed - std::min(zeroed, alone), count)},
            {"memoryBytesInTheSystem", checkpoint::table_bytes(limits) + checkpoint::io_bytes(limits)},
            {"memoryTableBytesInTheSystem", checkpoint::table_bytes(limits)},
            {"entriesInTheSystem", limits.unmigrated_entries}};
}

Json stream(Settings const& settings) {
    auto const set = settings.pick<std::size_t>(16384, 512);
    EngineSide side({.path = settings.folder + "/stele", .bytes = set * abi::frame_size * 16});
    make_written_file(settings.folder + "/host", 256 * mebibyte);
    DirectFile host(settings.folder + "/host");
    auto* const buffer = aligned_memory(mebibyte);
    std::vector<double> engine_rates, host_rates;
    auto const pages = settings.pick<std::size_t>(4096, 256);
    PageSource source(11);
    for (std::size_t round = 0; round < settings.pick<std::size_t>(20, 2); ++round) {
        double seconds = 0;
        for (std::size_t first = 0; first < set; first += pages) {
            auto const content = source.sequence(first, pages);
            auto const start = Clock::now();
            side.commit(content);
            seconds += seconds_since(start);
        }
        engine_rates.push_back(bandwidth(set * abi::frame_size, seconds));
        host_rates.push_back(host_stream(host, buffer, set * abi::frame_size / mebibyte * mebibyte));
    }
    std::free(buffer);
    std::filesystem::remove(settings.folder + "/host");
    std::filesystem::remove(settings.folder + "/stele");
    return {{"pagesPerCommit", pages}, {"engine", spread(engine_rates)}, {"host", spread(host_rates)}};
}

// Commits of random pages over half of the store, told apart by whether the migrator was at work.
Json migrating(Settings const& settings) {
    auto const bytes = settings.pick(1024 * mebibyte, 64 * mebibyte);
    EngineSide side({.path = settings.folder + "/stele", .bytes = bytes});
    auto const set = bytes / 2 / abi::frame_size;
    PageSource source(13);
    auto const pages = settings.pick<std::size_t>(1024, 64);
    for (std::uint64_t page = 0; page < set; page += pages) side.commit(source.sequence(page, pages));
    side.settle();
    std::vector<double> with, without;
    auto const before = side.engine().counters();
    for (std::size_t i = 0; i < settings.pick<std::size_t>(1200, 150); ++i) {
        auto const content = source.random(pages, set);
        bool const at_work = side.engine().migrating();
        auto const start = Clock::now();
        side.commit(content);
        auto const rate = bandwidth(pages * abi::frame_size, seconds_since(start));
        if (at_work == side.engine().migrating()) (at_work ? with : without).push_back(rate);
    }
    auto const after = side.engine().counters();
    std::filesystem::remove(settings.folder + "/stele");
    return {{"pagesPerCommit", pages},
            {"whileMigrating", spread(with)},
            {"not", spread(without)},
            {"folds", after.folds - before.folds},
            {"framesMoved", after.frames_moved - before.frames_moved}};
}

namespace {

// Fills to 80 % of what is usable, history included, or to just below the line where the store refuses
// allocation (R29) if that comes first; then dirties eight times the store.
enum class Choice { uniform, skewed, hot };

Json long_run_of(Settings const& settings, Choice choice) {
    auto const bytes = settings.pick(1024 * mebibyte, 32 * mebibyte);
    EngineSide side({.path = settings.folder + "/stele", .bytes = bytes});
    PageSource source(17);
    std::uint64_t set = 0;
    constexpr std::size_t at_once = 256;
    auto const pages = settings.pick<std::size_t>(at_once, 32);
    auto const filled = [&] {
        auto const space = side.engine().space();
        return space.live_bytes >= std::min(space.usable_bytes / 10 * settings.pick<std::uint64_t>(8, 4),
                                            space.limit_bytes / 100 * 97);
    };
    for (; !filled(); set += pages) side.commit(source.sequence(set, pages));
    side.settle();
    Json points = Json::array();
    auto const target = bytes / 2 * settings.pick<std::uint64_t>(16, 3);
    auto const step = target / 80;
    std::uint64_t dirtied = 0, noted = 0;
    auto const start_written = side.bytes_written();
    auto noted_written = start_written;
    auto const start = Clock::now();
    double fill = 0;
    while (dirtied < target) {
        side.commit(choice == Choice::skewed ? source.skewed(pages, set)
                                             : source.random(pages, choice == Choice::hot ? set / 64 : set));
        dirtied += pages * abi::frame_size;
        if (dirtied - noted < step) continue;
        auto const space = side.engine().space();
        fill = per(space.live_bytes, space.usable_bytes);
        points.push_back({{"dirtied", dirtied},
                          {"recent", per(side.bytes_written() - noted_written, dirtied - noted)},
                          {"total", per(side.bytes_written() - start_written, dirtied)},
                          {"fill", fill}});
        noted = dirtied;
        noted_written = side.bytes_written();
    }
    // The second half: from there on it is steady.
    auto const half = points[points.size() / 2];
    auto const from = half["dirtied"].get<std::uint64_t>();
    auto const written_there = half["total"].get<double>() * static_cast<double>(from);
    auto const steady = (static_cast<double>(noted_written - start_written) - written_there) /
                        static_cast<double>(noted - from);
    auto const counters = side.engine().counters();
    std::filesystem::remove(settings.folder + "/stele");
    return {{"storeBytes", bytes},
            {"setPages", set},
            {"pagesPerCommit", pages},
            {"dirtiedBytes", dirtied},
            {"seconds", seconds_since(start)},
            {"bytesPerByte", steady},
            {"fill", fill},
            {"framesMoved", counters.frames_moved},
            {"folds", counters.folds},
            {"laps", counters.laps},
            {"points", points}};
}

} // namespace

Json long_run(Settings const& settings) {
    return {{"uniform", long_run_of(settings, Choice::uniform)},
            {"skewed", long_run_of(settings, Choice::skewed)},
            {"hot", long_run_of(settings, Choice::hot)}};
}

Json fill(Settings const& settings) {
    auto const bytes = settings.pick(4096 * mebibyte, 64 * mebibyte);
    EngineSide side({.path = settings.folder + "/full.img", .bytes = bytes});
    PageSource source(23);
    auto const set = bytes / 10 * 7 / abi::frame_size;
    auto const pages = settings.pick<std::size_t>(4096, 64);
    for (std::uint64_t page = 0; page < set; page += pages) side.commit(source.sequence(page, pages));
    side.settle();
    side.engine().note_idle();
    side.settle();
    return {{"file", settings.folder + "/full.img"}, {"bytes", bytes}, {"pages", set}};
}

} // namespace bench
