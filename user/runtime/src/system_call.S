# SPDX-License-Identifier: Apache-2.0
# void runtime_system_call(SystemCallRegisters* registers): all registers of abi/system_call.hpp, in and out.

    .text
    .globl runtime_system_call
    .type runtime_system_call, @function
runtime_system_call:
    push %rbp
    mov %rsp, %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rdi, %rbx              # rbx survives the call
    mov 0(%rbx), %rax
    mov 8(%rbx), %rdi
    mov 16(%rbx), %rsi
    mov 24(%rbx), %rdx
    mov 32(%rbx), %r8
    mov 40(%rbx), %r9
    mov 48(%rbx), %r10
    mov 56(%rbx), %r12
    mov 64(%rbx), %r13
    mov 72(%rbx), %r14
    mov 80(%rbx), %r15
    syscall                     # destroys rcx and r11
    mov %rax, 0(%rbx)
    mov %rdi, 8(%rbx)
    mov %rsi, 16(%rbx)
    mov %rdx, 24(%rbx)
    mov %r8, 32(%rbx)
    mov %r9, 40(%rbx)
    mov %r10, 48(%rbx)
    mov %r12, 56(%rbx)
    mov %r13, 64(%rbx)
    mov %r14, 72(%rbx)
    mov %r15, 80(%rbx)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
    .size runtime_system_call, . - runtime_system_call

# abi::virtual_registers_address, as a pointer so that C++ needs no cast.
    .section .rodata
    .balign 8
    .globl runtime_virtual_registers
runtime_virtual_registers:
    .quad 0x7f0000000000

    .section .note.GNU-stack, "", @progbits
