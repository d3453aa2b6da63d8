// SPDX-License-Identifier: Apache-2.0
// Stores of which everything is known: made anew by the store's own code when a fuzzer starts, the same each
// time. What an input changes is taken back after its run.
#pragma once

#include "reference_store.hpp"

#include <map>
#include <memory>
#include <vector>

namespace fuzz {

// A disk in memory that completes at once, in order, remembers what each write replaced, and does not give
// sectors that are said to be bad.
class ForgedDisk final : public store::BlockDevice {
public:
    explicit ForgedDisk(std::vector<std::byte> image) : image_(std::move(image)) {}

    std::uint64_t capacity() const override { return image_.size(); }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;

    base::ConstBytes image() const { return image_; }
    // Beside the device's door, as all changes of an input are.
    void forge(std::uint64_t offset, base::ConstBytes bytes);
    void spoil(std::uint64_t sector) { bad_.push_back(sector); }
    bool has_bad() const { return !bad_.empty(); }
    // Takes everything back.
    void reset();
    // Requests that the store made since the last reset; none can be more than that.
    std::uint64_t writes() const { return writes_; }
    std::uint64_t requests() const { return requests_; }

private:
    bool spoilt(store::Request const& request) const;
    struct Change {
        std::uint64_t offset = 0;
        std::vector<std::byte> before;
    };
    std::vector<std::byte> image_;
    std::vector<Change> changes_;
    std::vector<std::uint64_t> bad_;
    std::vector<store::Completion> done_;
    std::uint64_t writes_ = 0;
    std::uint64_t requests_ = 0;
};

inline constexpr std::uint32_t segment_shift = 14;
inline constexpr std::uint32_t segments = 64;
inline constexpr store::Geometry geometry{segment_shift, segments};

struct KnownStore {
    explicit KnownStore(std::vector<std::byte> image) : disk(std::move(image)) {}
    ForgedDisk disk;
    std::vector<tests::Model> models;
    std::map<std::uint64_t, std::uint64_t> contents; // number of the model of each generation
    tests::Model const* model_of(std::uint64_t generation) const {
        auto const found = contents.find(generation);
        return found == contents.end() ? nullptr : &models[found->second];
    }
};

// Limits under which all of them open, and a little more.
checkpoint::Limits limits();
std::vector<std::unique_ptr<KnownStore>> const& known_stores();

} // namespace fuzz
