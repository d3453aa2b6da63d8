// SPDX-License-Identifier: Apache-2.0
// The store engine on a file of the host, without a machine: commits beside the host's own write and flush,
// in turns. usage: bench-engine FILE PAGES COMMITS: one JSON object on standard
// output. FILE is made and overwritten.
#include "store_file.hpp"

#include <checkpoint/engine.hpp>
#include <checkpoint/format.hpp>
#include <store/hash.hpp>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t store_bytes = 256 << 20;
constexpr std::uint64_t first_frame = 100;
constexpr std::size_t warm_up = 5;

[[noreturn]] void give_up(char const* what) {
    fmt::print(stderr, "bench-engine: {}\n", what);
    std::exit(1);
}

void expect(base::Result<> result, char const* what) {
    if (result.failed()) give_up(what);
}

// A file whose blocks are all there: a sparse one would measure the file system's allocation.
int make_file(char const* name) {
    int const file = ::open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    std::vector<char> const block(1 << 20, 1);
    for (std::uint64_t written = 0; file >= 0 && written < store_bytes; written += block.size())
        if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) return -1;
    if (file < 0 || ::fsync(file) != 0) give_up("the file cannot be made");
    return file;
}

struct Spread {
    double median, p99;
};

Spread spread_of(std::vector<double>& samples) {
    std::sort(samples.begin(), samples.end());
    return {samples[samples.size() / 2], samples[samples.size() * 99 / 100]};
}

double microseconds(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

class Store {
public:
    explicit Store(int file)
        : device_(file, store_bytes), limits_(tools::limits_for(device_)), memory_(limits_) {
        checkpoint::FormatOptions options;
        options.store = options.nonce = {1, 2};
        options.label = "bench";
        expect(checkpoint::format(device_, memory_.io_bytes(), options), "format");
        expect(engine_.open(device_, memory_.memory(), {.limits = limits_, .nonce = {3, 4}}), "open");
    }

    // One commit of random pages; the bytes of it on the disk.
    void commit(std::size_t pages) {
        while (true) {
            auto const begun = engine_.begin_commit(static_cast<std::uint32_t>(pages));
            if (begun.error == abi::Error::none) break;
            if (begun.error != abi::Error::busy) give_up("begin_commit");
            checkpoint::turn(engine_, device_, true);
        }
        for (std::size_t i = 0; i < pages; ++i) add(first_frame + i);
        expect(engine_.finish_commit({.processes = 0}), "finish_commit");
        while (engine_.commit_state() == checkpoint::CommitState::writing)
            checkpoint::turn(engine_, device_, true);
        if (engine_.take_commit().failed()) give_up("take_commit");
    }
    checkpoint::Counters const& counters() const { return engine_.counters(); }

private:
    void add(std::uint64_t frame) {
        for (auto& byte : content_) byte = static_cast<std::byte>(random_() >> 13);
        checkpoint::FrameImage const image{.frame = abi::FrameId::persistent(frame),
                                           .type = abi::FrameType::data_page,
                                           .mark = abi::Version(1),
                                           .live = false,
                                           .content = content_};
        while (true) {
            auto const added = engine_.add(image);
            if (!added.failed()) return;
            if (added.error != abi::Error::busy) give_up("add");
            checkpoint::turn(engine_, device_, true);
        }
    }

    tools::FileDevice device_;
    checkpoint::Limits limits_;
    tools::EngineMemory memory_;
    checkpoint::Engine engine_;
    std::minstd_rand random_;
    std::array<std::byte, abi::frame_size> content_{};
};

double host_write(int file, std::uint64_t at) {
    std::array<char, abi::frame_size> const page{static_cast<char>(at)};
    auto const start = Clock::now();
    bool const done = ::pwrite(file, page.data(), page.size(), static_cast<off_t>(at * page.size())) ==
                          static_cast<ssize_t>(page.size()) &&
                      ::fdatasync(file) == 0;
    if (!done) give_up("the host's write");
    return microseconds(start);
}

double hash_page() {
    std::array<std::byte, abi::frame_size> page{};
    constexpr unsigned rounds = 20000;
    std::uint64_t all = 0;
    auto const start = Clock::now();
    for (unsigned i = 0; i < rounds; ++i) {
        page[i % page.size()] = static_cast<std::byte>(i);
        all ^= store::frame_hash(abi::FrameId::persistent(2), abi::FrameType::data_page, page);
    }
    auto const length = microseconds(start);
    if (all == 0) give_up("the hash is zero");
    return length / rounds;
}

} // namespace

int main(int count, char** arguments) {
    if (count != 4) give_up("usage: bench-engine FILE PAGES COMMITS");
    auto const pages = std::strtoul(arguments[2], nullptr, 10);
    auto const commits = std::strtoul(arguments[3], nullptr, 10);
    auto const host_name = std::string(arguments[1]) + ".host";
    int const host = make_file(host_name.c_str());
    Store store(make_file(arguments[1]));
    std::vector<double> engine_us, host_us;
    std::uint64_t bytes = 0, flushes = 0;
    for (std::size_t i = 0; i < warm_up + commits; ++i) {
        auto const before = store.counters();
        auto const start = Clock::now();
        store.commit(pages);
        auto const length = microseconds(start);
        auto const wrote = host_write(host, 1 + i);
        if (i < warm_up) continue;
        engine_us.push_back(length);
        host_us.push_back(wrote);
        bytes += store.counters().bytes_committed - before.bytes_committed;
        flushes += store.counters().flushes - before.flushes;
    }
    auto const engine = spread_of(engine_us), alone = spread_of(host_us);
    nlohmann::json const told = {
        {"pages", pages},
        {"commits", commits},
        {"commitUs", engine.median},
        {"commitUsP99", engine.p99},
        {"hostUs", alone.median},
        {"hostUsP99", alone.p99},
        {"bytesPerCommit", static_cast<double>(bytes) / static_cast<double>(commits)},
        {"flushesPerCommit", static_cast<double>(flushes) / static_cast<double>(commits)},
        {"hashUs", hash_page()}};
    fmt::print("{}\n", told.dump());
    ::unlink(host_name.c_str());
    ::unlink(arguments[1]);
}
