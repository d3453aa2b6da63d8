/* SPDX-License-Identifier: Apache-2.0 */
/* The edge between user mode and the kernel. Registers of user mode are saved straight into the running
   process's frame (Processor::registers); nothing of a process ever lies on the kernel stack, which is empty
   at each entry. Interrupts are off in the kernel, always; the one place that turns them on is idle.
   CLAC and XRSTOR are replaced at boot where the processor lacks them (adapt.cpp). */
#include <arch/offsets.h>

        .text

/* Stores everything but rax, rsp, rip and rflags; %rax points at the registers. */
.macro save_registers
        mov     %rbx, REG_RBX(%rax)
        mov     %rcx, REG_RCX(%rax)
        mov     %rdx, REG_RDX(%rax)
        mov     %rsi, REG_RSI(%rax)
        mov     %rdi, REG_RDI(%rax)
        mov     %rbp, REG_RBP(%rax)
        mov     %r8, REG_R8(%rax)
        mov     %r9, REG_R9(%rax)
        mov     %r10, REG_R10(%rax)
        mov     %r11, REG_R11(%rax)
        mov     %r12, REG_R12(%rax)
        mov     %r13, REG_R13(%rax)
        mov     %r14, REG_R14(%rax)
        mov     %r15, REG_R15(%rax)
.endm

/* Loads everything but rdi, rsp, rip and rflags; %rdi points at the registers. */
.macro load_registers
        mov     REG_RAX(%rdi), %rax
        mov     REG_RBX(%rdi), %rbx
        mov     REG_RCX(%rdi), %rcx
        mov     REG_RDX(%rdi), %rdx
        mov     REG_RSI(%rdi), %rsi
        mov     REG_RBP(%rdi), %rbp
        mov     REG_R8(%rdi), %r8
        mov     REG_R9(%rdi), %r9
        mov     REG_R10(%rdi), %r10
        mov     REG_R11(%rdi), %r11
        mov     REG_R12(%rdi), %r12
        mov     REG_R13(%rdi), %r13
        mov     REG_R14(%rdi), %r14
        mov     REG_R15(%rdi), %r15
.endm

/* The stack is empty and 16-byte aligned before a call; a zero frame pointer ends back-traces here. */
.macro enter_kernel function
        mov     %gs:CPU_STACK_TOP, %rsp
        xor     %ebp, %ebp
        call    \function
        ud2
.endm

/* SYSCALL: rcx = return address, r11 = flags; those of FMASK (interrupt, trap, direction, AC, NT) clear. */
        .global system_call_entry
system_call_entry:
        swapgs
        mov     %rsp, %gs:CPU_USER_RSP
        mov     %gs:CPU_REGISTERS, %rsp
        mov     %rax, REG_RAX(%rsp)
        mov     %rsp, %rax
        save_registers
        mov     %rcx, REG_RIP(%rax)
        mov     %r11, REG_RFLAGS(%rax)
        mov     %gs:CPU_USER_RSP, %rcx
        mov     %rcx, REG_RSP(%rax)
        enter_kernel entry_system_call

/* Exceptions and interrupts arrive with: vector, error code, rip, cs, rflags, rsp, ss (upwards from rsp). */
.macro save_trapped_registers
        swapgs
        push    %rax
        mov     %gs:CPU_REGISTERS, %rax
        save_registers
        mov     (%rsp), %rcx
        mov     %rcx, REG_RAX(%rax)
        mov     24(%rsp), %rcx
        mov     %rcx, REG_RIP(%rax)
        mov     40(%rsp), %rcx
        mov     %rcx, REG_RFLAGS(%rax)
        mov     48(%rsp), %rcx
        mov     %rcx, REG_RSP(%rax)
        mov     8(%rsp), %rdi
        mov     16(%rsp), %rsi
.endm

exception_common:
        cld
        .global exception_forbids_user_access
exception_forbids_user_access:
        clac
        testb   $3, 24(%rsp)
        jz      exception_in_kernel
        save_trapped_registers
        cmp     $VECTOR_NO_VECTOR_UNIT, %rdi
        je      1f
        mov     %cr2, %rdx
        enter_kernel entry_fault
1:      enter_kernel entry_vector_unit

/* A mistake of the kernel, or an instruction with a fix-up: then kernel_exception returns. */
exception_in_kernel:
        push    %rbp
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        mov     %rsp, %rdi
        mov     %rsp, %rbp
        and     $-16, %rsp
        call    kernel_exception
        mov     %rbp, %rsp
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        pop     %rbp
        add     $16, %rsp
        iretq

interrupt_common:
        cld
        .global interrupt_forbids_user_access
interrupt_forbids_user_access:
        clac
        testb   $3, 24(%rsp)
        jz      1f
        save_trapped_registers
        enter_kernel entry_interrupt
/* From idle: nothing to save. */
1:      mov     (%rsp), %rdi
        enter_kernel entry_interrupt

/* return_to_user(registers): %rdi. */
        .global return_to_user
return_to_user:
        mov     REG_RFLAGS(%rdi), %rax
        mov     REG_RIP(%rdi), %rcx
        cmp     REG_RCX(%rdi), %rcx
        jne     return_by_iret
        cmp     REG_R11(%rdi), %rax
        jne     return_by_iret
        load_registers
        and     $USER_FLAGS, %r11
        or      $FORCED_FLAGS, %r11
        mov     REG_RSP(%rdi), %rsp
        mov     REG_RDI(%rdi), %rdi
        swapgs
        sysretq

return_by_iret:
        and     $USER_FLAGS, %rax
        or      $FORCED_FLAGS, %rax
        mov     %gs:CPU_STACK_TOP, %rsp
        push    $SELECTOR_USER_DATA
        push    REG_RSP(%rdi)
        push    %rax
        push    $SELECTOR_USER_CODE
        push    %rcx
        load_registers
        mov     REG_RDI(%rdi), %rdi
        swapgs
        iretq

        .global idle
idle:
        mov     %gs:CPU_STACK_TOP, %rsp
        xor     %ebp, %ebp
1:      sti
        hlt
        jmp     1b

/* bool load_vector_state_checked(void const* area, uint64_t features): false: the processor refuses it. With
   FXRSTOR in its place the features do not matter. */
        .global load_vector_state_checked
load_vector_state_checked:
        mov     %rsi, %rax
        mov     %rsi, %rdx
        shr     $32, %rdx
        .global load_vector_state_instruction
load_vector_state_instruction:
        xrstor64 (%rdi)
        mov     $1, %eax
        ret
        .global load_vector_state_refused
load_vector_state_refused:
        xor     %eax, %eax
        ret

/* Segment registers other than cs and ss hold nothing of a process: all null. Clobbers the user's gs base. */
        .global clear_segments
clear_segments:
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %fs
        swapgs
        mov     %eax, %gs
        swapgs
        ret

/* One stub a vector, 16 bytes apart, so that the IDT is built by a loop. */
        .balign 16
        .global vector_stubs
vector_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
                  vector == 29 || vector == 30)
        push    $0
        .endif
        .if     vector < 128
        push    $vector
        .else
        .byte   0x68
        .long   vector
        .endif
        .if     vector < 32
        jmp     exception_common
        .else
        jmp     interrupt_common
        .endif
        .set    vector, vector + 1
        .endr

        .section .note.GNU-stack, "", @progbits
