# SPDX-License-Identifier: Apache-2.0
"""System descriptions (images/*.toml) as tests read and change them."""
import re
import tomllib
from pathlib import Path


def text_of(path):
    """The text, with the names of included files made absolute: good in any folder."""
    path = Path(path).resolve()

    def absolute(match):
        return re.sub(r'"([^"]+)"', lambda name: f'"{path.parent / name[1]}"', match[0])
    return re.sub(r"^include = \[[^\]]*\]", absolute, path.read_text(), flags=re.MULTILINE)


def processes_of(path, seen=None):
    """The processes, those of included files first, each file once."""
    path, seen = Path(path).resolve(), set() if seen is None else seen
    if path in seen:
        return []
    seen.add(path)
    description = tomllib.loads(path.read_text())
    included = [process for name in description.get("include", [])
                for process in processes_of(path.parent / name, seen)]
    return included + description.get("process", [])
