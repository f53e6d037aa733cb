"""What is looked for is found as it stands, in whatever case, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.connection import Database
from storage.database import open_writer
from storage.patterns import anywhere, like


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    opened = open_writer(place)
    yield opened
    opened.close()


def has(database: Database, said: str, text: str) -> bool:
    condition, pattern = anywhere(database.dialect, "CAST(? AS TEXT)", text)
    [(found,)] = database.run(f"SELECT count(*) FROM (SELECT 1) AS one WHERE {condition}", (said, pattern)).fetchall()
    return bool(found)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Fix the Checkout", "CHECK"),
        ("Ärger mit Öl", "ärger"),
        ("Ärger mit Öl", "Ärger"),
        ("ärger", "ÄRGER"),
        ("Straße", "straße"),
        ("Привет, мир", "ПРИВЕТ"),
        ("日本語の題", "日本"),
        ("100% of_a [ä*b] (Ä?c) \\ö^$.|+{}!", "% of_a [Ä*b] (ä?C) \\Ö^$.|+{}!"),
    ],
)
def test_a_text_is_found_in_whatever_case_it_stands(database: Database, said: str, text: str) -> None:
    assert has(database, f"before {said} behind", text)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("fix", "fax"),
        ("Arger", "ärger"),
        ("1000 of ä", "100% of ä"),
        ("ofxa ä", "of_a ä"),
        ("aXbä", "a*bä"),
        ("abä", "a?bä"),
        ("aä", "[ab]ä"),
        ("ab", "a.ä|b"),
    ],
)
def test_nothing_that_is_typed_means_something_else(database: Database, said: str, text: str) -> None:
    assert not has(database, said, text)


def test_what_like_takes_for_signs_is_taken_as_it_stands() -> None:
    assert like("100%_!\x00") == "100!%!_!!"
