"""JSON Schema in the words of TypeScript."""

from __future__ import annotations

from typing import Any

import pytest

from hybrid_capture.typescript import bounds, comment, interface, type_of, union

WORDS = {frozenset({"a", "b"}): "Letter"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer", "minimum": 0}, "number"),
        ({"type": "boolean", "default": False}, "boolean"),
        ({"const": "x", "type": "string"}, '"x"'),
        ({"enum": ["b", "a"], "type": "string"}, "Letter"),
        ({"enum": ["a", "c"], "type": "string"}, '"a" | "c"'),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "number | null"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        ({"$ref": "#/$defs/Status"}, "Status"),
        ({"type": "array", "items": {"$ref": "#/$defs/Line"}}, "readonly Line[]"),
        ({"type": "array", "items": {"enum": ["a", "c"]}}, 'readonly ("a" | "c")[]'),
        ({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, "readonly (readonly number[])[]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}, "readonly [string, number]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "Readonly<Record<string, number>>"),
        ({"type": "object", "additionalProperties": True}, "Readonly<Record<string, unknown>>"),
        ({"title": "Anything"}, "unknown"),
    ],
)
def test_a_schema_has_one_type(schema: dict[str, Any], told: str) -> None:
    assert type_of(schema, WORDS) == told


def test_what_is_not_known_is_a_mistake_and_no_any() -> None:
    with pytest.raises(AssertionError, match="no TypeScript for"):
        type_of({"not": {"type": "string"}}, WORDS)
    with pytest.raises(AssertionError, match="a model of its own"):
        type_of({"type": "object", "properties": {"x": {}}}, WORDS)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"maxLength": 60_000}, "At most 60,000 characters."),
        ({"minimum": 1, "maximum": 500}, "1 to 500."),
        ({"minimum": 0}, "At least 0."),
        ({"maximum": 9}, "At most 9."),
        ({"anyOf": [{"maxLength": 200}, {"type": "null"}]}, "At most 200 characters."),
        ({"type": "string"}, ""),
    ],
)
def test_bounds_that_typescript_cannot_say_stand_in_the_comment(schema: dict[str, Any], told: str) -> None:
    assert bounds(schema) == told


def test_an_interface_marks_what_may_be_left_out() -> None:
    schema = {"description": "A thing.", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    assert interface("Thing", schema, {}, ["a"]) == [
        "/** A thing. */", "export interface Thing {", "  readonly a: string;", "  readonly b?: number;", "}", "",
    ]  # fmt: skip


def test_a_union_is_broken_when_it_is_long() -> None:
    assert union("U", ["A", "B"], "") == ["export type U = A | B;", ""]
    long = union("U", ["A" * 70, "B" * 70], "Two.")
    assert long == ["/** Two. */", "export type U =", f"  | {'A' * 70}", f"  | {'B' * 70};", ""]


def test_a_comment_cannot_be_left_by_what_it_says() -> None:
    assert comment("ends */ here") == ["/** ends * / here */"]
    assert comment("") == []
    assert all(len(line) <= 120 for line in comment("word " * 100, "  "))
