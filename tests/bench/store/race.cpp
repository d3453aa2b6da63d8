// SPDX-License-Identifier: Apache-2.0
// All sides in one run on one file system, in turns: rounds of some commits each, each round begun by another
// side. What a side leaves to its background is waited for at the end of its round, so that it disturbs
// nobody else's, and that time is counted where throughput is told.
#include "engine_side.hpp"
#include "steps.hpp"

#include <abi/frame.hpp>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <map>
#include <unistd.h>

namespace bench {
namespace {

// The yardstick: one 4 KiB write and fdatasync in a file whose blocks are there.
class HostSide final : public Side {
public:
    HostSide(std::string const& path, int flags) : direct_(flags != 0) {
        make_written_file(path, bytes);
        file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags);
        buffer_.reset(aligned_memory(abi::frame_size));
    }
    HostSide(HostSide const&) = delete;
    ~HostSide() override { ::close(file_); }
    std::string name() const override { return direct_ ? "host, O_DIRECT" : "host"; }
    void commit(std::span<PageWrite const> pages) override {
        std::copy(pages[0].content.begin(), pages[0].content.end(), buffer_.get());
        at_ = (at_ + abi::frame_size) % bytes;
        if (::pwrite(file_, buffer_.get(), abi::frame_size, static_cast<off_t>(at_)) != abi::frame_size ||
            ::fdatasync(file_) != 0)
            give_up("the host's write failed");
    }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    static constexpr std::uint64_t bytes = 16 << 20;
    bool direct_;
    int file_ = -1;
    std::uint64_t at_ = 0;
    std::unique_ptr<std::byte, Free> buffer_;
};

struct Lane {
    std::unique_ptr<Side> side{};
    std::vector<double> commit_us{};
    double seconds = 0;
    std::uint64_t device_bytes = 0, process_bytes = 0, own_bytes = 0, commits = 0;
};

struct Heat {
    std::size_t pages_a_commit = 1;
    std::size_t commits_a_round = 1;
    std::size_t rounds = 1;
    std::uint64_t set = 0; // pages
};

void one_round(Lane& lane, Heat const& heat, PageSource& source, std::string const& folder) {
    auto const device = device_bytes_written(folder), process = process_bytes_written(),
               own = lane.side->bytes_written();
    for (std::size_t i = 0; i < heat.commits_a_round; ++i) {
        auto const pages = source.random(heat.pages_a_commit, heat.set);
        auto const start = Clock::now();
        lane.side->commit(pages);
        lane.commit_us.push_back(microseconds_since(start));
        lane.seconds += lane.commit_us.back() / 1e6;
    }
    auto const start = Clock::now();
    lane.side->settle();
    lane.seconds += seconds_since(start);
    lane.commits += heat.commits_a_round;
    lane.device_bytes += device_bytes_written(folder) - device;
    lane.process_bytes += process_bytes_written() - process;
    lane.own_bytes += lane.side->bytes_written() - own;
}

Json told(Lane const& lane, Heat const& heat) {
    auto const commits = static_cast<double>(lane.commits);
    auto const dirtied = commits * static_cast<double>(heat.pages_a_commit) * abi::frame_size;
    Json result = {{"commitUs", spread(lane.commit_us)},
                   {"commitsPerSecond", commits / lane.seconds},
                   {"pagesPerSecond", commits * static_cast<double>(heat.pages_a_commit) / lane.seconds},
                   {"deviceBytesPerByte", static_cast<double>(lane.device_bytes) / dirtied},
                   {"processBytesPerByte", static_cast<double>(lane.process_bytes) / dirtied}};
    if (lane.own_bytes != 0) result["ownBytesPerByte"] = static_cast<double>(lane.own_bytes) / dirtied;
    return result;
}

// Runs the heat on lanes that are loaded; what was counted before is forgotten.
Json run(std::vector<Lane>& lanes, Heat const& heat, Settings const& settings, std::uint64_t seed) {
    std::vector<PageSource> sources(lanes.size(), PageSource(seed)); // the same pages in the same order
    for (auto& lane : lanes) {
        lane = Lane{.side = std::move(lane.side)};
        auto warm = heat;
        warm.commits_a_round = std::max<std::size_t>(2, heat.commits_a_round / 4);
        auto& source = sources[static_cast<std::size_t>(&lane - lanes.data())];
        one_round(lane, warm, source, settings.folder);
        lane = Lane{.side = std::move(lane.side)};
    }
    for (std::size_t round = 0; round < heat.rounds; ++round)
        for (std::size_t i = 0; i < lanes.size(); ++i) {
            auto const which = (round + i) % lanes.size();
            one_round(lanes[which], heat, sources[which], settings.folder);
        }
    Json sides;
    for (auto const& lane : lanes) sides[lane.side->name()] = told(lane, heat);
    return {{"pagesPerCommit", heat.pages_a_commit},
            {"commits", heat.commits_a_round * heat.rounds},
            {"rounds", heat.rounds},
            {"setPages", heat.set},
            {"sides", sides}};
}

// Every side that is built in, with all pages of the set.
std::vector<Lane> loaded_lanes(Settings const& settings, std::uint64_t set, std::uint64_t store_bytes) {
    std::vector<Lane> lanes;
    auto const enter = [&](std::unique_ptr<Side> side) {
        if (side) lanes.push_back({.side = std::move(side)});
    };
    enter(
        std::make_unique<EngineSide>(EngineSetup{.path = settings.folder + "/stele", .bytes = store_bytes}));
    if (!settings.tiny) {
        enter(make_lmdb(settings.folder, set));
        enter(make_sqlite(settings.folder, set));
        enter(make_rocksdb(settings.folder, set));
    }
    constexpr std::uint64_t at_once = 4096;
    for (auto& lane : lanes) {
        fmt::print(stderr, "bench-store: loading {}\n", lane.side->name());
        PageSource source(1);
        for (std::uint64_t page = 0; page < set; page += at_once)
            lane.side->commit(source.sequence(page, std::min(at_once, set - page)));
        lane.side->settle();
    }
    return lanes;
}

void forget(std::vector<Lane>& lanes, Settings const& settings) {
    lanes.clear();
    for (auto const& entry : std::filesystem::directory_iterator(settings.folder))
        std::filesystem::remove_all(entry.path());
}

} // namespace

