# SPDX-License-Identifier: Apache-2.0
# Layers as libraries: one source list, two archives (hosted and freestanding), the same compiler for both.

set(STELE_SANITIZE "" CACHE STRING "Sanitizers of the hosted flavour, e.g. address,undefined")
option(STELE_COVERAGE "Coverage of the hosted flavour" OFF)

# What only the hosted flavour gets.
add_library(stele-hosted-flags INTERFACE)
if(STELE_SANITIZE)
    target_compile_options(stele-hosted-flags INTERFACE
        -fsanitize=${STELE_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(stele-hosted-flags INTERFACE -fsanitize=${STELE_SANITIZE})
endif()
if(STELE_COVERAGE)
    target_compile_options(stele-hosted-flags INTERFACE --coverage)
    target_link_options(stele-hosted-flags INTERFACE --coverage)
endif()

# The targets behind the layers' names: `store` is store-hosted or store-freestanding;
# header-only layers are one target.
function(stele_flavour_links flavour out)
    set(links)
    foreach(name IN LISTS ARGN)
        if(TARGET ${name}-${flavour})
            list(APPEND links ${name}-${flavour})
        else()
            list(APPEND links ${name})
        endif()
    endforeach()
    set(${out} ${links} PARENT_SCOPE)
endfunction()

# stele_library(NAME store SOURCES src/log.cpp ... LINKS abi base [ONLY hosted] [CLOSURE open])
# The public headers are in <folder>/include, the private ones in <folder>/src. Without sources: one INTERFACE
# target. A freestanding archive with the layers below it needs only the memory functions and the contract
# hook; the test freestanding_closure checks that. CLOSURE open is for the runtime, which needs its program.
function(stele_library)
    cmake_parse_arguments(arg "" "NAME;ONLY;CLOSURE" "SOURCES;LINKS" ${ARGN})
    set(folder ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT arg_SOURCES)
        add_library(${arg_NAME} INTERFACE)
        target_include_directories(${arg_NAME} INTERFACE ${folder}/include)
        target_link_libraries(${arg_NAME} INTERFACE ${arg_LINKS})
        return()
    endif()
    set(flavours hosted freestanding)
    if(arg_ONLY)
        set(flavours ${arg_ONLY})
    endif()
    foreach(flavour IN LISTS flavours)
        set(target ${arg_NAME}-${flavour})
        stele_flavour_links(${flavour} links ${arg_LINKS})
        add_library(${target} STATIC ${arg_SOURCES})
        target_include_directories(${target} PUBLIC ${folder}/include PRIVATE ${folder}/src)
        target_link_libraries(${target} PUBLIC ${links} PRIVATE stele-warnings)
        if(flavour STREQUAL "hosted")
            target_link_libraries(${target} PUBLIC stele-hosted-flags)
        else()
            target_link_libraries(${target} PRIVATE stele-user-flags)
            if(NOT arg_CLOSURE STREQUAL "open")
                set_property(GLOBAL APPEND PROPERTY stele_freestanding_layers ${target})
            endif()
            set_property(GLOBAL PROPERTY stele_layers_below_${target} ${links})
        endif()
    endforeach()
endfunction()

# stele_test(NAME store_log_test SOURCES ... LINKS store-hosted [TIMEOUT 60] [PROCESSORS 1] [LABELS ...]
#            [ARGUMENTS ...])
# A GoogleTest executable and one CTest test of the same name.
function(stele_test)
    cmake_parse_arguments(arg "" "NAME;TIMEOUT;PROCESSORS" "SOURCES;LINKS;LABELS;ARGUMENTS" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    if(NOT arg_PROCESSORS)
        set(arg_PROCESSORS 1)
    endif()
    add_executable(${arg_NAME} ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/tests/support/contract.cpp)
    # <cxxabi.h> makes `abi` an alias of its own namespace; ours has the same name.
    target_compile_definitions(${arg_NAME} PRIVATE GTEST_HAS_CXXABI_H_=0)
    target_link_libraries(${arg_NAME} PRIVATE
        ${arg_LINKS} base stele-hosted-flags stele-warnings GTest::gtest_main GTest::gmock)
    add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} ${arg_ARGUMENTS})
    set_tests_properties(${arg_NAME} PROPERTIES
        TIMEOUT ${arg_TIMEOUT} PROCESSORS ${arg_PROCESSORS} LABELS "unit;${arg_LABELS}")
endfunction()

# Debian's xxhash as headers only, for both flavours. Without FORCE_MEMORY_ACCESS it calls
# memcpy for every word.
add_library(xxhash INTERFACE)
target_compile_definitions(xxhash INTERFACE XXH_INLINE_ALL XXH_FORCE_MEMORY_ACCESS=1)

# The archives of a freestanding layer and of all layers below it, the layer first.
function(stele_layer_closure out)
    set(pending ${ARGN})
    set(seen)
    set(archives)
    while(pending)
        list(POP_FRONT pending layer)
        if(layer IN_LIST seen OR NOT layer MATCHES "-freestanding$")
            continue()
        endif()
        list(APPEND seen ${layer})
        list(APPEND archives $<TARGET_FILE:${layer}>)
        get_property(below GLOBAL PROPERTY stele_layers_below_${layer})
        list(APPEND pending ${below})
    endwhile()
    set(${out} ${archives} PARENT_SCOPE)
endfunction()
