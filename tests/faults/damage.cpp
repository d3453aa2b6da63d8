// SPDX-License-Identifier: Apache-2.0
// Damage without a word.
#include "damage.hpp"

#include <algorithm>

namespace tests {

namespace {

constexpr std::size_t sector = 512;
using Bytes = std::vector<std::byte>;

Bytes piece(Bytes const& image, std::uint64_t offset, std::size_t size) {
    auto const from = image.begin() + static_cast<std::ptrdiff_t>(offset);
    return {from, from + static_cast<std::ptrdiff_t>(size)};
}

// The same sector in the past, the newest or the oldest content that is another; itself if there is none.
Bytes earlier(Scene const& scene, std::uint64_t offset, bool newest) {
    auto const now = piece(scene.image, offset, sector);
    auto found = now;
    for (auto const& image : scene.past) {
        auto const then = piece(image, offset, sector);
        if (then == now) continue;
        found = then;
        if (!newest) break;
    }
    return found;
}

// What another structure of the kind has in the same part of it.
Bytes elsewhere(Scene const& scene, LiveRanges const& live, std::uint64_t offset, std::mt19937_64& random) {
    auto const* const here = live.at(offset);
    if (here == nullptr) return piece(scene.image, random() % (scene.image.size() / sector) * sector, sector);
    std::vector<LiveRange const*> others;
    auto const content = [&](LiveRange const& range) { return piece(scene.image, range.offset, range.size); };
    for (auto const& range : live.list())
        if (range.kind == here->kind && range.offset != here->offset && range.size == here->size &&
            content(range) != content(*here))
            others.push_back(&range);
    if (others.empty()) return piece(scene.image, random() % (scene.image.size() / sector) * sector, sector);
    auto const& other = *others[random() % others.size()];
    auto const size = std::max<std::size_t>(sector, here->size / sector * sector);
    return piece(scene.image, other.offset, size);
}

} // namespace

std::vector<std::uint64_t> do_damage(UndoDisk& disk, Scene const& scene, LiveRanges const& live, Way way,
                                     std::uint64_t offset, std::mt19937_64& random) {
    auto const now = piece(scene.image, offset, sector);
    auto bad = now;
    auto at = offset;
    switch (way) {
    case Way::bit_flip: bad[random() % sector] ^= static_cast<std::byte>(1U << random() % 8); break;
    case Way::zeros: std::fill(bad.begin(), bad.end(), std::byte{0}); break;
    case Way::ones: std::fill(bad.begin(), bad.end(), std::byte{0xff}); break;
    case Way::rubbish:
        for (auto& byte : bad) byte = static_cast<std::byte>(random());
        break;
    case Way::stale: bad = earlier(scene, offset, false); break;
    case Way::lost: bad = earlier(scene, offset, true); break;
    case Way::swapped:
        at = std::min<std::uint64_t>(offset, scene.image.size() - 2 * sector);
        bad = piece(scene.image, at, 2 * sector);
        std::rotate(bad.begin(), bad.begin() + sector, bad.end());
        break;
    case Way::misdirected:
        if (auto const* const here = live.at(offset); here != nullptr) at = here->offset;
        bad = elsewhere(scene, live, offset, random);
        break;
    }
    std::vector<std::uint64_t> differing;
    for (std::size_t i = 0; i < bad.size(); ++i)
        if (bad[i] != scene.image[at + i]) differing.push_back(at + i);
    if (!differing.empty()) disk.apply(at, bad);
    return differing;
}

} // namespace tests
