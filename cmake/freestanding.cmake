# SPDX-License-Identifier: Apache-2.0
# Flags of the kernel and of user programs, with the reason of each. The compiler is the hosted one.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# Contracts are ours and always on; NDEBUG would only change what system headers do.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

# Flags of every freestanding translation unit.
add_library(stele-freestanding-flags INTERFACE)
target_compile_options(stele-freestanding-flags INTERFACE
    # Not in the one set of warnings: hosted code gets false findings inside libstdc++'s strings and streams.
    $<$<COMPILE_LANGUAGE:CXX>:-Wnull-dereference>
    -ffreestanding                    # no hosted library is there
    -fbuiltin                         # else memcpy of 8 bytes is a call and hashing is 16 times slower
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>  # errors are values
    $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>        # the type information has no reader
    -fno-stack-protector              # the canary would be read at %fs:0x28, which is not ours
    -fno-pic                          # linked at a fixed address
    -fcf-protection=none              # the machine under test has no CET, so it could not be tested
    -fno-asynchronous-unwind-tables   # nothing unwinds
    -fno-omit-frame-pointer           # back-traces walk frame pointers
    -fno-optimize-sibling-calls)      # ... and show every caller
# Thread-safe statics stay on and no guard function exists: a function-local static then fails to link.

# What the kernel adds.
add_library(stele-kernel-flags INTERFACE)
target_link_libraries(stele-kernel-flags INTERFACE stele-freestanding-flags)
target_compile_options(stele-kernel-flags INTERFACE
    -mcmodel=kernel                   # lives in the highest 2 GiB
    -mno-red-zone                     # an interrupt pushes onto the same stack
    -mno-sse -mno-mmx                 # vector registers hold the user's state while the kernel runs
    $<$<COMPILE_LANGUAGE:CXX>:-fstack-usage>
    $<$<COMPILE_LANGUAGE:CXX>:-Wframe-larger-than=1024>)  # one stack of fixed size a processor

# What user programs (and the libraries in them) add.
add_library(stele-user-flags INTERFACE)
target_link_libraries(stele-user-flags INTERFACE stele-freestanding-flags)
target_compile_options(stele-user-flags INTERFACE
    -mcmodel=small)                   # linked at 0x400000, see user.ld

# Put on the one file that defines memcpy and its family, or the compiler turns memset into a call of itself.
set(STELE_MEMORY_FUNCTION_FLAGS -fno-builtin -fno-tree-loop-distribute-patterns)

# Link options of a freestanding executable with its own linker script.
function(stele_freestanding_link target script)
    target_link_options(${target} PRIVATE
        -nostdlib -static -no-pie
        -Wl,-T,${script}
        -Wl,-z,max-page-size=4096     # segments are page aligned, not 2 MiB aligned
        -Wl,-z,noexecstack
        -Wl,--build-id=none           # the same sources give the same bytes
        -Wl,--fatal-warnings)
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
endfunction()

# stele_kernel(NAME kernel SOURCES ... SCRIPT kernel.ld LINKS abi base) → stele-kernel.elf
function(stele_kernel)
    cmake_parse_arguments(arg "" "NAME;SCRIPT" "SOURCES;LINKS" ${ARGN})
    add_executable(${arg_NAME} ${arg_SOURCES})
    target_link_libraries(${arg_NAME} PRIVATE ${arg_LINKS} stele-kernel-flags stele-warnings)
    stele_freestanding_link(${arg_NAME} ${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT})
    set_target_properties(${arg_NAME} PROPERTIES OUTPUT_NAME stele-${arg_NAME} SUFFIX .elf)
    set_property(GLOBAL APPEND PROPERTY stele_elf_files ${arg_NAME})
endfunction()

# stele_program(NAME counter SOURCES main.cpp LINKS ...) → counter.elf, a static user program.
function(stele_program)
    cmake_parse_arguments(arg "" "NAME" "SOURCES;LINKS" ${ARGN})
    add_executable(${arg_NAME} ${arg_SOURCES})
    stele_flavour_links(freestanding links ${arg_LINKS})
    target_link_libraries(${arg_NAME} PRIVATE ${links} runtime-freestanding stele-user-flags stele-warnings)
    stele_freestanding_link(${arg_NAME} ${CMAKE_SOURCE_DIR}/cmake/user.ld)
    target_link_options(${arg_NAME} PRIVATE -Wl,-u,_start)
    set_target_properties(${arg_NAME} PROPERTIES SUFFIX .elf)
    set_property(GLOBAL APPEND PROPERTY stele_elf_files ${arg_NAME})
endfunction()
