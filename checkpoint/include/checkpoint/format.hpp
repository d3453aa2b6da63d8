// SPDX-License-Identifier: Apache-2.0
// Making an empty store: two root slots and checkpoint 1 without frames. Frames are
// added by commits (see README.md).
#pragma once

#include <abi/disk/root_slot.hpp>
#include <base/result.hpp>
#include <store/block_device.hpp>

#include <string_view>

namespace checkpoint {

struct FormatOptions {
    abi::disk::Random128 store; // 128 random bits
    abi::disk::Random128 nonce; // 128 random bits
    std::string_view label;     // at most 31 bytes
    std::uint64_t created_ns = 0;
    std::uint32_t abi_revision = 0;
    std::uint32_t segment_shift = 0; // log2 of the bytes of a segment; 0: by the size of the device
    std::uint32_t interval_ms = 20;  // between checkpoints; 0: on request only
    // R30: which checkpoints stay readable, as far as space allows: the newest, then by age; and pins.
    std::uint32_t retain = 16;
    std::uint16_t retain_tenths = 20;     // of the last tenths of a second one each
    std::uint16_t retain_seconds = 60;    // of the last seconds one each
    std::uint32_t migration_kib_s = 0;    // what migration may read and write a second; 0: as much as it can
    std::uint64_t processor_features = 7; // R11: x87, SSE, AVX
};

// Segments of 256 KiB, larger ones where the store would have more than 16384 of them (the default of
// Limits::segments): 256 GiB have 16 MiB each.
std::uint32_t segment_shift_for(std::uint64_t bytes);

// Writes and flushes. `buffer`: at least 4096 bytes of I/O memory. Everything else on the device is left as
// it is and never read: a new sparse file is enough. Errors: bad_argument (too small: 16 segments at least;
// label too long), io.
base::Result<> format(store::BlockDevice& device, base::Bytes buffer, FormatOptions const& options);

} // namespace checkpoint
