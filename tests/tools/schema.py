# SPDX-License-Identifier: Apache-2.0
"""Validates JSON documents against schemas, in as much of JSON Schema's language as ours use. A word that it
does not know is an error, so that no schema asks for what nobody checks."""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "schemas"
KNOWN = {"$comment", "type", "const", "enum", "pattern", "minimum", "maximum", "properties", "required",
         "additionalProperties", "items", "minItems"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Mismatch(Exception):
    """The document is not what the schema says, or the schema is wrong."""


def has_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def expect(holds, at, text):
    if not holds:
        raise Mismatch(f"{at}: {text}")


def validate(value, schema, at="$"):
    expect(set(schema) <= KNOWN, at, f"unknown words in the schema: {set(schema) - KNOWN}")
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        expect(any(has_type(value, name) for name in names), at, f"{value!r} is no {names}")
    expect("const" not in schema or value == schema["const"], at, f"{value!r} is not {schema.get('const')!r}")
    expect(value in schema.get("enum", [value]), at, f"{value!r} is not one of {schema.get('enum')}")
    if isinstance(value, str) and "pattern" in schema:
        expect(re.search(schema["pattern"], value), at, f"{value!r} does not match {schema['pattern']}")
    if isinstance(value, int):
        expect(value >= schema.get("minimum", value), at, f"{value} is below {schema.get('minimum')}")
        expect(value <= schema.get("maximum", value), at, f"{value} is above {schema.get('maximum')}")
    if isinstance(value, dict):
        validate_object(value, schema, at)
    if isinstance(value, list):
        expect(len(value) >= schema.get("minItems", 0), at, f"{len(value)} items are too few")
        for index, item in enumerate(value):
            validate(item, schema.get("items", {}), f"{at}[{index}]")


def validate_object(value, schema, at):
    properties, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        expect(name in value, at, f"'{name}' is missing")
    for name, item in value.items():
        if name in properties:
            validate(item, properties[name], f"{at}.{name}")
        else:
            expect(other is not False, at, f"'{name}' is not in the schema")
            validate(item, {} if other is True else other, f"{at}.{name}")


def validate_document(text):
    """The text of one document, against the schema that it names; its name and the document."""
    document = json.loads(text)
    name = re.fullmatch(r"stele\.([a-z]+)/1", document["schema"])[1]
    with open(FOLDER / f"{name}.json") as file:
        validate(document, json.load(file))
    return name, document
