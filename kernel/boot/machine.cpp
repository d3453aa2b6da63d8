// SPDX-License-Identifier: Apache-2.0
// The bring-up of the machine as one list.
#include <boot/machine.hpp>

#include <boot/kernel_state.hpp>

#include <core/panic.hpp>

#include <arch/adapt.hpp>
#include <arch/clock.hpp>
#include <arch/cpuid.hpp>
#include <arch/descriptors.hpp>
#include <arch/interrupts.hpp>
#include <arch/kernel_space.hpp>
#include <arch/registers.hpp>
#include <arch/xsave.hpp>

#include <bit>

extern "C" char const first_stack_top[];

namespace kernel {

namespace {

void require_features() {
    auto const missing = arch::missing_feature();
    if (!missing.empty()) panic("this processor lacks ", missing);
}

PhysicalAddress take_table_page() { return boot_description(kernel_state()).memory.take(abi::frame_size); }

void start_gs(Processor& processor) {
    processor.self = &processor;
    processor.kernel_stack_top = std::bit_cast<std::uint64_t>(&first_stack_top[0]);
    processor.registers = &processor.idle_registers;
    arch::write_msr(arch::Msr::gs_base, std::bit_cast<std::uint64_t>(&processor));
    arch::write_msr(arch::Msr::kernel_gs_base, 0);
}

// The kernel never runs user pages and never reads them through user addresses; where the processor can, it
// sees to that.
void start_protection() {
    using enum arch::Optional;
    std::uint64_t bits = 0;
    if (arch::has(execution_prevention)) bits |= static_cast<std::uint64_t>(arch::Cr4::smep);
    if (arch::has(access_prevention)) bits |= static_cast<std::uint64_t>(arch::Cr4::smap);
    if (arch::has(instruction_prevention))
        bits |= static_cast<std::uint64_t>(arch::Cr4::user_instruction_prevention);
    arch::write_cr4(arch::read_cr4() | bits);
    if (!arch::has(execution_prevention) || !arch::has(access_prevention))
        log("this processor lacks SMEP or SMAP: nothing stops the kernel at a page of a user");
}

} // namespace

void start_machine(BootDescription& description, Processor& processor) {
    require_features();
    arch::adapt_instructions();
    arch::start_kernel_space(physical_address(description.memory.frame_end()).raw(), take_table_page);
    arch::start_descriptors(std::bit_cast<std::uint64_t>(&first_stack_top[0]));
    start_gs(processor);
    start_protection();
    arch::start_vector_unit();
    arch::start_clock();
    arch::start_interrupts();
}

} // namespace kernel
