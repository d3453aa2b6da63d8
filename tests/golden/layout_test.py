#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the layouts of abi/ with layout.txt: a change of format or ABI is then a visible change of a file.

layout_test.py OBJECT [--update]: the object file holds the debug information of all headers of abi/.
"""
import argparse
import difflib
import re
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).with_name("layout.txt")
HEADING = re.compile(r"\s*<(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \((DW_TAG_\w+)\)")
# Before the value: the form (newer binutils) and where the string stands.
FORM = re.compile(r"^(?:\(\w+\)\s*)?(?:\((?:indirect|offset|alt)[^)]*\): )?")
ATTRIBUTE = re.compile(r"\s*<[0-9a-f]+>\s+(DW_AT_\w+)\s*:\s*(.*)")


class Entry:
    """One entry of the debug information with its attributes and children."""

    def __init__(self, tag):
        self.tag, self.attributes, self.children = tag, {}, []

    def name(self):
        return self.attributes.get("DW_AT_name", "")

    def number(self, attribute):
        text = self.attributes.get(attribute)
        return None if text is None else int(text.split()[0], 0)


def read_entries(object_file):
    """All entries by their offset; the tree hangs together by `children`."""
    command = ["readelf", "--debug-dump=info", "--wide", object_file]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    entries, stack, current = {}, [], None
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading:
            depth, offset, tag = int(heading[1]), int(heading[2], 16), heading[3]
            current = entries[offset] = Entry(tag)
            del stack[depth:]
            if stack:
                stack[-1].children.append(current)
            stack.append(current)
        elif current and (attribute := ATTRIBUTE.match(line)):
            current.attributes[attribute[1]] = FORM.sub("", attribute[2]).strip()
    return entries


def type_of(entries, entry):
    reference = re.match(r"<0x([0-9a-f]+)>", entry.attributes.get("DW_AT_type", ""))
    return entries[int(reference[1], 16)] if reference else None


def size_of(entries, entry):
    size = entry.number("DW_AT_byte_size")
    if size is not None:
        return size
    inner = size_of(entries, type_of(entries, entry))
    if entry.tag == "DW_TAG_array_type":
        for bounds in entry.children:
            inner *= bounds.number("DW_AT_upper_bound") + 1
    return inner


def describe(entries, entry, scope):
    """Lines for the structures and enumerations below an entry whose scope is `scope`."""
    for child in entry.children:
        name = f"{scope}::{child.name()}"
        if child.tag == "DW_TAG_namespace" and child.name():
            yield from describe(entries, child, name)
        elif child.tag in ("DW_TAG_structure_type", "DW_TAG_class_type", "DW_TAG_enumeration_type"):
            yield from describe_type(entries, child, name)


def describe_type(entries, entry, name):
    if "DW_AT_declaration" in entry.attributes or "<" in name or not entry.name():
        return
    if entry.tag == "DW_TAG_enumeration_type":
        yield f"enum {name} size {size_of(entries, entry)}"
        for value in entry.children:
            yield f"    {value.name()} = {value.number('DW_AT_const_value')}"
        return
    members = [c for c in entry.children
               if c.tag == "DW_TAG_member" and "DW_AT_data_member_location" in c.attributes]
    if members:
        yield f"struct {name} size {size_of(entries, entry)}"
    for member in members:
        size = size_of(entries, type_of(entries, member))
        yield f"    {member.number('DW_AT_data_member_location')} {member.name()} size {size}"
    yield from describe(entries, entry, name)


def layout(object_file):
    entries = read_entries(object_file)
    blocks = {}
    for entry in entries.values():
        if entry.tag == "DW_TAG_namespace" and entry.name() == "abi":
            for line in describe(entries, entry, "abi"):
                if not line.startswith(" "):
                    block = blocks[line] = []  # the heading line; a type described twice counts once
                block.append(line)
    return [line for heading in sorted(blocks) for line in blocks[heading]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("object")
    parser.add_argument("--update", action="store_true", help="write layout.txt")
    arguments = parser.parse_args()
    lines = layout(arguments.object)
    if arguments.update:
        GOLDEN.write_text("\n".join(lines) + "\n")
    golden = GOLDEN.read_text().splitlines() if GOLDEN.exists() else []
    difference = list(difflib.unified_diff(golden, lines, "layout.txt", "abi/", lineterm="", n=2))
    types = sum(1 for line in lines if not line.startswith(" "))
    if not difference and types:
        print(f"golden layout: {types} types as in layout.txt")
        return 0
    print("\n".join(difference))
    print("golden layout: FAIL. A change of format or ABI raises a revision in abi/revision.hpp; then\n"
          f"  write the table with: python3 tests/golden/layout_test.py {arguments.object} --update")
    return 1


if __name__ == "__main__":
    sys.exit(main())
