// SPDX-License-Identifier: Apache-2.0
// Panic, broken contracts, and exceptions of the kernel's own.
#include <core/panic.hpp>

#include <core/backtrace.hpp>
#include <core/entries.hpp>

#include <arch/debug_exit.hpp>
#include <arch/registers.hpp>
#include <arch/saved_state.hpp>

#include <base/contract.hpp>

#include <bit>

extern "C" {
extern char const load_vector_state_instruction[];
extern char const load_vector_state_refused[];
// Called by entry.S; returns only after a fix-up.
void kernel_exception(kernel::arch::KernelTrap& trap);
}

namespace kernel {

namespace {

std::uint64_t address_of(char const* symbol) { return std::bit_cast<std::uint64_t>(symbol); }

} // namespace

void begin_panic() { kernel_log().take_serial(); }

void end_panic() {
    log_backtrace(std::bit_cast<std::uint64_t>(__builtin_frame_address(0)));
    arch::power_off(static_cast<std::uint8_t>(arch::ExitValue::panic));
}

} // namespace kernel

void contract_violation(char const* kind, char const* condition, char const* file, int line) noexcept {
    kernel::panic(std::string_view(kind), "(", std::string_view(condition), ") is broken at ",
                  std::string_view(file), ":", line);
}

void kernel_exception(kernel::arch::KernelTrap& trap) {
    using namespace kernel;
    if (trap.rip == address_of(load_vector_state_instruction)) {
        trap.rip = address_of(load_vector_state_refused);
        return;
    }
    begin_panic();
    log("panic: exception ", trap.vector, " in the kernel, error ", base::Hex{trap.error_code}, ", address ",
        base::Hex{arch::read_cr2()}, ", stack ", base::Hex{trap.rsp});
    log_code_address(trap.rip);
    log_backtrace(trap.rbp);
    arch::power_off(static_cast<std::uint8_t>(arch::ExitValue::panic));
}