Json race(Settings const& settings) {
    auto const set = settings.pick<std::uint64_t>(65536, 2048);
    auto lanes = loaded_lanes(settings, set, settings.pick<std::uint64_t>(std::uint64_t{1} << 30, 32 << 20));
    Json heats;
    auto const rounds = settings.pick<std::size_t>(12, 2);
    for (auto const& [pages, commits] : {std::pair<std::size_t, std::size_t>{1, 100}, {64, 30}, {1024, 6}}) {
        Heat const heat{.pages_a_commit = pages,
                        .commits_a_round = settings.pick<std::size_t>(commits, 2),
                        .rounds = rounds,
                        .set = set};
        auto const before = lanes.size();
        if (pages == 1) {
            lanes.push_back({.side = std::make_unique<HostSide>(settings.folder + "/host", 0)});
            lanes.push_back({.side = std::make_unique<HostSide>(settings.folder + "/hostd", O_DIRECT)});
        }
        heats.push_back(run(lanes, heat, settings, pages));
        lanes.erase(lanes.begin() + static_cast<std::ptrdiff_t>(before), lanes.end());
    }
    forget(lanes, settings);
    return heats;
}

// A store of twice the set, so that the cleaner works as well as the folding; the warm-up writes the
// store's length once more, so that every segment was used before anything is counted.
Json throughput(Settings const& settings) {
    auto const set = settings.pick<std::uint64_t>(262144, 2048);
    auto lanes = loaded_lanes(settings, set, set * 4096 * settings.pick<std::uint64_t>(2, 8));
    PageSource source(2);
    for (auto& lane : lanes) {
        fmt::print(stderr, "bench-store: warming {}\n", lane.side->name());
        for (std::uint64_t page = 0; page < set * settings.pick<std::uint64_t>(2, 4); page += 1000)
            lane.side->commit(source.random(1000, set));
        lane.side->settle();
    }
    Heat const many{.pages_a_commit = 1000,
                    .commits_a_round = settings.pick<std::size_t>(100, 2),
                    .rounds = settings.pick<std::size_t>(6, 1),
                    .set = set};
    Heat const one{.pages_a_commit = 1,
                   .commits_a_round = settings.pick<std::size_t>(800, 4),
                   .rounds = settings.pick<std::size_t>(6, 1),
                   .set = set};
    Json heats = {run(lanes, many, settings, 3), run(lanes, one, settings, 4)};
    forget(lanes, settings);
    return heats;
}

} // namespace bench
