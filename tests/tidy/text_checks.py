# SPDX-License-Identifier: Apache-2.0
"""Checks of single files: licence line, lengths, columns, banned words with what to write instead."""
import ast
import re

from source_tree import Finding

FILE_LINES = 400
FUNCTION_LINES = 70
COLUMNS = 110
README_LINES = 120
TABLE_MARKER = "tidy: table"


def check_licence(file):
    if not file.is_code():
        return
    first = 1 if file.text.startswith("#!") else 0
    if len(file.lines) <= first or "SPDX-License-Identifier: Apache-2.0" not in file.lines[first]:
        yield Finding(file.path, first + 1, "the first line is not the SPDX line")
    elif len(file.lines) <= first + 1 or not re.search(r"[A-Za-z]{2}", file.lines[first + 1]):
        yield Finding(file.path, first + 2, "the second line does not say what the file is")


def check_lengths(file):
    limit = README_LINES if file.path == "README.md" else FILE_LINES if file.is_code() else None
    if limit and len(file.lines) > limit:
        yield Finding(file.path, limit + 1, f"{len(file.lines)} lines, the limit is {limit}: split the file")
    if not file.is_code():
        return
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS:
            yield Finding(file.path, number, f"{len(line)} columns, the limit is {COLUMNS}")
        if "\t" in line:
            yield Finding(file.path, number, "a tab: write spaces")
        if line != line.rstrip():
            yield Finding(file.path, number, "blanks at the end of the line")
    if not file.text.endswith("\n"):
        yield Finding(file.path, len(file.lines), "no newline at the end of the file")


NOT_A_FUNCTION = re.compile(
    r"^\s*(?:namespace|class|struct|enum|union|extern|if|for|while|switch|catch|else|do|return|concept)\b"
    r"|^\s*(?:inline\s+)?namespace\b|[=,(]\s*$")


def cpp_functions(code_lines):
    """(first line, last line) of every outermost function body; heads are what stands before the brace."""
    depth, inside, head, found = 0, None, "", []
    for number, line in enumerate(code_lines, 1):
        if re.match(r"\s*#", line):
            continue
        for char in line + "\n":
            if char == "{":
                depth += 1
                plain_head = re.sub(r"template\s*<[^{]*?>\s*", "", head)
                if inside is None and ")" in head and not NOT_A_FUNCTION.search(plain_head):
                    inside = (depth, number)
                head = ""
            elif char == "}":
                if inside and inside[0] == depth:
                    found.append((inside[1], number))
                    inside = None
                depth, head = depth - 1, ""
            elif char == ";":
                head = ""
            else:
                head += char
    return found


def check_functions(file):
    if file.is_cpp():
        functions = cpp_functions(file.code_lines())
    elif file.suffix == ".py" or (file.is_script() and "python" in file.lines[0]):
        nodes = ast.walk(ast.parse(file.text))
        functions = [(n.lineno, n.end_lineno) for n in nodes if isinstance(n, ast.FunctionDef)]
    else:
        return
    for first, last in functions:
        length = last - first + 1
        marked = any(TABLE_MARKER in line for line in file.lines[max(0, first - 4):first + 1])
        if length > FUNCTION_LINES and not marked:
            yield Finding(file.path, first, f"a function of {length} lines, the limit is {FUNCTION_LINES}")


# (pattern, what to do instead, which files).
def _all_text(file):
    return not file.path.startswith("tests/tidy/") and file.suffix != ".patch" and file.name != "LICENSE"


def _cpp(file):
    return file.is_cpp()


def _freestanding(file):
    return file.is_cpp() and file.is_freestanding()


def _header(file):
    return file.suffix == ".hpp"


WORDS_IN_TEXT = [
    (r"\b(?:TODO|FIXME|XXX|HACK)\b", "do it, or write it into docs/plan.md", _all_text),
    (r"(?<![\w.}~-])/(?:work|home|root|tmp|mnt|Users)/", "a path relative to the checkout",
     _all_text),
    (r"(?i)\bsessions?\b", "say run, boot or connection", _all_text),
]

# reinterpret_cast is allowed where bytes become objects and where the machine is met; the count is printed.
CAST_SITES = ("kernel/arch/", "base/include/base/bytes.hpp", "kernel/memory/frame_writer.hpp")
MACROS = (r"(?:STELE_\w+|TRY|expects|ensures|invariant|unreachable|GUEST_TEST|TRACE|\w+_NO_LEGACY|XXH_\w+"
          r"|TOML_\w+|FMT_\w+)\b")

WORDS_IN_CODE = [
    (r"\bstd::function\b", "a template parameter or a plain function pointer", _freestanding),
    (r"\bstd::(?:w?string|vector|map|set|unordered_\w+|deque|list|shared_ptr|unique_ptr|ostream|cout|cerr)\b",
     "storage of fixed capacity (base/), string_view, span", _freestanding),
    (r"\bstd::(?:visit|source_location|expected)\b", "get_if, __builtin_FILE, Result", _freestanding),
    (r"\.(?:at|substr)\(", "operator[] after a check, remove_prefix: these throw", _freestanding),
    (r"\bthrow\b|\btry\s*\{|\bdynamic_cast\b|\btypeid\b", "Result and fail()", _freestanding),
    (r"\bnew\s+[A-Za-z_:]|\bdelete\s+[A-Za-z_*(]|\bmalloc\(", "storage given by the caller", _freestanding),
    (r"\breinterpret_cast\b", "base/bytes.hpp, std::bit_cast or kernel/arch",
     lambda f: f.is_cpp() and f.is_freestanding() and not f.path.startswith(CAST_SITES)),
    (r"^\s*#\s*(?:if|ifdef|ifndef|elif|else)\b", "two files, chosen by the build", _cpp),
    (rf"^\s*#\s*define\s+(?!{MACROS})", "constexpr or a function; macros are a closed list",
     lambda f: f.is_cpp() and f.name != "offsets.h"),
    (r"^\s*using\s+namespace\b", "names with their namespace", _header),
    (r"__attribute__\(\(packed|\[\[gnu::packed|#pragma\s+pack", "ordered fields and named padding",
     lambda f: f.is_cpp() and not f.path.startswith("kernel/arch/")),
]


def check_words(file):
    for pattern, instead, applies in WORDS_IN_TEXT:
        if applies(file):
            yield from _search(file.path, file.lines, pattern, instead)
    if not file.is_cpp():
        return
    code = file.code_lines()
    for pattern, instead, applies in WORDS_IN_CODE:
        if applies(file):
            yield from _search(file.path, code, pattern, instead)
    if file.suffix == ".hpp" and not any(line == "#pragma once" for line in file.lines):
        yield Finding(file.path, 1, "a header without #pragma once")


def _search(path, lines, pattern, instead):
    compiled = re.compile(pattern)
    for number, line in enumerate(lines, 1):
        match = compiled.search(line)
        if match:
            yield Finding(path, number, f"'{match.group(0).strip()}': instead: {instead}")


CHECKS = [check_licence, check_lengths, check_functions, check_words]
