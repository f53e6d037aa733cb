"""Patterns for texts that are looked for as they stand, whatever is in them. Pure text.

What either engine folds by itself are the letters A to Z. SQLite leaves all others as they are, and a server may
(locale C); so a text with such letters is looked for by a pattern that has each of them in both cases.
"""

from __future__ import annotations

from typing import Literal

_SPECIAL = {"sqlite": "*?[", "postgres": "\\^$.|?*+()[]{}"}
"""Characters that mean something in a GLOB, and in a server's regular expression."""


def like(text: str) -> str:
    """For LIKE ... ESCAPE '!'. U+0000 is left out: SQLite takes it for the end."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("\x00", "")


def anywhere(dialect: Literal["sqlite", "postgres"], said: str, text: str) -> tuple[str, str]:
    """The condition by which the SQL expression `said` has the text in it, whatever their case, and its parameter."""
    cases = [_cases(letter) for letter in text if letter != "\x00"]
    if all(len(each) == 1 for each in cases):
        return f"lower({said}) LIKE ? ESCAPE '!'", f"%{like(text.lower())}%"
    pattern = "".join(_one_of(each, _SPECIAL[dialect], dialect) for each in cases)
    return (f"lower({said}) GLOB ?", f"*{pattern}*") if dialect == "sqlite" else (f"lower({said}) ~ ?", pattern)


def _cases(letter: str) -> str:
    """The letter in each of its cases, as they can stand in a text whose A to Z are small."""
    if letter.isascii():
        return letter.lower()
    return "".join(sorted({each for each in (letter, letter.lower(), letter.upper()) if len(each) == 1}))


def _one_of(cases: str, special: str, dialect: str) -> str:
    if len(cases) > 1:
        return f"[{cases}]"
    if cases in special:
        return f"[{cases}]" if dialect == "sqlite" else f"\\{cases}"
    return cases
