"""Assignments in any language: a name, a sign, a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.redacting.finding import Span
from storage.redacting.headers import cookies, credential
from storage.redacting.reading import (
    BLOCK_SCALAR,
    CUT_CODE,
    CUT_PAIR,
    RUN,
    STRUCTURE,
    TYPED,
    VALUE_CHARS_MAX,
    ends_line,
    ends_pair,
    last_part,
    line_start,
    name_before,
    opens,
    quoted_at,
    rule_for,
    trimmed,
)
from storage.redacting.values import BARE, ENV, LINE, QUOTED, is_secret
from storage.redacting.words import COOKIE, HEADER, PASSWORD, TOKEN, kind


def assignment(view: str, end: int) -> Iterator[Span]:
    """`name = value`, `name: value`, `"name": "value"`, `name => value` and their kin, in any language."""
    sign = end
    size = len(view)
    while sign < size and view[sign] in ":=>":
        sign += 1
    first = end - 1
    while first > 0 and view[first - 1] in ":=":
        first -= 1
    name, start = name_before(view, first)
    if not name:
        return
    what = kind(last_part(name))
    if not what:
        return
    signs = view[first:sign]
    if signs in ("==", "===") and what == PASSWORD:
        what = TOKEN
    if (signs.startswith("::") and "=" not in signs) or (
        (view[start - 1 : start] == ":" and (signs == ":" or view[start - 2 : start - 1] == ":"))
        and not view.startswith("_", start)
    ):
        # `Type::Name`, `arn:aws:secretsmanager:…:secret:name`: a path, not a field.
        return
    at = sign
    while at < size and view[at] in " \t":
        at += 1
    if at >= size or view[at] in "\r\n":
        return
    if what == HEADER:
        yield from credential(view, at)
        return
    if what == COOKIE:
        yield from cookies(view, at)
        return
    yield from _value(view, at, what, name, start, sign, signs)


def _value(view: str, at: int, what: str, name: str, start: int, sign: int, signs: str) -> Iterator[Span]:
    size = len(view)
    if view[at] == "\\" and view[at + 1 : at + 2] not in "\\\"'`":
        at += 1
    quoted = quoted_at(view, at)
    if quoted is None and ":" in signs:
        typed = TYPED.match(view, at)
        if typed is not None:
            quoted = quoted_at(view, typed.end())
    if quoted is not None:
        lo, hi, _ = quoted
        if hi > lo and is_secret(view[lo:hi], what, QUOTED, named_secret=opens(name)):
            yield Span(lo, hi, STRUCTURE, rule_for(what, name))
        return
    block = BLOCK_SCALAR.match(view, at) if view[at] in ">|" else None
    if block is not None:
        for line in re.finditer(r"\S+", block["body"]):
            lo = block.start("body") + line.start()
            hi = block.start("body") + line.end()
            if is_secret(view[lo:hi], what, LINE) or hi - lo >= 40:
                yield Span(lo, hi, STRUCTURE, rule_for(what, name))
        return
    run = RUN.match(view, at, min(size, at + VALUE_CHARS_MAX))
    if run is None:
        return
    lo, hi = run.span()
    tight = (
        at == sign and signs == "=" and view[start - 1 : start] not in ("(", ",", ".")
        if start
        else at == sign and signs == "="
    )
    before = view[line_start(view, start) : start]
    leading = before.strip(" \t+->*#$\"'`\\")
    if tight or (at == sign and signs == "="):
        shape = ENV if tight and not ("(" in before and view[start - 1 : start] == " ") else BARE
        cut = CUT_PAIR.search(view, lo, hi)
        if cut is not None:
            hi = cut.start()
        if shape == BARE:
            code = CUT_CODE.search(view, lo, hi)
            if code is not None:
                hi = code.start()
    elif not leading and signs == ":" and ends_line(view, hi):
        shape = LINE
    else:
        shape = BARE
        code = CUT_CODE.search(view, lo, hi)
        if code is not None:
            hi = code.start()
    hi = trimmed(view, lo, hi)
    value = view[lo:hi]
    if hi - lo < 4:
        return
    upper = name.isupper() or (
        tight
        and leading
        in ("export", "set", "ENV", "ARG", "-e", "--env", "env", "setx", "--build-arg", "--set", "declare -x")
    )
    if (
        not upper
        and tight
        and what == PASSWORD
        and shape == ENV
        and "(" not in before
        and ends_pair(view, hi)
        and (not leading or "=" in before)
    ):
        # `user=app password=words dbname=x`: a connection string, not a program.
        upper = bool(re.search(r"[=;]", before)) or not leading
    if is_secret(value, what, shape, upper=upper, named_secret=opens(name)):
        yield Span(lo, hi, STRUCTURE, rule_for(what, name))
