// SPDX-License-Identifier: Apache-2.0
// Each system call of a program that is linked with --wrap=runtime_system_call comes back with every register
// that no message changes as it was, to the bit: whatever the process waited for, and however often the
// machine started anew meanwhile.
#include <apps/self_check.hpp>
#include <runtime/invoke.hpp>

#include <abi/system_call.hpp>

#include <array>
#include <cstdint>

using Patterns = std::array<std::uint64_t, 32>;
using runtime::SystemCallRegisters;

extern "C" std::uint64_t system_call_with_vectors(SystemCallRegisters* registers, Patterns const* patterns);
extern "C" void __wrap_runtime_system_call(SystemCallRegisters* registers); // the linker's name

namespace {

constinit std::uint64_t calls = 0; // so that no two calls have the same patterns

Patterns next_patterns() {
    Patterns patterns{};
    std::uint64_t word = ++calls;
    for (auto& pattern : patterns) pattern = word = word * 0x5851'f42d'4c95'7f2d + 0x1405'7b7e'f767'814f;
    return patterns;
}

std::size_t words_of(SystemCallRegisters const& registers) {
    return static_cast<std::size_t>(abi::ControlWord(registers.control).get<abi::ControlWord::Words>());
}

} // namespace

void __wrap_runtime_system_call(SystemCallRegisters* registers) {
    auto const patterns = next_patterns();
    bool const invokes = registers->number == static_cast<std::uint64_t>(abi::SystemCall::invoke);
    for (auto i = invokes ? words_of(*registers) : 0; i < abi::message_register_words; ++i)
        registers->words[i] = patterns[i];
    auto const before = *registers;
    if (system_call_with_vectors(registers, &patterns) != 0)
        apps::self_check_failed("registers", "a vector register is not what it was");
    bool const delivered = invokes && registers->number == 0;
    for (auto i = delivered ? words_of(*registers) : 0; i < abi::message_register_words; ++i)
        if (registers->words[i] != before.words[i])
            apps::self_check_failed("registers", "word ", i, ": expected ", before.words[i], ", found ",
                                    registers->words[i]);
}
