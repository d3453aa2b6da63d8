# SPDX-License-Identifier: Apache-2.0
# cmake -D stele=TOOL -D scdoc=PROGRAM -D folder=DIR -P manual_pages.cmake: every page that the tool names.
function(run out)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "failed (${status}): ${ARGN}")
    endif()
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# The same sources give the same bytes: scdoc dates its pages by this clock.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
    set(ENV{SOURCE_DATE_EPOCH} 0)
endif()
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})
run(names ${stele} --man list)
string(REGEX MATCHALL "[^\n]+" names "${names}")
list(REVERSE names) # stele.1 is last: it is the file that stands for all
foreach(name IN LISTS names)
    string(REGEX REPLACE "^stele-stele$" "stele" page "stele-${name}")
    execute_process(
        COMMAND ${stele} --man ${name}
        COMMAND ${scdoc}
        OUTPUT_FILE ${folder}/${page}.1
        RESULTS_VARIABLE status)
    if(NOT status STREQUAL "0;0")
        message(FATAL_ERROR "${page}.1 failed (${status})")
    endif()
endforeach()
