# SPDX-License-Identifier: Apache-2.0
"""Checks of the tree as a whole: direction of includes, headers, nothing left out of the build."""
import json
import re
import subprocess
from pathlib import Path

from source_tree import Finding

# room → layers whose headers it may include. Longest room first: the first prefix that fits counts.
ROOMS = [
    ("base/", {"base"}),
    ("abi/", {"abi", "base"}),
    ("store/", {"store", "abi", "base"}),
    ("checkpoint/", {"checkpoint", "store", "abi", "base"}),
    ("kernel/", {"kernel", "abi", "base"}),
    ("user/runtime/", {"runtime", "abi", "base"}),
    ("user/resident/", {"runtime", "checkpoint", "store", "abi", "base"}),
    ("user/", {"runtime", "abi", "base"}),
    ("disk-tools/", {"checkpoint", "store", "abi", "base"}),
    ("idl/", {"abi", "base"}),
    ("images/", {"abi", "base"}),
]
LAYERS = {"base", "abi", "store", "checkpoint", "kernel", "runtime"}

# An area of the kernel includes itself and the areas before it.
KERNEL_AREAS = ["arch", "core", "memory", "object", "mapping", "sched", "ipc", "fetch", "snapshot", "cap",
                "entry", "boot"]

STANDARD_HEADERS = set("""
    cstdint cstddef limits type_traits concepts compare bit utility new initializer_list array span atomic
    tuple optional string_view algorithm ranges numeric iterator charconv variant cstring climits
""".split())
SYSTEM_HEADERS = re.compile(r"(?:xxhash|elf|cpuid)\.h|linux/[\w/-]+\.h|asm/[\w/-]+\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(file):
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2)


def check_directions(files):
    for file in files:
        allowed = next((layers for room, layers in ROOMS if file.path.startswith(room)), None)
        if allowed is None or not (file.is_cpp() or file.suffix == ".S"):
            continue
        for number, target in includes(file):
            layer = target.split("/")[0]
            if layer in LAYERS and layer not in allowed:
                yield Finding(file.path, number, f"<{target}> is above or beside this layer")
            if ".." in target.split("/"):
                yield Finding(file.path, number, f"'{target}': name headers from the include folder")


def check_kernel_areas(files):
    for file in files:
        parts = file.path.split("/")
        if parts[0] != "kernel":
            continue
        area = next((part for part in parts[1:-1] if part in KERNEL_AREAS), None)
        if area is None:
            continue
        for number, target in includes(file):
            names = [part for part in target.split("/")[:-1] if part in KERNEL_AREAS]
            if names and KERNEL_AREAS.index(names[0]) > KERNEL_AREAS.index(area):
                yield Finding(file.path, number, f"area {area} includes the later area {names[0]}")


def check_headers(files):
    for file in files:
        if not (file.is_cpp() and file.is_freestanding()):
            continue
        for number, target in includes(file):
            is_system = "/" not in target and "." not in target
            if is_system and target not in STANDARD_HEADERS:
                yield Finding(file.path, number, f"<{target}> is not a header of freestanding code (class C)")
                continue
            is_ours = target.endswith("offsets.h") or target.split("/")[0] in LAYERS
            if target.endswith(".h") and not is_ours and not SYSTEM_HEADERS.fullmatch(target):
                yield Finding(file.path, number, f"<{target}> is not on the list of system headers")


def check_links(files, root):
    """Relative links in the documents lead somewhere."""
    for file in files:
        if file.suffix != ".md":
            continue
        for number, line in enumerate(file.lines, 1):
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not (Path(root) / Path(file.path).parent / target).exists():
                    yield Finding(file.path, number, f"the link '{target}' leads nowhere")


def check_images_used(files):
    """Every image description is named by a test, a build file or the run script."""
    users = [f for f in files if f.path.startswith("tests/") or f.name == "CMakeLists.txt" or f.path == "run"]
    for file in files:
        if file.path.startswith("images/") and file.suffix == ".toml":
            if not any(file.name in user.text for user in users):
                yield Finding(file.path, 1, "no test and no build file names this image")


def tests_in_build(build):
    """From the build folder: sources compiled with the target they went into, and what CTest would run."""
    commands = json.loads((Path(build) / "compile_commands.json").read_text())
    compiled = {}
    for entry in commands:
        target = re.search(r"CMakeFiles/([^/]+)\.dir/", entry.get("output", "") or entry["command"])
        compiled.setdefault(str(Path(entry["file"]).resolve()), set()).add(target.group(1) if target else "")
    listing = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], check=True,
                             capture_output=True, text=True).stdout
    tests = json.loads(listing)["tests"]
    return compiled, [(t["name"], " ".join(t.get("command", []))) for t in tests]


def check_tests_run(files, root, compiled, tests):
    """Every *_test.cpp is compiled into a target that CTest runs; every *_test.py is run by CTest."""
    for file in files:
        if file.path.startswith("tests/") and file.name.endswith(("_test.cpp", "_fuzz.cpp")):
            targets = compiled.get(str((Path(root) / file.path).resolve()))
            if targets is None and file.name.endswith("_fuzz.cpp"):
                if not any(f.name == "CMakeLists.txt" and file.name in f.text for f in files):
                    yield Finding(file.path, 1, "this fuzz target is named in no CMakeLists.txt")
            elif targets is None:
                yield Finding(file.path, 1, "this test is not compiled")
            elif not any(target == name or re.search(rf"/{re.escape(target)}(?:\.elf)?(?:\s|$)", command)
                         for target in targets for name, command in tests):
                yield Finding(file.path, 1, f"no CTest test runs {', '.join(sorted(targets))}")
        elif file.path.startswith("tests/") and file.name.endswith("_test.py"):
            if not any(file.name in command for _, command in tests):
                yield Finding(file.path, 1, "no CTest test runs this file")


CHECKS = [check_directions, check_kernel_areas, check_headers, check_images_used]
