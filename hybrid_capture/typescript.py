"""JSON Schema, as pydantic prints it for our messages, in the words of TypeScript. Pure; knows no message.

Only what those schemas use is known. Anything else is an AssertionError: a contract that says `any` would be none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

Schema = Mapping[str, Any]
WIDTH = 120


def interface(name: str, schema: Schema, words: Mapping[frozenset[str], str], required: Iterable[str]) -> list[str]:
    """One `export interface`, each field with its comment. `required` are fields that are always there."""
    needed = set(required)
    lines = [*comment(schema.get("description", "")), f"export interface {name} {{"]
    for field, each in schema.get("properties", {}).items():
        lines += comment(" ".join(filter(None, (each.get("description", ""), bounds(each)))), "  ")
        lines.append(f"  readonly {field}{'' if field in needed else '?'}: {type_of(each, words)};")
    return [*lines, "}", ""]


def union(name: str, members: Iterable[str], text: str) -> list[str]:
    """One `export type` of alternatives, on one line if it fits."""
    parts = list(members)
    line = f"export type {name} = {' | '.join(parts)};"
    if len(line) <= WIDTH:
        return [*comment(text), line, ""]
    return [*comment(text), f"export type {name} =", *(f"  | {each}" for each in parts[:-1]), f"  | {parts[-1]};", ""]


def comment(text: str, indent: str = "") -> list[str]:
    """A doc comment; none without a text."""
    words = text.replace("*/", "* /").split()
    if not words:
        return []
    if len(line := f"{indent}/** {' '.join(words)} */") <= WIDTH:
        return [line]
    lines, row = [f"{indent}/**"], f"{indent} *"
    for word in words:
        if len(row) + 1 + len(word) > WIDTH:
            lines.append(row)
            row = f"{indent} *"
        row += f" {word}"
    return [*lines, row, f"{indent} */"]


def bounds(schema: Schema) -> str:
    """What TypeScript cannot say of a value."""
    if "anyOf" in schema:
        return " ".join(filter(None, (bounds(each) for each in schema["anyOf"])))
    told = []
    if "maxLength" in schema:
        told.append(f"At most {schema['maxLength']:,} characters.")
    if "maxItems" in schema and "prefixItems" not in schema:
        told.append(f"At most {schema['maxItems']:,}.")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        told.append(f"{low:,} to {high:,}.")
    elif low is not None:
        told.append(f"At least {low:,}.")
    elif high is not None:
        told.append(f"At most {high:,}.")
    return " ".join(told)


def type_of(schema: Schema, words: Mapping[frozenset[str], str]) -> str:
    """The type of one value. `words` names closed sets of strings that have a name."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        values = schema["enum"]
        return words.get(frozenset(map(str, values))) or " | ".join(literal(value) for value in values)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(type_of(each, words) for each in schema[several]))
    kind = schema.get("type")
    if kind == "array":
        return _array(schema, words)
    if kind == "object":
        return _record(schema, words)
    if kind is None:
        assert not set(schema) - {"title", "description", "default"}, f"no TypeScript for {sorted(schema)}"
        return "unknown"
    return _SIMPLE[kind]


def literal(value: object) -> str:
    """A value as a type."""
    return orjson.dumps(value).decode()


def _array(schema: Schema, words: Mapping[frozenset[str], str]) -> str:
    if "prefixItems" in schema:
        return f"readonly [{', '.join(type_of(each, words) for each in schema['prefixItems'])}]"
    inner = type_of(schema.get("items", {}), words)
    return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"


def _record(schema: Schema, words: Mapping[frozenset[str], str]) -> str:
    assert "properties" not in schema, "an object with fields is a model of its own"
    values = schema.get("additionalProperties", {})
    inner = type_of(values, words) if isinstance(values, Mapping) else "unknown"
    return f"Readonly<Record<string, {inner}>>"


_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
