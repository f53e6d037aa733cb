"""Code that looks written: seeded, with the lines that everybody writes among those that nobody writes twice."""

from __future__ import annotations

from random import Random

VERBS = (
    "load", "save", "parse", "build", "merge", "split", "check", "fetch", "render", "send", "count", "sort",
    "filter", "apply", "update", "remove",
)  # fmt: skip
NOUNS = (
    "order", "user", "invoice", "price", "report", "token", "session", "page", "item", "cart", "stock", "branch",
    "label", "event", "ticket",
)  # fmt: skip
KINDS = (
    "old", "new", "local", "remote", "open", "closed", "first", "last", "daily", "cached", "pending", "signed",
)  # fmt: skip
COMMON = (
    "    if not items:",
    "        return None",
    "        return []",
    "    try:",
    "    except ValueError:",
    "        raise",
    "    for item in items:",
    "        continue",
    "    else:",
    '    logger.debug("done")',
    "    return result",
    "    result = []",
)
HEADER = ("# Copyright by the authors of this project", "# SPDX-License-Identifier: MIT", "import logging", "")


def name(rng: Random) -> str:
    """An identifier; two are alike now and then, as in life."""
    return f"{rng.choice(VERBS)}_{rng.choice(KINDS)}_{rng.choice(NOUNS)}"


def line(rng: Random, indent: int = 4) -> str:
    """A line that says something of its own."""
    a, b, c = rng.choice(NOUNS), rng.choice(NOUNS), rng.choice(KINDS)
    form = rng.choice(
        (
            f"{c}_{a} = {name(rng)}({b}, {rng.randint(2, 99)})",
            f"{a}.{c}_{b} += {b}.amount * {rng.randint(2, 9999)}",
            f'logger.info("{c} {a} after {rng.randint(2, 999)} {b}s", {name(rng)})',
            f"{b}s['{c}'] = {a}['{name(rng)}']",
            f"assert {name(rng)}({a}) == {rng.randint(2, 99999)}",
        )
    )
    return " " * indent + form


def function(rng: Random) -> list[str]:
    """A function of 4 to 12 lines: some common ones, most its own."""
    lines = [f"def {name(rng)}({rng.choice(NOUNS)}, {rng.choice(KINDS)}):"]
    for _ in range(rng.randint(3, 11)):
        lines.append(rng.choice(COMMON) if rng.random() < 0.35 else line(rng))
    return [*lines, ""]


def module(rng: Random, functions: int) -> list[str]:
    """A file with the project's header."""
    return [*HEADER, *(each for _ in range(functions) for each in function(rng))]


def long_call(rng: Random) -> str:
    """A line that a formatter breaks."""
    words = ", ".join(f"{rng.choice(KINDS)}_{rng.choice(NOUNS)}_{rng.randint(2, 99)}" for _ in range(9))
    return f"    {name(rng)} = {name(rng)}({words})"


def formatted(lines: list[str]) -> list[str]:
    """What a formatter makes of lines: other quotes, other blanks, long calls one argument a line."""
    found: list[str] = []
    for each in lines:
        text = each.replace("'", '"').replace(" = ", "  = ").replace("    ", "  ")
        head, mark, rest = text.partition("(")
        if len(text) > 90 and mark and rest.endswith(")"):
            found += [f"{head}(", *(f"    {word.strip()}," for word in rest[:-1].split(",")), ")"]
        else:
            found.append(text)
    return found
