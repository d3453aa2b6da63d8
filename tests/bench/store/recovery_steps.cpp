// SPDX-License-Identifier: Apache-2.0
// Recovery: stores of different length with equal directories (P22), and what is needed to count instructions
// per unmigrated entry (P23): two stores whose directories differ in length alone, each opened once under
// callgrind.
#include "engine_side.hpp"
#include "steps.hpp"

#include <abi/frame.hpp>

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>

namespace bench {
namespace {

struct Directories {
    std::size_t count = 40;     // below the number that starts a fold
    std::size_t entries = 1500; // of each
};

void make_store(EngineSetup const& setup, Directories const& directories) {
    EngineSide side(setup);
    PageSource source(29);
    for (std::size_t i = 0; i < directories.count; ++i)
        side.commit(source.random(directories.entries, 100'000));
    side.engine().note_idle();
    side.settle();
}

struct Reopened {
    Reopened(EngineSetup const& setup)
        : device(setup.path),
          limits(bench_limits(setup.bytes, setup.unmigrated_entries)),
          tables(aligned_memory(checkpoint::table_bytes(limits))),
          io(aligned_memory(checkpoint::io_bytes(limits))) {}
    Reopened(Reopened const&) = delete;
    ~Reopened() {
        std::free(tables);
        std::free(io);
    }
    bool open() {
        checkpoint::Memory const memory = {{tables, checkpoint::table_bytes(limits)},
                                           {io, checkpoint::io_bytes(limits)}};
        return !engine.open(device, memory, {.limits = limits, .read_only = true, .nonce = {}}).failed();
    }
    DirectFile device;
    checkpoint::Limits limits;
    std::byte *tables, *io;
    checkpoint::Engine engine;
};

} // namespace

Json recovery(Settings const& settings) {
    std::vector<EngineSetup> setups;
    for (std::uint64_t const gibibytes : {1UL, 16UL, 256UL}) {
        if (settings.tiny && gibibytes != 1) continue;
        setups.push_back({.path = fmt::format("{}/stele-{}", settings.folder, gibibytes),
                          .bytes = gibibytes << 30,
                          .sparse = true});
    }
    Directories const directories{.entries = settings.pick<std::size_t>(1500, 50)};
    std::vector<std::unique_ptr<Reopened>> stores;
    for (auto const& setup : setups) {
        make_store(setup, directories);
        stores.push_back(std::make_unique<Reopened>(setup));
    }
    std::vector<std::vector<double>> times(setups.size());
    for (std::size_t round = 0; round < settings.pick<std::size_t>(15, 2); ++round)
        for (std::size_t i = 0; i < setups.size(); ++i) {
            auto const start = Clock::now();
            if (!stores[i]->open()) give_up(setups[i].path + " does not open");
            if (round != 0) times[i].push_back(microseconds_since(start));
        }
    Json result = Json::array();
    for (std::size_t i = 0; i < setups.size(); ++i) {
        auto const& report = stores[i]->engine.recovery();
        result.push_back({{"storeBytes", setups[i].bytes},
                          {"openUs", spread(times[i])},
                          {"sectorsRead", report.blocks_read},
                          {"directories", report.directories},
                          {"entries", directories.count * directories.entries},
                          {"tableBytes", checkpoint::table_bytes(stores[i]->limits)}});
        std::filesystem::remove(setups[i].path);
    }
    return result;
}

namespace {

EngineSetup counted_store(Settings const& settings) {
    return {.path = settings.folder + "/stele",
            .bytes = std::uint64_t{64} << 20,
            .unmigrated_entries = 32768,
            .sparse = true};
}

Json make_counted(Settings const& settings, std::size_t entries) {
    Directories const directories{.count = 20, .entries = entries};
    make_store(counted_store(settings), directories);
    return {{"entries", directories.count * directories.entries}};
}

} // namespace

Json make_few_entries(Settings const& settings) { return make_counted(settings, 100); }
Json make_more_entries(Settings const& settings) { return make_counted(settings, 400); }

Json make_large(Settings const& settings) {
    EngineSetup const setup{.path = settings.folder + "/large.img",
                            .bytes = settings.pick<std::uint64_t>(256, 1) << 30,
                            .sparse = true};
    make_store(setup, {.count = 10, .entries = 100});
    return {{"file", setup.path}, {"bytes", setup.bytes}};
}

Json open_once(Settings const& settings) {
    Reopened store(counted_store(settings));
    if (!store.open()) give_up("the store does not open");
    return {{"directories", store.engine.recovery().directories}};
}

} // namespace bench
