#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks checked: every planted violation in a temporary tree is found, and a clean file is not."""
import importlib.util
import subprocess
import tempfile
import unittest
from pathlib import Path

import elf_checks
import source_tree
import structure_checks
import text_checks
import tidy

HEAD = "// SPDX-License-Identifier: Apache-2.0\n// A file of the self-test.\n"
HEADER = HEAD + "#pragma once\n"
LONG = "\n".join(["    ++x;"] * 70)

# (path, text, a part of the finding that must come)
PLANTED = [
    ("store/src/a.cpp", "int x;\n", "SPDX"),
    ("store/src/a.cpp", "// SPDX-License-Identifier: Apache-2.0\n\n", "second line"),
    ("store/src/a.cpp", HEAD + "int x;\n" * 400, "402 lines"),
    ("README.md", "x\n" * 121, "121 lines"),
    ("store/src/a.cpp", HEAD + "// " + "x" * 110 + "\n", "113 columns"),
    ("store/src/a.cpp", HEAD + "int x;  \n", "blanks at the end"),
    ("store/src/a.cpp", HEAD + "\tint x;\n", "a tab"),
    ("store/src/a.cpp", HEAD + "int x;", "no newline"),
    ("store/src/a.cpp", HEAD + "void f(int x) {\n" + LONG + "\n}\n", "72 lines"),
    ("store/src/a.cpp", HEAD + "namespace a {\ntemplate <class T>\nint C::f(T x) {\n" + LONG + "\n}\n}\n",
     "72 lines"),
    ("store/src/a.cpp", HEAD + "TEST(A, B) {\n    if (x) {\n    }\n" + LONG + "\n}\n", "74 lines"),
    ("tests/x.py", HEAD.replace("//", "#") + "def f():\n" + "    x = 1\n" * 70, "71 lines"),
    ("docs/a.md", "TO" + "DO: more\n", "TO" + "DO"),
    ("store/src/a.cpp", HEAD + "// FIX" + "ME\n", "FIX" + "ME"),
    ("tests/x.py", HEAD.replace("//", "#") + "path = '/tm" + "p/x'\n", "relative to the checkout"),
    ("docs/a.md", "in this ses" + "sion\n", "say run"),
    ("store/src/a.cpp", HEAD + "std::function<void()> f;\n", "std::function"),
    ("store/src/a.cpp", HEAD + "std::string s;\n", "std::string"),
    ("store/src/a.cpp", HEAD + "auto x = array.at(3);\n", ".at("),
    ("store/src/a.cpp", HEAD + "auto* x = new Thing;\n", "new T"),
    ("store/src/a.cpp", HEAD + "throw x;\n", "throw"),
    ("store/src/a.cpp", HEAD + "auto* x = reinterpret_cast<int*>(y);\n", "reinterpret_cast"),
    ("store/src/a.cpp", HEAD + "#ifdef X\n", "#ifdef"),
    ("tests/unit/a.cpp", HEAD + "#if 0\n", "#if"),
    ("store/src/a.cpp", HEAD + "#define FOO 1\n", "#define"),
    ("store/include/store/a.hpp", HEAD, "#pragma once"),
    ("store/include/store/a.hpp", HEADER + "using namespace std;\n", "using namespace"),
    ("abi/include/abi/a.hpp", HEADER + "struct [[gnu::packed]] A {};\n", "padding"),
    ("store/src/a.cpp", HEAD + "#include <checkpoint/view.hpp>\n", "above or beside"),
    ("kernel/core/a.cpp", HEAD + "#include <store/store.hpp>\n", "above or beside"),
    ("user/apps/a.cpp", HEAD + '#include "store/store.hpp"\n', "above or beside"),
    ("store/src/a.cpp", HEAD + '#include "../b.hpp"\n', "include folder"),
    ("kernel/memory/a.hpp", HEADER + "#include <kernel/cap/page_cap.hpp>\n", "later area cap"),
    ("kernel/include/kernel/memory/a.hpp", HEADER + "#include <kernel/ipc/deliver.hpp>\n", "later area ipc"),
    ("store/src/a.cpp", HEAD + "#include <vector>\n", "class C"),
    ("kernel/core/a.cpp", HEAD + "#include <stdio.h>\n", "system headers"),
    ("images/lost.toml", HEAD.replace("//", "#"), "no test and no build file names"),
    ("docs/a.md", "[x](nowhere.md)\n", "leads nowhere"),
]

CLEAN = {
    "store/src/clean.cpp": HEAD + '#include <store/clean.hpp>\n#include <span>\n\nnamespace store {\n'
        "void f() {\n    // reinterpret_cast, throw and new words in a comment\n"
        "    g(\"throw\", '{', 1'000);\n}\n}\n",
    "tests/unit/clean_test.cpp": HEAD + "#include <store/clean.hpp>\n#include <vector>\nstd::string s;\n",
    "store/src/table.cpp": HEAD + "// tidy: table\nvoid f(int x) {\n" + LONG + "\n}\n",
    "kernel/arch/cast.cpp": HEAD + "auto* x = reinterpret_cast<int*>(y);\n",
    "kernel/cap/fine.cpp": HEAD + "#include <kernel/memory/frame.hpp>\n#include <linux/virtio_blk.h>\n",
}


