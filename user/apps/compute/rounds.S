# SPDX-License-Identifier: Apache-2.0
# The rounds of the compute loop. State that lives in registers only, from the first round to the last:
#   xmm0 two sums, xmm1 their increments 1 2, xmm5..xmm15 patterns, r12 rounds, r13 additions made.
# Each round compares all of it with memory and arithmetic. rdi result page, rsi mirror page, rdx patterns.
# SSE2 only, which every x86-64 processor has. Doubles hold the sums exactly, and start again long before
# 2^53.

    .equ additions_per_round, 4096
    .equ rounds_per_lap, 0x10000000

    .section .rodata
    .balign 16
increments:
    .double 1.0, 2.0

    .text
    .globl compute_rounds
    .type compute_rounds, @function
compute_rounds:
    movapd increments(%rip), %xmm1
    .irp n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movupd 16 * (\n - 5)(%rdx), %xmm\n
    .endr
    xor %r12d, %r12d
lap:
    xorpd %xmm0, %xmm0
    xor %r13d, %r13d
round:
    cmp %r12, 0(%rdi)               # rounds in both pages are the register's
    jne failed
    cmp %r12, 0(%rsi)
    jne failed
check:
    mov $additions_per_round, %ecx
1:  addpd %xmm1, %xmm0
    dec %ecx
    jnz 1b
    add $additions_per_round, %r13
    cvtsi2sd %r13, %xmm4            # xmm4 = r13 * (1 2), which xmm0 must be
    unpcklpd %xmm4, %xmm4
    mulpd %xmm1, %xmm4
    xorpd %xmm0, %xmm4
    .irp n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movupd 16 * (\n - 5)(%rdx), %xmm3
    xorpd %xmm\n, %xmm3
    orpd %xmm3, %xmm4
    .endr
    pxor %xmm3, %xmm3               # every byte of xmm4 is zero
    pcmpeqb %xmm3, %xmm4
    pmovmskb %xmm4, %ecx
    cmp $0xffff, %ecx
    je 2f
    incq 8(%rdi)                    # failures
2:  inc %r12
    mov %r12, 0(%rsi)
    movupd %xmm0, 64(%rdi)
    mov %r12, 0(%rdi)
    test $(rounds_per_lap - 1), %r12
    jz lap
    jmp round
failed:
    incq 8(%rdi)
    jmp check
    .size compute_rounds, . - compute_rounds

    .section .note.GNU-stack, "", @progbits
