// SPDX-License-Identifier: Apache-2.0
// A disk as a crash state: an image whose every change can be taken back, so that a million states need one
// image. It keeps a digest of its content, by which states are told apart.
#pragma once

#include <store/block_device.hpp>

#include <cstdint>
#include <cstring>
#include <vector>
#include <xxhash.h>

namespace tests {

// Completes at once, in order. Remembers what each write replaced.
class UndoDisk final : public store::BlockDevice {
public:
    explicit UndoDisk(std::vector<std::byte> image) : image_(std::move(image)) {
        for (std::uint64_t at = 0; at + 512 <= image_.size(); at += 512) digest_ += sector_digest(at);
    }

    std::uint64_t capacity() const override { return image_.size(); }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;

    void apply(std::uint64_t offset, std::span<std::byte const> data);
    std::size_t level() const { return changes_.size(); }
    void undo_to(std::size_t level);
    void forget_changes() {
        changes_.clear();
        saved_.clear();
    }
    std::vector<std::byte> const& image() const { return image_; }
    std::uint64_t writes() const { return writes_; }
    // Of the whole content: a sum over its sectors, so that it follows changes.
    std::uint64_t digest() const { return digest_; }

private:
    std::uint64_t sector_digest(std::uint64_t offset) const {
        return XXH3_64bits_withSeed(image_.data() + offset, 512, offset);
    }
    std::uint64_t digest_of(std::uint64_t offset, std::size_t size) const {
        std::uint64_t sum = 0;
        for (auto at = offset / 512 * 512; at < offset + size; at += 512) sum += sector_digest(at);
        return sum;
    }

    struct Change {
        std::uint64_t offset = 0;
        std::size_t saved = 0; // where the old bytes begin
        std::size_t size = 0;
        std::uint64_t digest = 0; // of the image before it
    };
    std::vector<std::byte> image_;
    std::uint64_t digest_ = 0;
    std::vector<Change> changes_;
    std::vector<std::byte> saved_;
    std::vector<store::Completion> done_;
    std::uint64_t writes_ = 0;
};

inline void UndoDisk::apply(std::uint64_t offset, std::span<std::byte const> data) {
    auto* const place = image_.data() + offset;
    changes_.push_back({offset, saved_.size(), data.size(), digest_});
    saved_.insert(saved_.end(), place, place + data.size());
    digest_ -= digest_of(offset, data.size());
    std::memcpy(place, data.data(), data.size());
    digest_ += digest_of(offset, data.size());
}

inline void UndoDisk::undo_to(std::size_t level) {
    while (changes_.size() > level) {
        auto const& change = changes_.back();
        std::memcpy(image_.data() + change.offset, saved_.data() + change.saved, change.size);
        digest_ = change.digest;
        saved_.resize(change.saved);
        changes_.pop_back();
    }
}

inline void UndoDisk::submit(store::Request const& request) {
    if (request.kind == store::RequestKind::read) {
        std::memcpy(request.data.data(), image_.data() + request.offset, request.data.size());
    } else if (request.kind == store::RequestKind::write) {
        apply(request.offset, request.data);
        ++writes_;
    }
    done_.push_back({request.tag, store::Error::none});
}

inline std::size_t UndoDisk::poll(std::span<store::Completion> done, bool) {
    std::size_t count = 0;
    while (count < done.size() && count < done_.size()) {
        done[count] = done_[count];
        ++count;
    }
    done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

} // namespace tests
