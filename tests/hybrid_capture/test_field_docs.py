"""Docstrings of fields, as they stand in the source."""

from __future__ import annotations

from pydantic import BaseModel

from hybrid_capture.field_docs import field_docs


class FieldsOfATest(BaseModel):
    plain: int
    told: int
    """What it is,
    on two lines."""
    first: int
    second: int
    """Of both, if asked."""


class FieldsOfAnHeir(FieldsOfATest):
    own: int
    """Its own."""


def test_a_docstring_belongs_to_the_field_above_it() -> None:
    docs = {"told": "What it is, on two lines.", "second": "Of both, if asked."}
    assert field_docs(FieldsOfATest) == docs
    assert field_docs(FieldsOfAnHeir) == {**docs, "own": "Its own."}


def test_grouped_it_belongs_to_all_that_stand_above_it() -> None:
    docs = field_docs(FieldsOfATest, grouped=True)
    assert docs["first"] == docs["second"] == "Of both, if asked."
    assert docs["plain"] == docs["told"]
