// SPDX-License-Identifier: Apache-2.0
// The case under way, so that one that crashes or hangs is named by one line that runs it again.
#pragma once

#include <cstdint>
#include <string>

namespace tests {

// `line` is what STELE_FAULTS_REPLAY takes. Should the process die, or nothing be entered for minutes, it is
// written to standard error.
void enter_case(std::string const& line);
// With STELE_FAULTS_REPLAY only the case of that line is to be run.
bool case_wanted(std::string const& line);
// STELE_FAULTS_TIER: `test` (none), `crash`, `campaign`.
enum class Tier : std::uint8_t { test, crash, campaign };
Tier tier();

} // namespace tests
