// SPDX-License-Identifier: Apache-2.0
// Segments, task state and interrupt gates of the one processor.
#include <arch/descriptors.hpp>

#include <arch/offsets.h>
#include <arch/registers.hpp>

#include <base/layout.hpp>

#include <array>

extern "C" {
extern char const vector_stubs[];
extern char const fault_stack_top[];
void system_call_entry();
void clear_segments();
}

namespace kernel::arch {

namespace {

struct Gate {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

// Offsets as the manual gives them; 64-bit fields stand at multiples of four, so they are split.
struct TaskState {
    std::uint32_t reserved0 = 0;             // 0
    std::uint32_t stack_low = 0;             // 4: rsp0
    std::uint32_t stack_high = 0;            // 8
    std::uint32_t reserved1[6] = {};         // 12: rsp1, rsp2, reserved
    std::uint32_t interrupt_stacks[14] = {}; // 36: ist1..ist7
    std::uint32_t reserved2[2] = {};         // 92
    std::uint16_t reserved3 = 0;             // 100
    std::uint16_t io_map_base = 104;         // 102: beyond the limit: no port is open to user mode
};

static_assert(base::WireType<TaskState> && sizeof(TaskState) == 104);
STELE_AT(TaskState, stack_low, 4);
STELE_AT(TaskState, interrupt_stacks, 36);
STELE_AT(TaskState, io_map_base, 102);

struct [[gnu::packed]] TablePointer {
    std::uint16_t limit;
    std::uint64_t base;
};

constexpr std::uint64_t kernel_code = 0x00af'9b00'0000'ffff;
constexpr std::uint64_t kernel_data = 0x00cf'9300'0000'ffff;
constexpr std::uint64_t user_data = 0x00cf'f300'0000'ffff;
constexpr std::uint64_t user_code = 0x00af'fb00'0000'ffff;

// SYSRET takes user data and user code at base + 8 and base + 16: hence data before code.
constinit std::array<std::uint64_t, 7> segments = {0, kernel_code, kernel_data, user_data, user_code, 0, 0};
constinit std::array<Gate, 256> gates{};
constinit TaskState task_state{};

constexpr unsigned fault_stack = 1; // ist1
constexpr std::uint64_t present_interrupt_gate = 0x8e00;

constexpr bool needs_own_stack(unsigned vector) { return vector == 2 || vector == 8 || vector == 18; }

Gate make_gate(std::uint64_t handler, unsigned stack, unsigned privilege) {
    std::uint64_t const attributes = stack | present_interrupt_gate | (std::uint64_t{privilege} << 13);
    return {(handler & 0xffff) | (std::uint64_t{SELECTOR_KERNEL_CODE} << 16) | (attributes << 32) |
                ((handler >> 16 & 0xffff) << 48),
            handler >> 32};
}

void describe_task() {
    auto const base = reinterpret_cast<std::uint64_t>(&task_state);
    segments[SELECTOR_TASK / 8] = (sizeof(TaskState) - 1) | ((base & 0xff'ffff) << 16) |
                                  (std::uint64_t{0x89} << 40) | ((base >> 24 & 0xff) << 56);
    segments[SELECTOR_TASK / 8 + 1] = base >> 32;
}

} // namespace

void start_descriptors(std::uint64_t stack_top) {
    task_state.stack_low = static_cast<std::uint32_t>(stack_top);
    task_state.stack_high = static_cast<std::uint32_t>(stack_top >> 32);
    auto const fault_top = reinterpret_cast<std::uint64_t>(fault_stack_top);
    task_state.interrupt_stacks[0] = static_cast<std::uint32_t>(fault_top);
    task_state.interrupt_stacks[1] = static_cast<std::uint32_t>(fault_top >> 32);
    describe_task();

    auto const stubs = reinterpret_cast<std::uint64_t>(vector_stubs);
    for (unsigned vector = 0; vector < gates.size(); ++vector)
        gates[vector] =
            make_gate(stubs + 16 * vector, needs_own_stack(vector) ? fault_stack : 0, vector == 3 ? 3 : 0);

    TablePointer const segment_table{sizeof segments - 1, reinterpret_cast<std::uint64_t>(segments.data())};
    TablePointer const gate_table{sizeof gates - 1, reinterpret_cast<std::uint64_t>(gates.data())};
    asm volatile("lgdt %0" : : "m"(segment_table));
    asm volatile("lidt %0" : : "m"(gate_table));
    asm volatile("ltr %w0" : : "r"(SELECTOR_TASK));
    // The kernel's code selector keeps its number, and the stack selector is set at
    // the next return from user mode.
    clear_segments();

    write_msr(Msr::efer, read_msr(Msr::efer) | efer_system_call);
    write_msr(Msr::star,
              (std::uint64_t{SELECTOR_KERNEL_DATA | 3} << 48) | (std::uint64_t{SELECTOR_KERNEL_CODE} << 32));
    write_msr(Msr::lstar, reinterpret_cast<std::uint64_t>(&system_call_entry));
    write_msr(Msr::fmask, (FlagSet(Flag::trap) | Flag::interrupts | Flag::direction | Flag::nested_task |
                           Flag::alignment_check | Flag::resume)
                              .raw());
}

} // namespace kernel::arch
