/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets and numbers that assembly needs; each is asserted against its C++ declaration (saved_state.hpp). */

/* abi::Registers */
#define REG_RAX 0
#define REG_RBX 8
#define REG_RCX 16
#define REG_RDX 24
#define REG_RSI 32
#define REG_RDI 40
#define REG_RBP 48
#define REG_RSP 56
#define REG_R8 64
#define REG_R9 72
#define REG_R10 80
#define REG_R11 88
#define REG_R12 96
#define REG_R13 104
#define REG_R14 112
#define REG_R15 120
#define REG_RIP 128
#define REG_RFLAGS 136

/* kernel::Processor, through gs */
#define CPU_STACK_TOP 8
#define CPU_USER_RSP 16
#define CPU_REGISTERS 24

#define KERNEL_BASE 0xffffffff80000000
#define DIRECT_MAP_BASE 0xffff800000000000
#define KERNEL_STACK_BYTES 16384
#define KERNEL_STACK_GUARD 4096
#define FAULT_STACK_BYTES 8192

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TASK 0x28

/* Flags a process may hold (arch/user_state.hpp), and those it always has: interrupts on, bit 1. */
#define USER_FLAGS 0x240dd5
#define FORCED_FLAGS 0x202

#define VECTOR_NO_VECTOR_UNIT 7
