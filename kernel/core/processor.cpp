// SPDX-License-Identifier: Apache-2.0
// The one processor: whose registers are loaded, and its vector unit.
#include <core/entries.hpp>
#include <core/processor.hpp>

#include <arch/tlb.hpp>
#include <arch/user_state.hpp>
#include <arch/xsave.hpp>

namespace kernel {

Processor& this_processor() {
    Processor* self = nullptr;
    asm("mov %%gs:0, %0" : "=r"(self));
    return *self;
}

void write_back_vector_state(Processor& processor) {
    if (!processor.vector_loaded) return;
    arch::save_vector_state(processor.process->xsave);
    arch::disable_vector_unit();
    processor.vector_loaded = false;
}

void set_running(Processor& processor, RunningProcess next) {
    if (processor.process == next.object && processor.process_frame == next.frame) return;
    write_back_vector_state(processor);
    processor.process = next.object;
    processor.process_frame = next.frame;
    processor.process_index = next.index;
    processor.registers = &next.object->registers;
    arch::load_segments(next.object->registers);
}

void set_idle(Processor& processor) {
    write_back_vector_state(processor);
    processor.process = nullptr;
    processor.process_frame = abi::FrameId();
    processor.process_index = no_frame;
    processor.registers = &processor.idle_registers;
}

void forget_running(Processor& processor) {
    if (processor.vector_loaded) arch::disable_vector_unit();
    processor.vector_loaded = false;
    set_idle(processor);
}

// #NM: the first vector instruction since dispatch. The running process's frame may be written (it runs).
extern "C" [[noreturn]] void entry_vector_unit();

void entry_vector_unit() {
    auto& processor = this_processor();
    ++processor.vector_loads;
    arch::enable_vector_unit();
    if (arch::load_vector_state(processor.process->xsave)) {
        processor.vector_loaded = true;
        arch::return_to_user(processor.registers);
    }
    arch::disable_vector_unit();
    entry_fault(static_cast<std::uint64_t>(Vector::no_vector_unit), 0, 0);
}

} // namespace kernel
