/* SPDX-License-Identifier: Apache-2.0 */
/* The first instructions: entered in 32-bit protected mode without paging, by GRUB (multiboot2) or by QEMU's
   -kernel (PVH). Turns on long mode with a first map of 1 GiB, at 0 (left again at once), in the direct map
   and at the kernel's base. */
#include <arch/offsets.h>

#define PHYSICAL(symbol) (symbol - KERNEL_BASE)
#define MULTIBOOT2_MAGIC 0xe85250d6

        .section .boot.header, "a"
        .balign 8
multiboot_header:
        .long   MULTIBOOT2_MAGIC
        .long   0                               /* i386 protected mode */
        .long   multiboot_header_end - multiboot_header
        .long   -(MULTIBOOT2_MAGIC + (multiboot_header_end - multiboot_header))
        .balign 8
        .short  6, 0                            /* modules on page boundaries */
        .long   8
        .balign 8
        .short  0, 0                            /* end of tags */
        .long   8
multiboot_header_end:

        .section .note.pvh, "a", @note
        .balign 4
        .long   4                               /* bytes of the name */
        .long   8                               /* bytes of the description */
        .long   18                              /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .quad   start

        .section .boot.text, "ax"
        .code32
        .global start
start:
        cli
        cld
        mov     %eax, %edi
        mov     %ebx, %esi
        mov     $PHYSICAL(first_stack_top), %esp

        mov     $0x80000000, %eax
        cpuid
        cmp     $0x80000001, %eax
        jb      refuse
        mov     $0x80000001, %eax
        cpuid
        and     $0x20100000, %edx               /* long mode, no-execute */
        cmp     $0x20100000, %edx
        jne     refuse

        mov     $PHYSICAL(first_directory), %ecx
        mov     $0x83, %eax                     /* present, writable, 2 MiB */
        mov     $512, %edx
1:      mov     %eax, (%ecx)
        add     $0x200000, %eax
        add     $8, %ecx
        dec     %edx
        jnz     1b
        movl    $PHYSICAL(first_directory) + 3, PHYSICAL(first_low_pointers)
        movl    $PHYSICAL(first_directory) + 3, PHYSICAL(first_high_pointers) + 510 * 8
        movl    $PHYSICAL(first_low_pointers) + 3, PHYSICAL(first_top)
        movl    $PHYSICAL(first_low_pointers) + 3, PHYSICAL(first_top) + 256 * 8
        movl    $PHYSICAL(first_high_pointers) + 3, PHYSICAL(first_top) + 511 * 8

        mov     %cr4, %eax
        or      $0x20, %eax                     /* physical address extension */
        mov     %eax, %cr4
        mov     $PHYSICAL(first_top), %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x901, %eax                    /* SYSCALL, long mode, no-execute */
        wrmsr
        mov     %cr0, %eax
        or      $0x80010001, %eax               /* paging, write protect, protection */
        mov     %eax, %cr0
        lgdt    first_gdt_pointer
        ljmp    $SELECTOR_KERNEL_CODE, $start_long

/* Not a processor for us: say so on the first serial port, polled, and stop. */
refuse:
        mov     $refusal, %esi
1:      mov     $0x3fd, %edx
2:      in      %dx, %al
        test    $0x20, %al
        jz      2b
        lodsb
        test    %al, %al
        jz      3f
        mov     $0x3f8, %edx
        out     %al, %dx
        jmp     1b
3:      mov     $0x11, %al
        out     %al, $0xf4
        hlt
        jmp     3b

        .code64
start_long:
        mov     $SELECTOR_KERNEL_DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        movabs  $start_high, %rax
        jmp     *%rax

        .balign 8
first_gdt:
        .quad   0
        .quad   0x00af9b000000ffff              /* code, 64 bit */
        .quad   0x00cf93000000ffff              /* data */
first_gdt_pointer:
        .short  first_gdt_pointer - first_gdt - 1
        .long   first_gdt
refusal:
        .asciz  "[kernel] this processor has no long mode or no no-execute\n"

        .text
start_high:
        lea     first_stack_top(%rip), %rsp
        xor     %ebp, %ebp
        mov     %edi, %edi                      /* magic; clears the upper halves */
        mov     %esi, %esi                      /* physical address of the boot information */
        call    kernel_start
        ud2

        .section .bss
        .balign 4096
first_top:
        .skip   4096
first_low_pointers:
        .skip   4096
first_high_pointers:
        .skip   4096
first_directory:
        .skip   4096

/* Each stack has a page below it that is not mapped: an overflow is a double fault, never silent damage. */
        .global kernel_stack_guard, first_stack_top, fault_stack_guard, fault_stack_top
kernel_stack_guard:
        .skip   KERNEL_STACK_GUARD + KERNEL_STACK_BYTES
first_stack_top:
fault_stack_guard:
        .skip   KERNEL_STACK_GUARD + FAULT_STACK_BYTES
fault_stack_top:

        .section .note.GNU-stack, "", @progbits
