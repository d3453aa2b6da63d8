# SPDX-License-Identifier: Apache-2.0
"""The source tree as the checks see it: files with their lines, their room, and C++ text without comments."""
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache", ".vscode"}
CPP = {".cpp", ".hpp", ".h"}
CODE = CPP | {".S", ".ld", ".py", ".cmake", ".capnp", ".toml", ".sh"}
FREESTANDING_ROOMS = ("base/", "abi/", "store/", "checkpoint/", "kernel/", "user/")


@dataclass
class Finding:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


@dataclass
class SourceFile:
    path: str  # relative to the root, with '/'
    text: str
    lines: list = field(init=False)

    def __post_init__(self):
        self.lines = self.text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()

    @property
    def suffix(self):
        return Path(self.path).suffix

    @property
    def name(self):
        return Path(self.path).name

    def is_cpp(self):
        return self.suffix in CPP

    def is_script(self):
        return self.suffix == "" and self.text.startswith("#!")

    def is_code(self):
        return self.suffix in CODE or self.name == "CMakeLists.txt" or self.is_script()

    def is_freestanding(self):
        return self.path.startswith(FREESTANDING_ROOMS)

    def code_lines(self):
        """C++ lines with comments and the insides of literals blanked; line numbers stay."""
        return blank_comments(self.text).split("\n")


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)


def blank_comments(text):
    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return "\n" * token.count("\n")
        return '""' + "\n" * token.count("\n") if token.startswith(('"', "R")) else "' '"
    # An include's quotes are not a literal.
    return re.sub(r'(?m)^(\s*#\s*include\s*)"([^"\n]*)"|' + TOKEN.pattern,
                  lambda m: m.group(0) if m.group(1) else blank(m), text, flags=re.S)


def load(root):
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(folder) / name
            try:
                text = path.read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError):
                continue  # a golden image, or a file that has just gone
            files.append(SourceFile(path.relative_to(root).as_posix(), text))
    return files
