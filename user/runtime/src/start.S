# SPDX-License-Identifier: Apache-2.0
# The entry of every program. The stack pointer is set, everything else is zero; there is nobody to return to.

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
