# SPDX-License-Identifier: Apache-2.0
# From `nm -C --numeric-sort` of the first link: the symbol table that the second link contains (core/backtrace.cpp).
# Names are kept without parameter lists.
BEGIN { count = 0; offset = 0 }
$2 ~ /^[tT]$/ {
    name = substr($0, index($0, $3))
    gsub(/\(anonymous namespace\)::/, "", name)
    sub(/\(.*/, "", name)
    gsub(/["\\]/, "", name)
    if (name ~ /^kernel_text_/) next
    addresses[count] = $1
    names[count++] = name
}
END {
    print ".section .symbols, \"a\"\n.balign 8"
    print ".global symbol_addresses\nsymbol_addresses:"
    for (i = 0; i < count; ++i) print ".quad 0x" addresses[i]
    print ".global symbol_names\nsymbol_names:"
    for (i = 0; i < count; ++i) { print ".long " offset; offset += length(names[i]) + 1 }
    print ".global symbol_count\nsymbol_count: .long " count
    print ".global symbol_text\nsymbol_text:"
    for (i = 0; i < count; ++i) print ".asciz \"" names[i] "\""
    print ".section .note.GNU-stack, \"\", @progbits"
}
