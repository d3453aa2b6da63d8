// SPDX-License-Identifier: Apache-2.0
// All versions of one frame while a fold decides about them.
#include "version_group.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

void VersionGroup::clear() {
    versions_.clear();
    at_ = 0;
}

LeafEntry const* VersionGroup::seen_at(std::uint64_t generation) const {
    LeafEntry const* found = nullptr;
    for (auto const& version : versions_)
        if (version.birth <= generation) found = &version;
    return found == nullptr || found->entry.absent() ? nullptr : found;
}

void VersionGroup::restore(std::uint64_t to, std::uint64_t birth) {
    expects(!versions_.empty());
    auto const* const old = seen_at(to);
    auto const frame = newest().entry.frame();
    auto const wanted = old != nullptr ? LeafEntry{old->entry, birth} : absent_from(frame, birth);
    if (newest().entry != wanted.entry) versions_.push_back(wanted);
}

// The newest checkpoint before the successor's birth sees it, if it is not older than it.
bool VersionGroup::seen(std::size_t index, std::span<std::uint64_t const> points, std::uint64_t end) const {
    auto const last = index + 1 == versions_.size();
    if (last && end == never) return true;
    auto const until = last ? end : versions_[index + 1].birth;
    auto const* const after = std::lower_bound(points.data(), points.data() + points.size(), until);
    return after != points.data() && *(after - 1) >= versions_[index].birth;
}

bool VersionGroup::block_seen(LeafEntry const& block, std::span<std::uint64_t const> points,
                              std::uint64_t end) const {
    for (std::size_t i = 0; i < versions_.size(); ++i) {
        auto const& entry = versions_[i].entry;
        if (!entry.zero() && entry.sector() == block.entry.sector() && seen(i, points, end)) return true;
    }
    return false;
}

void VersionGroup::keep_seen_by(std::span<std::uint64_t const> points) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < versions_.size(); ++i) {
        if (!seen(i, points)) continue;
        auto const& version = versions_[i];
        // A frame that is absent needs no version that says so, unless it was there before.
        if (kept == 0 ? version.entry.absent() : versions_[kept - 1].entry == version.entry) continue;
        versions_[kept++] = version;
    }
    while (versions_.size() > kept) versions_.pop_back();
}

bool VersionGroup::is_first_of_block(std::size_t index) const {
    auto const& entry = versions_[index].entry;
    if (entry.zero()) return false;
    for (auto i = index; i > 0; --i)
        if (!versions_[i - 1].entry.zero() && versions_[i - 1].entry.sector() == entry.sector()) return false;
    return true;
}

void VersionGroup::settle_at(std::uint64_t sector) {
    auto const from = versions_[at_].entry.sector();
    for (auto& version : versions_)
        if (!version.entry.zero() && version.entry.sector() == from)
            version.entry.where = DirectoryEntry::Sector::set(version.entry.where, sector);
    ++at_;
}

void VersionGroup::settle_gone() {
    auto const from = versions_[at_].entry.sector();
    for (auto& version : versions_)
        if (!version.entry.zero() && version.entry.sector() == from)
            version = absent_from(version.entry.frame(), version.birth);
    ++at_;
}

} // namespace checkpoint
