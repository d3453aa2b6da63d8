# SPDX-License-Identifier: Apache-2.0
# One set of warnings for everything, as errors. Linked privately: users of a library choose their own.

add_library(stele-warnings INTERFACE)

set(warnings
    -Wall -Wextra -Wpedantic -Werror
    -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wcast-qual -Wcast-align
    -Wswitch -Wmissing-declarations -Wnon-virtual-dtor -Woverloaded-virtual -Wsuggest-override
    -Wzero-as-null-pointer-constant -Wundef -Wvla)
set(warnings_of_gcc -Wlogical-op -Wduplicated-cond -Wduplicated-branches)

target_compile_options(stele-warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:${warnings}>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:${warnings_of_gcc}>)
