"""What a page is: rows of the store, names cut, a cursor of numbers to go on with, not more than one answer holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from messages.facade import RefusalCode
from messages.renderer_words import Data
from storage.connection import Database
from storage.identity import INTEGER_MAX

NAME_CHARS_MAX = 500
"""Of a title, a subject or a reason in a list."""


class BadPage(Exception):
    """What was asked for cannot be read. The text says why, in our own words."""

    def __init__(self, text: str, code: RefusalCode = "UNKNOWN_ID") -> None:
        super().__init__(text)
        self.code = code


def rows(database: Database, sql: str, *params: Any) -> list[Sequence[Any]]:
    """All rows of a statement that bounds them itself."""
    found: list[Sequence[Any]] = database.run(sql, params).fetchall()
    return found


def fitting(data: Data, bytes_max: int) -> str:
    """The data as JSON. Errors: BadPage when it is larger than one answer carries."""
    body = data.model_dump_json(by_alias=True)
    if len(body.encode()) > bytes_max:
        raise BadPage("this page does not fit one answer: ask for fewer rows", "TOO_LARGE")
    return body


@overload
def cut(text: str) -> str: ...
@overload
def cut(text: None) -> None: ...
@overload
def cut(text: Any) -> Any: ...
def cut(text: Any) -> Any:
    """A name for a list, NAME_CHARS_MAX at the most."""
    return None if text is None else text[:NAME_CHARS_MAX]


def numbers(cursor: str, count: int) -> list[int]:
    """The numbers of a cursor that we gave. Errors: BadPage when it is none of ours."""
    parts = cursor.split(".")
    told = [int(each) for each in parts if each.isascii() and each.isdigit() and len(each) <= 19]
    if len(parts) != count or len(told) != count or max(told) > INTEGER_MAX:
        raise BadPage("this cursor is none of ours: begin at the first page", "BAD_COMMAND")
    return told


def places(ids: Sequence[int]) -> str:
    """A place in the statement for each of these."""
    return ", ".join("?" * len(ids))
