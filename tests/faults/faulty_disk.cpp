// SPDX-License-Identifier: Apache-2.0
// A disk that fails on demand.
#include "faulty_disk.hpp"

#include <base/contract.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace tests {

using store::Error;
using store::RequestKind;

namespace {

constexpr std::size_t sector = 512;
// More than any case needs by far: one that goes on and on is a hang.
constexpr std::uint64_t requests_at_most = 1'000'000;

} // namespace

std::string name_of(DeviceFault const& fault) {
    constexpr std::array kinds = {"read", "write", "flush"};
    constexpr std::array done = {"nothing", "prefix", "scattered", "all"};
    auto text = std::string(fault.kind ? kinds[static_cast<std::size_t>(*fault.kind)] : "any") + "-" +
                done[static_cast<std::size_t>(fault.done)];
    return text + (fault.count == DeviceFault::for_ever ? "-ever" : "-" + std::to_string(fault.count));
}

std::vector<DeviceFault> every_fault() {
    std::vector<DeviceFault> list;
    for (auto const kind : {RequestKind::read, RequestKind::write, RequestKind::flush})
        for (auto const done : {Done::nothing, Done::prefix, Done::scattered, Done::all})
            list.push_back({kind, done, 1});
    for (auto const kind : {RequestKind::read, RequestKind::write, RequestKind::flush}) {
        list.push_back({kind, Done::scattered, 3});
        list.push_back({kind, Done::nothing, DeviceFault::for_ever});
    }
    list.push_back({std::nullopt, Done::prefix, 4});
    list.push_back({std::nullopt, Done::scattered, DeviceFault::for_ever});
    return list;
}

FaultyDisk::FaultyDisk(std::vector<std::byte> image, std::uint64_t seed)
    : visible_(std::move(image)), durable_(visible_), random_(seed) {}

void FaultyDisk::arm(DeviceFault const& fault, std::uint64_t first) {
    expects(first > 0);
    fault_ = fault;
    wait_ = first - 1;
    remaining_ = fault.count;
}

void FaultyDisk::submit(store::Request const& request) {
    expects(request.offset % sector == 0 && request.data.size() % sector == 0);
    expects(request.offset + request.data.size() <= visible_.size());
    ++requests_;
    // A case that never ends.
    expects(requests_ < requests_at_most);
    Flying flying{request, {}, completions_};
    if (request.kind == RequestKind::write) flying.data.assign(request.data.begin(), request.data.end());
    flying_.push_back(std::move(flying));
}

bool FaultyDisk::fails(store::Request const& request) {
    if (remaining_ == 0 || (fault_.kind && *fault_.kind != request.kind)) return false;
    if (wait_ > 0) {
        --wait_;
        return false;
    }
    if (remaining_ != DeviceFault::for_ever) --remaining_;
    ++failed_;
    return true;
}

bool FaultyDisk::done(std::size_t at, std::size_t piece) {
    switch (fault_.done) {
    case Done::nothing: return false;
    case Done::prefix: return at < piece;
    case Done::scattered: return random_() % 2 == 0;
    case Done::all: return true;
    }
    return false;
}

void FaultyDisk::read(store::Request const& request, bool fails) {
    auto const count = request.data.size() / sector;
    auto const piece = fails ? random_() % (count + 1) : count;
    for (std::size_t i = 0; i < count; ++i) {
        auto* const to = request.data.data() + i * sector;
        if (fails && !done(i, piece)) std::memset(to, 0xe5, sector);
        else std::memcpy(to, visible_.data() + request.offset + i * sector, sector);
    }
}

void FaultyDisk::write(Flying const& flying, bool fails) {
    auto const& request = flying.request;
    // The submitter must not touch the buffer before completion.
    expects(std::equal(flying.data.begin(), flying.data.end(), request.data.begin()));
    auto const count = flying.data.size() / sector;
    auto const piece = fails ? random_() % (count + 1) : count;
    for (std::size_t i = 0; i < count; ++i) {
        if (fails && !done(i, piece)) continue;
        std::memcpy(visible_.data() + request.offset + i * sector, flying.data.data() + i * sector, sector);
        cache_.push_back({request.offset / sector + i, completions_});
    }
}

// Of a sector that was written again since the flush was submitted, nothing is certain.
void FaultyDisk::flush(Flying const& flying, bool fails) {
    auto const piece = fails ? random_() % (cache_.size() + 1) : cache_.size();
    std::vector<Volatile> left;
    for (std::size_t i = 0; i < cache_.size(); ++i) {
        auto const& one = cache_[i];
        auto* const seen = visible_.data() + one.sector * sector;
        auto* const kept = durable_.data() + one.sector * sector;
        auto const saved = fails ? done(i, piece) : one.completion < flying.completions;
        if (saved) {
            std::memcpy(kept, seen, sector);
        } else if (fails) {
            std::memcpy(seen, kept, sector);
            ++sectors_lost_;
        } else {
            left.push_back(one);
        }
    }
    cache_ = std::move(left);
}

store::Completion FaultyDisk::complete(std::size_t index) {
    auto const flying = std::move(flying_[index]);
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(index));
    auto const fails = this->fails(flying.request);
    switch (flying.request.kind) {
    case RequestKind::read: read(flying.request, fails); break;
    case RequestKind::write: write(flying, fails); break;
    case RequestKind::flush: flush(flying, fails); break;
    }
    ++completions_;
    return {flying.request.tag, fails ? Error::io : Error::none};
}

std::size_t FaultyDisk::poll(std::span<store::Completion> done, bool wait) {
    expects(!wait || !flying_.empty());
    auto count = random_() % (std::min(done.size(), flying_.size()) + 1);
    if (wait) count = std::max<std::size_t>(count, 1);
    for (std::size_t i = 0; i < count; ++i) done[i] = complete(random_() % flying_.size());
    return count;
}

void FaultyDisk::reset() {
    for (auto& flying : flying_)
        if (flying.request.kind == RequestKind::write && random_() % 2 == 0) {
            flying.request.data = flying.data;
            write(flying, false);
        }
    flying_.clear();
}

} // namespace tests
