// SPDX-License-Identifier: Apache-2.0
// F10: the hash of a frame, as the migrator computes it for every frame it writes.
#include "figures.hpp"

#include "report.hpp"

#include <abi/boot_info.hpp>
#include <store/hash.hpp>

#include <array>
#include <bit>
#include <cstddef>

namespace bench {

namespace {

alignas(4096) constinit std::array<std::byte, abi::frame_size> frame{};
constinit std::uint64_t sink = 0;

} // namespace

void measure_page_hash(Samples& samples) {
    std::uint64_t word = 0x9e37'79b9'7f4a'7c15;
    for (auto& byte : frame) {
        word = word * 6364136223846793005 + 1442695040888963407;
        byte = static_cast<std::byte>(word >> 56);
    }
    auto const spread = samples.measure(
        [] { frame[0] = static_cast<std::byte>(timestamp()); },
        [] { sink ^= store::frame_hash(abi::FrameId::persistent(2), abi::FrameType::data_page, frame); });
    report("page-hash", spread);
    auto const* info = std::bit_cast<abi::BootInfo const*>(abi::boot_info_address);
    say("clock ticks-per-ms=", info->timestamp_per_ms);
}

} // namespace bench
