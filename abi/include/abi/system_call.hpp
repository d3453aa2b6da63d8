// SPDX-License-Identifier: Apache-2.0
// System call numbers and registers. rcx and r11 are destroyed; rbx, rbp and rsp are preserved.
//   in:  rax number, rdi control word (copy_capability: destination slot), rsi slot, words 0..7 in rdx r8 r9
//   r10 r12 r13 r14 r15 out: rax Error of the transport, rdi control word, rsi endpoint value, words 0..7
#pragma once

#include <cstdint>

namespace abi {

enum class SystemCall : std::uint64_t {
    invoke = 0,
    copy_capability = 1,
    yield = 2,
};

} // namespace abi
