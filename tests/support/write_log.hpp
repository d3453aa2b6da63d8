// SPDX-License-Identifier: Apache-2.0
// A write log as Linux's dm-log-writes and QEMU's blklogwrites leave it, as the history of a disk.
//   Entries are in order of completion. A write that was in flight when a flush was submitted may stand
//   before the flush, which did not cover it: the log shows fewer of the disks that a cut could leave than
//   there are, never others.
#pragma once

#include "simulated_disk.hpp"

#include <base/bytes.hpp>

#include <string>

namespace tests {

struct WriteLog {
    std::string problem; // why it is not a log; empty: it is one
    std::uint64_t sector_bytes = 0;
    std::uint64_t entries_announced = 0; // by the superblock, which is written at flushes and at the end
    std::uint64_t entries = 0;           // found
    std::uint64_t writes = 0, flushes = 0, discards = 0, marks = 0;
    std::uint64_t forced = 0; // writes that were durable at completion: QEMU makes a flush of that
    bool cut_off = false;     // the last entry is not whole: the writer was killed
    // A write is completed when the next is submitted; a mark's number is its place among the marks, from 1.
    History history;
};

// A log with a damaged superblock is refused; one that was never flushed has none, and `sector_bytes` says.
WriteLog read_write_log(base::ConstBytes file, std::uint64_t sector_bytes = 512);

} // namespace tests
