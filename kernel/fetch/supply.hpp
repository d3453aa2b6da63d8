// SPDX-License-Identifier: Apache-2.0
// The arrival of a wanted frame: verified, named, and its waiters woken, in one unit.
#pragma once

#include <fetch/requests.hpp>
#include <mapping/install.hpp>

namespace kernel {

// A process needs the frame that core(kernel).absent names. The migrator is told when it is new.
//   limit_reached: the table of wanted frames is full; corrupt: its content cannot be had
Result<> want_absent(Kernel& kernel);

// Content of a frame; none = the store has never held any: free, zero.
//   corrupt (the content breaks a rule of its type; its waiters will be faulted) | no_memory | in_use
//   (already resident) | bad_argument (no persistent frame)
Result<> supply_frame(Kernel& kernel, FrameCache::Identity identity, base::ConstBytes content);
// The content cannot be had: whoever waits is faulted with content_lost.
void lose_frame(Kernel& kernel, abi::FrameId id);

} // namespace kernel
