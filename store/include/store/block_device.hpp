// SPDX-License-Identifier: Apache-2.0
// The door to the disk. Four kinds of device stand behind it: the block driver's ring in the system, a file
// in the tools, a hostile simulated disk and a recording one in the tests. Nothing in store/ or checkpoint/
// does I/O otherwise.
//   A flush makes durable exactly the writes that had completed when the flush was submitted.
//   Requests may complete in any order. Each submitted request completes exactly once, with Error::none or an
//   error.
#pragma once

#include <abi/disk/place.hpp>
#include <abi/error.hpp>
#include <base/bytes.hpp>
#include <base/fixed_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace store {

using abi::Error;
using abi::disk::Extent;
using abi::disk::sector_size;

enum class RequestKind : std::uint8_t { read, write, flush };

struct Request {
    RequestKind kind = RequestKind::read;
    std::uint32_t tag = 0;    // the submitter's; comes back in the completion
    std::uint64_t offset = 0; // bytes, a multiple of 512; 0 for a flush
    base::Bytes data; // a multiple of 512 bytes, at most 1 MiB; untouched by the submitter until completion
};

struct Completion {
    std::uint32_t tag = 0;
    Error error = Error::none;
};

inline constexpr std::size_t requests_at_most = 64; // in flight at once, of one engine
using RequestList = base::FixedVector<Request, requests_at_most>;

class BlockDevice {
public:
    // Length in bytes; constant.
    virtual std::uint64_t capacity() const = 0;
    virtual void submit(Request const& request) = 0;
    // Takes up to done.size() completions; returns how many. With `wait`, returns at least one (a request
    // must be in flight): that is the only place where anything blocks.
    virtual std::size_t poll(std::span<Completion> done, bool wait) = 0;

protected:
    ~BlockDevice() = default;
};

} // namespace store
