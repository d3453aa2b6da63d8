// SPDX-License-Identifier: Apache-2.0
// From a device to a kernel that knows its processes again: recovery, boot number, root, live set.
#pragma once

#include "boot_words.hpp"
#include "queued_device.hpp"
#include "status.hpp"

#include <abi/boot_info.hpp>
#include <checkpoint/engine.hpp>
#include <runtime/client/object_source.hpp>

namespace migrator {

struct RestoreInput {
    checkpoint::Engine& engine;
    QueuedDevice& device;
    base::Bytes tables; // memory for the store, 64-byte aligned
    abi::BootInfo const& boot;
    BootWords const& words;
    runtime::ObjectSource source;
    runtime::Slot root; // where the root capability goes
};

// Opens the store and tells the kernel; the status says what was found. Waits for the
// device: nothing else runs yet.
Result<> restore(RestoreInput const& input, Status& status);

} // namespace migrator
