#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test of the source tree: prints every finding as path:line: text, and fails when there is one."""
import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import elf_checks
import source_tree
import structure_checks
import text_checks


def check_sources(root):
    files = source_tree.load(root)
    findings = [finding for file in files for check in text_checks.CHECKS for finding in check(file)]
    for check in structure_checks.CHECKS:
        findings += check(files)
    findings += structure_checks.check_links(files, root)
    casts = sum(line.count("reinterpret_cast") for f in files if f.is_cpp() for line in f.code_lines())
    lines = sum(len(f.lines) for f in files if f.is_code())
    return findings, f"{len(files)} files, {lines} lines of code, {casts} reinterpret_cast"


def check_tests(root, build):
    files = source_tree.load(root)
    compiled, tests = structure_checks.tests_in_build(build)
    sources = sum(1 for f in files if f.name.endswith(("_test.cpp", "_test.py")))
    findings = list(structure_checks.check_tests_run(files, root, compiled, tests))
    return findings, f"{sources} test sources, {len(tests)} tests in the build"


def check_format(root, clang_format="clang-format-14"):
    paths = [f.path for f in source_tree.load(root) if f.is_cpp()]
    chunks = [paths[i:i + 16] for i in range(0, len(paths), 16)]

    def run(chunk):
        command = [clang_format, "--dry-run", "-Werror", *chunk]
        return subprocess.run(command, cwd=root, capture_output=True, text=True)

    with ThreadPoolExecutor(2) as pool:
        errors = "".join(result.stderr for result in pool.map(run, chunks))
    findings = []
    for line in errors.splitlines():
        path, _, rest = line.partition(":")
        if "error:" in rest:
            number = rest.split(":")[0]
            findings.append(source_tree.Finding(path, int(number), "not as .clang-format has it"))
    return findings, f"{len(paths)} files; to mend: clang-format-14 -i FILE"


def check_closures(layers):
    findings = []
    for layer in layers:
        findings += elf_checks.check_closure(layer.split(","))
    return findings, f"{len(layers)} freestanding layers"


def check_elfs(paths):
    findings = []
    for path in paths:
        findings += elf_checks.check_elf(path)
        if Path(path).name.startswith("stele-kernel"):
            findings += elf_checks.check_no_vector_code(path)
    return findings, f"{len(paths)} programs"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("check", choices=["sources", "tests", "format", "closure", "elf"])
    parser.add_argument("--root", default=Path(__file__).resolve().parents[2])
    parser.add_argument("--build", help="build folder (check tests)")
    parser.add_argument("items", nargs="*", help="closure: archive,archive-below,...; elf: programs")
    arguments = parser.parse_args()
    actions = {
        "sources": lambda: check_sources(arguments.root),
        "tests": lambda: check_tests(arguments.root, arguments.build),
        "format": lambda: check_format(arguments.root),
        "closure": lambda: check_closures(arguments.items),
        "elf": lambda: check_elfs(arguments.items),
    }
    findings, summary = actions[arguments.check]()
    for finding in findings:
        print(finding)
    print(f"tidy {arguments.check}: {len(findings)} findings; {summary}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
