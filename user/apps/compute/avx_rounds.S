# SPDX-License-Identifier: Apache-2.0
# The rounds of the compute loop where the store says that processes may use AVX (otherwise rounds.S).
# State that lives in registers only, from the first round to the last:
#   ymm0 four sums, ymm1 their increments 1 2 3 4, ymm5..ymm15 patterns, r12 rounds, r13 additions made.
# Each round compares all of it with memory and arithmetic. rdi result page, rsi mirror page, rdx patterns.
# AVX only (no AVX2): doubles hold the sums exactly, and start again long before 2^53.

    .equ additions_per_round, 4096
    .equ rounds_per_lap, 0x10000000

    .section .rodata
    .balign 32
increments:
    .double 1.0, 2.0, 3.0, 4.0

    .text
    .globl compute_avx_rounds
    .type compute_avx_rounds, @function
compute_avx_rounds:
    vmovapd increments(%rip), %ymm1
    .irp n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovupd 32 * (\n - 5)(%rdx), %ymm\n
    .endr
    xor %r12d, %r12d
lap:
    vxorpd %ymm0, %ymm0, %ymm0
    xor %r13d, %r13d
round:
    cmp %r12, 0(%rdi)               # rounds in both pages are the register's
    jne failed
    cmp %r12, 0(%rsi)
    jne failed
check:
    mov $additions_per_round, %ecx
1:  vaddpd %ymm1, %ymm0, %ymm0
    dec %ecx
    jnz 1b
    add $additions_per_round, %r13
    vcvtsi2sd %r13, %xmm4, %xmm4    # ymm4 = r13 * (1 2 3 4), which ymm0 must be
    vmovddup %xmm4, %xmm4
    vinsertf128 $1, %xmm4, %ymm4, %ymm4
    vmulpd %ymm1, %ymm4, %ymm4
    vxorpd %ymm0, %ymm4, %ymm4
    .irp n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vxorpd 32 * (\n - 5)(%rdx), %ymm\n, %ymm3
    vorpd %ymm3, %ymm4, %ymm4
    .endr
    vptest %ymm4, %ymm4
    jz 2f
    incq 8(%rdi)                    # failures
2:  inc %r12
    mov %r12, 0(%rsi)
    vmovupd %ymm0, 64(%rdi)
    mov %r12, 0(%rdi)
    test $(rounds_per_lap - 1), %r12
    jz lap
    jmp round
failed:
    incq 8(%rdi)
    jmp check
    .size compute_avx_rounds, . - compute_avx_rounds

    .section .note.GNU-stack, "", @progbits
