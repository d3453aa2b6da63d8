# SPDX-License-Identifier: Apache-2.0
# Boot images: the resident image from a list of programs, and the ISO that GRUB starts from BIOS or UEFI.

# stele_resident_image(NAME resident PROGRAMS supervisor:4:6 ...) → resident.img
# Each program is a target of stele_program with its stack pages and its priority, in the order of start.
function(stele_resident_image)
    cmake_parse_arguments(arg "" "NAME" "PROGRAMS" ${ARGN})
    set(image ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.img)
    set(stripped ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.programs)
    file(MAKE_DIRECTORY ${stripped})
    set(strip_commands)
    set(arguments)
    set(targets)
    foreach(entry IN LISTS arg_PROGRAMS)
        string(REGEX MATCH "^([^:]+)(:[0-9]+:[0-9]+)$" matched ${entry})
        set(program ${CMAKE_MATCH_1})
        # The image stays in memory for the whole boot: without debug information it is a tenth.
        list(APPEND strip_commands
            COMMAND ${CMAKE_OBJCOPY} --strip-debug $<TARGET_FILE:${program}> ${stripped}/${program}.elf)
        list(APPEND arguments ${program}=${stripped}/${program}.elf${CMAKE_MATCH_2})
        list(APPEND targets ${program})
    endforeach()
    add_custom_command(OUTPUT ${image}
        ${strip_commands}
        COMMAND pack-resident ${image} ${arguments}
        DEPENDS pack-resident ${targets}
        COMMENT "Packing ${arg_NAME}.img"
        VERBATIM)
    add_custom_target(${arg_NAME} ALL DEPENDS ${image})
    set_property(TARGET ${arg_NAME} PROPERTY stele_file ${image})
endfunction()

# stele_boot_iso(NAME stele-iso FILE stele.iso RESIDENT resident [COMMAND_LINE interval=100])
function(stele_boot_iso)
    cmake_parse_arguments(arg "" "NAME;FILE;RESIDENT;COMMAND_LINE" "" ${ARGN})
    set(STELE_COMMAND_LINE "${arg_COMMAND_LINE}")
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.files)
    set(iso ${CMAKE_CURRENT_BINARY_DIR}/${arg_FILE})
    get_target_property(resident ${arg_RESIDENT} stele_file)
    configure_file(${CMAKE_SOURCE_DIR}/images/grub.cfg.in ${folder}/boot/grub/grub.cfg @ONLY)
    add_custom_command(OUTPUT ${iso}
        # The symbols stay: a panic names its functions.
        COMMAND ${CMAKE_OBJCOPY} --strip-debug $<TARGET_FILE:kernel> ${folder}/boot/stele-kernel.elf
        COMMAND ${CMAKE_COMMAND} -E copy ${resident} ${folder}/boot/resident.img
        COMMAND ${CMAKE_COMMAND} -D iso=${iso} -D folder=${folder} -P ${CMAKE_SOURCE_DIR}/cmake/make_iso.cmake
        DEPENDS kernel ${arg_RESIDENT} ${resident} ${folder}/boot/grub/grub.cfg
            ${CMAKE_SOURCE_DIR}/cmake/make_iso.cmake
        COMMENT "Making ${arg_FILE}"
        VERBATIM)
    add_custom_target(${arg_NAME} ALL DEPENDS ${iso})
    set_property(TARGET ${arg_NAME} PROPERTY stele_file ${iso})
endfunction()
