// SPDX-License-Identifier: Apache-2.0
// State of the hosted stand-ins for kernel/arch/, and the serial line on standard error.
#include <arch/clock.hpp>
#include <arch/direct_map.hpp>
#include <arch/interrupts.hpp>
#include <arch/serial.hpp>
#include <arch/tlb.hpp>
#include <arch/xsave.hpp>

#include <core/log.hpp>
#include <core/panic.hpp>
#include <core/processor.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kernel::arch {

namespace {

alignas(abi::frame_size) std::byte memory[fake_memory_frames * abi::frame_size];
FakeTlb tlb;
std::uint64_t now = 0;
std::uint64_t wall_seconds = 0;
std::uint32_t unmasked_lines = 0;
bool serial_silent = false;

} // namespace

std::byte* fake_memory() { return memory; }
void clear_fake_memory() { std::memset(memory, 0, sizeof memory); }
FakeTlb& fake_tlb() { return tlb; }
std::uint64_t& fake_now_ns() { return now; }
std::uint64_t& fake_wall_seconds() { return wall_seconds; }
std::uint32_t& fake_unmasked_lines() { return unmasked_lines; }
bool& fake_serial_silent() { return serial_silent; }
void write_serial(char c) {
    if (!serial_silent) std::fputc(c, stderr);
}

std::uint64_t available_vector_features() { return 0x7; }
void enable_vector_features(std::uint64_t) {}

} // namespace kernel::arch

namespace kernel {

namespace {

Processor processor;
Log log_ring;

} // namespace

Processor& this_processor() {
    processor.self = &processor;
    return processor;
}

void set_running(Processor& on, RunningProcess next) {
    on.process = next.object;
    on.registers = &next.object->registers;
    on.process_frame = next.frame;
    on.process_index = next.index;
}

void set_idle(Processor& on) {
    on.process = nullptr;
    on.registers = &on.idle_registers;
    on.process_frame = abi::FrameId();
    on.process_index = no_frame;
}

void write_back_vector_state(Processor&) {}

Log& kernel_log() { return log_ring; }

void begin_panic() {}
void end_panic() { std::abort(); }

} // namespace kernel
