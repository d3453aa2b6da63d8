// SPDX-License-Identifier: Apache-2.0
// What the migrator tells about itself: answers of Migrator.status and Migrator.counters.
#pragma once

#include <abi/error.hpp>
#include <runtime/server/migrator.hpp>

namespace migrator {

// The parts of the migrator write here, main answers from here.
struct Status {
    runtime::migrator_server::StatusResult now;
    runtime::migrator_server::CountersResult counters;

    void failed(abi::Error error) { now.last_error = static_cast<std::uint32_t>(error); }
};

} // namespace migrator
