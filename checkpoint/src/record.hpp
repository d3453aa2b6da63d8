// SPDX-License-Identifier: Apache-2.0
// Commit records as bytes: making one, and saying whether a sector is one.
#pragma once

#include <abi/disk/commit_record.hpp>
#include <store/geometry.hpp>
#include <store/hash.hpp>

namespace checkpoint {

using abi::disk::CommitRecord;
using abi::disk::Twin;

// Fills in the hash and writes the record into a sector.
void encode_record(CommitRecord& record, base::Bytes sector);

// The record in a sector read from `place`, if it is one: magic, hash, own place, all places in range.
bool decode_record(base::ConstBytes sector, abi::disk::Extent place, store::Geometry const& geometry,
                   CommitRecord& record);

constexpr bool has(CommitRecord const& record, abi::disk::RecordFlag flag) {
    return (record.flags & static_cast<std::uint64_t>(flag)) != 0;
}

} // namespace checkpoint
