# SPDX-License-Identifier: Apache-2.0
# cmake -D iso=FILE -D folder=FOLDER -P make_iso.cmake: grub-mkrescue, whose words are shown only if it fails.
set(ENV{LC_ALL} C)
# Only the modules and files of GRUB that a serial boot needs: 4 MB in place of 20. The image that UEFI starts
# asks for every kind of partition table.
set(modules multiboot2 normal iso9660 serial smbios regexp test part_msdos part_gpt part_apple part_acorn
    part_amiga part_bsd part_dfly part_dvh part_plan part_sun part_sunpc)
list(JOIN modules " " modules)
execute_process(
    COMMAND grub-mkrescue "--install-modules=${modules}"
        --fonts= --locales= --themes= --compress=xz -o ${iso} ${folder}
    RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT status EQUAL 0)
    file(REMOVE ${iso})
    message(FATAL_ERROR "grub-mkrescue failed (${status}):\n${said}")
endif()
