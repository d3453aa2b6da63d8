# SPDX-License-Identifier: Apache-2.0
# The entry of every program. The stack pointer is set, rdi is its argument, rsi the processor
# features that it may use (0 in a resident program), everything else is zero; there is nobody to return to.

    .section .text.start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp              # back-traces end here
    and $-16, %rsp
    call main
1:  int3                        # a program that ends is a fault at its keeper
    jmp 1b
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
