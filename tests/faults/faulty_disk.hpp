// SPDX-License-Identifier: Apache-2.0
// A disk with a volatile cache of which any request can be made to fail, in every way in which devices fail:
// an error after nothing, a piece, scattered sectors or all of it was done; a flush that fails and loses what
// it should have saved.
//   A sector that was written and not flushed may be lost: by a flush that fails, or by a cut (cut_power).
#pragma once

#include <store/block_device.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace tests {

// What of a failed request was done all the same. Of a read: what is right in the buffer, the rest of which
// is rubbish. Of a write: what reached the cache. Of a flush: what became durable; the rest is gone.
enum class Done : std::uint8_t { nothing, prefix, scattered, all };

struct DeviceFault {
    std::optional<store::RequestKind> kind; // counted and failed; none: all
    Done done = Done::nothing;
    std::uint64_t count = 1; // so many in a row; for_ever
    static constexpr std::uint64_t for_ever = ~std::uint64_t{0};
};

// As in the line that reproduces a case: "write:prefix:1".
std::string name_of(DeviceFault const& fault);
std::vector<DeviceFault> every_fault();

class FaultyDisk final : public store::BlockDevice {
public:
    FaultyDisk(std::vector<std::byte> image, std::uint64_t seed);

    std::uint64_t capacity() const override { return visible_.size(); }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;

    // The `first`-th request from now of the fault's kind, 1 being the next, is the first to fail.
    void arm(DeviceFault const& fault, std::uint64_t first);
    void mend() { remaining_ = 0; }
    std::uint64_t failed() const { return failed_; }
    std::uint64_t requests() const { return requests_; }
    std::uint64_t sectors_lost() const { return sectors_lost_; }

    // The machine stops; requests in flight are done or not, as it happens.
    void reset();
    // What a power cut leaves for certain: nothing of the cache.
    std::vector<std::byte> const& durable() const { return durable_; }
    std::vector<std::byte> const& visible() const { return visible_; }

private:
    struct Flying {
        store::Request request;
        std::vector<std::byte> data;   // of a write
        std::uint64_t completions = 0; // before it was submitted
    };
    struct Volatile {
        std::uint64_t sector = 0;
        std::uint64_t completion = 0;
    };

    store::Completion complete(std::size_t index);
    bool fails(store::Request const& request);
    // Is this sector of a failed request done?
    bool done(std::size_t sector, std::size_t piece);
    void read(store::Request const& request, bool fails);
    void write(Flying const& flying, bool fails);
    void flush(Flying const& flying, bool fails);

    std::vector<std::byte> visible_;
    std::vector<std::byte> durable_;
    std::vector<Volatile> cache_; // in order of completion
    std::vector<Flying> flying_;
    DeviceFault fault_;
    std::uint64_t wait_ = 0;      // requests before the first failure
    std::uint64_t remaining_ = 0; // failures to come
    std::mt19937_64 random_;
    std::uint64_t completions_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t sectors_lost_ = 0;
};

} // namespace tests