class TreeTest(unittest.TestCase):
    def tree(self, files):
        """The root of a temporary source tree that lives as long as the test."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return root


def compile_program(folder, text, *flags):
    source, program = Path(folder) / "a.cpp", Path(folder) / "a.elf"
    source.write_text(text)
    subprocess.run(["g++", "-nostdlib", "-static", "-no-pie", "-ffreestanding", *flags, str(source), "-o",
                    str(program)], check=True, capture_output=True)
    return str(program)


class Planted(TreeTest):
    def test_every_planted_violation_is_found(self):
        for path, text, expected in PLANTED:
            with self.subTest(path=path, expected=expected):
                found = [str(finding) for finding in tidy.check_sources(self.tree({path: text}))[0]]
                self.assertTrue(any(f.startswith(path) and expected in f for f in found), found)

    def test_clean_files_have_no_findings(self):
        findings, summary = tidy.check_sources(self.tree(CLEAN))
        self.assertEqual([], [str(finding) for finding in findings])
        self.assertTrue(summary.startswith(f"{len(CLEAN)} files"), summary)

    def test_formatting(self):
        root = self.tree({".clang-format": "BasedOnStyle: LLVM\n", "a.cpp": "int  x ;\n",
                          "b.cpp": "int x;\n"})
        self.assertEqual({"a.cpp"}, {f.path for f in tidy.check_format(root)[0]})


class TestsRun(TreeTest):
    def findings(self, compiled, tests):
        root = self.tree({"tests/unit/a_test.cpp": HEAD, "tests/b_test.py": "", "tests/fuzz/c_fuzz.cpp": ""})
        resolved = {str((root / path).resolve()): targets for path, targets in compiled.items()}
        files = source_tree.load(root)
        return [str(f) for f in structure_checks.check_tests_run(files, root, resolved, tests)]

    def test_lost_tests_are_found(self):
        found = self.findings({}, [])
        self.assertEqual(3, len(found), found)

    def test_compiled_but_not_run(self):
        found = self.findings({"tests/unit/a_test.cpp": {"a_test"}, "tests/fuzz/c_fuzz.cpp": {"c_fuzz"}},
                              [("other", "build/tests/aa_test"), ("b", "python3 tests/b_test.py"),
                               ("c_fuzz", "build/c_fuzz -runs=1")])
        self.assertEqual(["no CTest test runs a_test"], [f.split(": ")[1] for f in found])


class Programs(unittest.TestCase):
    def test_segments_initialisers_and_closure(self):
        start = 'extern "C" void _start() {}\n'
        with tempfile.TemporaryDirectory() as folder:
            program = compile_program(folder, start + "int x = 1;\n", "-Wl,-N")
            self.assertIn("writable and executable", " ".join(map(str, elf_checks.check_elf(program))))
            program = compile_program(folder, start + "int f(); int x = f(); int f() { return 3; }\n", "-O0")
            self.assertIn("init_array", " ".join(map(str, elf_checks.check_elf(program))))
            program = compile_program(folder, start + "double f(double x) { return x + 1; }\n")
            self.assertEqual([], list(elf_checks.check_elf(program)))
            self.assertIn("vector register in", " ".join(map(str, elf_checks.check_no_vector_code(program))))

    def test_open_symbols(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.cpp").write_text("struct A { ~A(); }; A& f() { static A a; return a; }\n"
                                                "A* g() { return new A; }\n")
            subprocess.run(["g++", "-c", "-fno-exceptions", "a.cpp"], cwd=folder, check=True)
            subprocess.run(["ar", "rc", "a.a", "a.o"], cwd=folder, check=True)
            found = " ".join(map(str, elf_checks.check_closure([str(Path(folder) / "a.a")])))
            for symbol in ("_Znwm", "__cxa_guard_acquire", "__cxa_atexit"):
                self.assertIn(symbol, found)


class Layouts(unittest.TestCase):
    def test_layout_of_a_structure(self):
        golden = Path(__file__).resolve().parents[1] / "golden" / "layout_test.py"
        spec = importlib.util.spec_from_file_location("layout_test", golden)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.cpp").write_text(
                "namespace abi { enum class E : unsigned char { a, b = 5 };\n"
                "struct A { unsigned long x; E y[3]; struct B { int z; }; static int s; }; }\n")
            subprocess.run(["g++", "-c", "-g", "-fno-eliminate-unused-debug-types", "a.cpp"], cwd=folder,
                           check=True)
            self.assertEqual(
                ["enum abi::E size 1", "    a = 0", "    b = 5",
                 "struct abi::A size 16", "    0 x size 8", "    8 y size 3",
                 "struct abi::A::B size 4", "    0 z size 4"], module.layout(str(Path(folder) / "a.o")))


if __name__ == "__main__":
    unittest.main()
