// SPDX-License-Identifier: Apache-2.0
// What the store's benches share: time, medians, pages to write, and the sides that race.
//   A side is one store of numbered pages of 4096 bytes. commit() returns when its pages are durable: a power
//   cut after it loses none of them. Durable is compared with durable only.
#pragma once

#include <base/bytes.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace bench {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(std::string const& what);

double microseconds_since(Clock::time_point start);
double seconds_since(Clock::time_point start);

// {"median", "p99", "count"} of samples.
Json spread(std::vector<double> samples);

// Bytes written to the block device that holds `path`, by everybody; 0 when the host does not tell.
std::uint64_t device_bytes_written(std::string const& path);
// Bytes that this process gave to write calls: what a library writes through system calls, nobody else's.
std::uint64_t process_bytes_written();

struct PageWrite {
    std::uint64_t page = 0;
    base::ConstBytes content; // 4096 bytes
};

// Pages that compress badly and are never equal to an earlier one. The same for every side.
class PageSource {
public:
    explicit PageSource(std::uint64_t seed);
    // `count` different pages of `pages`, uniform or as `choose` says; content stays until the next call.
    std::span<PageWrite const> random(std::size_t count, std::uint64_t pages);
    // The first `count` of ten go to the hot tenth of the pages in nine of ten cases.
    std::span<PageWrite const> skewed(std::size_t count, std::uint64_t pages);
    std::span<PageWrite const> sequence(std::uint64_t first, std::size_t count);

private:
    template <class Choose>
    std::span<PageWrite const> choose(std::size_t count, Choose which);
    base::ConstBytes fresh(std::size_t index);

    std::mt19937_64 random_;
    std::vector<std::byte> content_;
    std::vector<PageWrite> chosen_;
    std::vector<std::uint64_t> numbers_;
    std::uint64_t stamp_ = 0;
};

class Side {
public:
    virtual ~Side() = default;
    virtual std::string name() const = 0;
    virtual void commit(std::span<PageWrite const> pages) = 0;
    // Ends what the side still does in the background: its time counts where throughput is measured.
    virtual void settle() {}
    // Bytes to the device as the side itself counts them exactly; 0: ask the process or the device.
    virtual std::uint64_t bytes_written() const { return 0; }
};

// Each makes its files in `folder`, for `pages` pages. Null when it was not built in.
std::unique_ptr<Side> make_lmdb(std::string const& folder, std::uint64_t pages);
std::unique_ptr<Side> make_sqlite(std::string const& folder, std::uint64_t pages);
std::unique_ptr<Side> make_rocksdb(std::string const& folder, std::uint64_t pages);

} // namespace bench
