// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

#include <abi/frame.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/core.h>
#include <fstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace bench {

void give_up(std::string const& what) {
    fmt::print(stderr, "bench-store: {}\n", what);
    std::exit(1);
}

double microseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Json spread(std::vector<double> samples) {
    if (samples.empty()) return nullptr;
    std::sort(samples.begin(), samples.end());
    return {{"median", samples[samples.size() / 2]},
            {"p99", samples[samples.size() * 99 / 100]},
            {"count", samples.size()}};
}

std::uint64_t device_bytes_written(std::string const& path) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return 0;
    std::ifstream file(fmt::format("/sys/dev/block/{}:{}/stat", major(status.st_dev), minor(status.st_dev)));
    std::uint64_t field = 0;
    constexpr int sectors_written = 7; // of Documentation/block/stat.rst, counted from 1
    for (int i = 0; i < sectors_written; ++i)
        if (!(file >> field)) return 0;
    return field * 512;
}

std::uint64_t process_bytes_written() {
    std::ifstream file("/proc/self/io");
    std::string name;
    std::uint64_t value = 0;
    while (file >> name >> value)
        if (name == "wchar:") return value;
    return 0;
}

PageSource::PageSource(std::uint64_t seed) : random_(seed) {}

base::ConstBytes PageSource::fresh(std::size_t index) {
    auto const at = index * abi::frame_size;
    while (content_.size() < at + abi::frame_size) {
        auto const word = random_();
        auto const* const bytes = reinterpret_cast<std::byte const*>(&word);
        content_.insert(content_.end(), bytes, bytes + sizeof word);
    }
    ++stamp_;
    std::memcpy(content_.data() + at, &stamp_, sizeof stamp_);
    return {content_.data() + at, abi::frame_size};
}

// Distinct pages, in rising order as any of the sides would sort them.
template <class Choose>
std::span<PageWrite const> PageSource::choose(std::size_t count, Choose which) {
    numbers_.clear();
    while (numbers_.size() < count) {
        while (numbers_.size() < count) numbers_.push_back(which());
        std::sort(numbers_.begin(), numbers_.end());
        numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
    }
    fresh(count); // grows the buffer once, before places in it are given away
    chosen_.clear();
    for (std::size_t i = 0; i < count; ++i) chosen_.push_back({numbers_[i], fresh(i)});
    return chosen_;
}

std::span<PageWrite const> PageSource::random(std::size_t count, std::uint64_t pages) {
    return choose(count, [&] { return random_() % pages; });
}

std::span<PageWrite const> PageSource::skewed(std::size_t count, std::uint64_t pages) {
    auto const hot = pages / 10;
    return choose(count,
                  [&] { return random_() % 10 != 0 ? random_() % hot : hot + random_() % (pages - hot); });
}

std::span<PageWrite const> PageSource::sequence(std::uint64_t first, std::size_t count) {
    return choose(count, [&, next = first]() mutable { return next++; });
}

} // namespace bench
