// SPDX-License-Identifier: Apache-2.0
// fill_store STORE ROUNDS FRAMES SEED: commits made without a machine. Round r writes FRAMES data pages, from
// frame 0x10000 on, whose first bytes are "round r" and whose rest is pseudo-random; the same arguments give
// the same pages.
#include <base/contract.hpp>
#include <store_writer.hpp>

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

void contract_violation(char const* kind, char const* condition, char const* file, int line) noexcept {
    std::fprintf(stderr, "contract violated: %s(%s) at %s:%d\n", kind, condition, file, line);
    std::abort();
}

namespace {

constexpr std::uint64_t first_frame = 0x10000;
constexpr std::uint64_t frames_at_once = 4096;

using Page = std::array<std::byte, abi::frame_size>;

void fill(Page& page, std::uint64_t round, std::mt19937_64& random) {
    for (std::size_t at = 0; at < page.size(); at += 8) {
        auto const word = random();
        std::memcpy(page.data() + at, &word, sizeof word);
    }
    auto const text = fmt::format("round {}\n", round);
    std::memcpy(page.data(), text.data(), text.size());
}

void run(char const* const* words) {
    auto const number = [&](int index) { return std::strtoull(words[index], nullptr, 10); };
    auto const rounds = number(2), frames = number(3);
    tools::StoreFile file(words[1], tools::StoreFile::Access::exclusive);
    tools::StoreWriter writer(words[1], file.device());
    std::mt19937_64 random(number(4));
    std::vector<Page> pages(std::min<std::uint64_t>(frames, frames_at_once));
    for (std::uint64_t round = 1; round <= rounds; ++round)
        for (std::uint64_t next = 0; next < frames;) {
            std::vector<checkpoint::FrameImage> images;
            for (auto& page : pages) {
                if (next == frames) break;
                fill(page, round, random);
                images.push_back({.frame = abi::FrameId::persistent(first_frame + next++),
                                  .type = abi::FrameType::data_page,
                                  .mark = abi::first_version,
                                  .content = page});
            }
            writer.commit(images, {.stop_ns = 1000, .clock_base_ns = round * 10'000'000});
        }
    writer.finish();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) return std::fputs("fill_store STORE ROUNDS FRAMES SEED\n", stderr), 16;
    try {
        run(argv);
    } catch (tools::Problem const& problem) {
        return std::fprintf(stderr, "fill_store: %s\n", problem.what()), 8;
    }
    return 0;
}
