# SPDX-License-Identifier: Apache-2.0
# std::uint64_t system_call_with_vectors(SystemCallRegisters* registers, std::uint64_t const (*patterns)[32]):
# a system call with xmm0..xmm15 full of patterns and rounding downwards. The answer has the bits that differ
# afterwards; 0: none.

    .equ vector_bytes, 16 * 16
    .equ default_control, 0x1f80
    .equ round_down, 0x2000

    .text
    .globl system_call_with_vectors
    .type system_call_with_vectors, @function
system_call_with_vectors:
    push %rbp
    mov %rsp, %rbp
    push %rbx
    sub $vector_bytes + 8, %rsp
    mov %rsi, %rbx
    movl $default_control | round_down, (%rsp)
    ldmxcsr (%rsp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movupd 16 * \n(%rbx), %xmm\n
    .endr
    call __real_runtime_system_call
    stmxcsr (%rsp)
    mov (%rsp), %eax
    xor $default_control | round_down, %eax
    movl $default_control, (%rsp)
    ldmxcsr (%rsp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movupd %xmm\n, 16 * \n(%rsp)
    .endr
    xor %ecx, %ecx
1:  mov (%rsp,%rcx,8), %rdx
    xor (%rbx,%rcx,8), %rdx
    or %rdx, %rax
    inc %ecx
    cmp $vector_bytes / 8, %ecx
    jne 1b
    add $vector_bytes + 8, %rsp
    pop %rbx
    pop %rbp
    ret
    .size system_call_with_vectors, . - system_call_with_vectors

    .section .note.GNU-stack, "", @progbits
