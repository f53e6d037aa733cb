"""Assignments in any language: a name, a sign, a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.redacting.finding import Span
from storage.redacting.headers import cookies, credential
from storage.redacting.reading import (
    BLANKS,
    BLOCK_SCALAR,
    END_OF_CODE,
    JOINT,
    RUN,
    STRINGS_MAX,
    STRUCTURE,
    TAG,
    TYPED,
    VALUE_CHARS_MAX,
    end_of_pair,
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
from storage.redacting.validators import is_malformed
from storage.redacting.values import BARE, ENV, LINE, QUOTED, is_secret, looks_random
from storage.redacting.words import COOKIE, HEADER, PASSWORD, TOKEN, WEAK, kind


def assignment(view: str, end: int) -> Iterator[Span]:
    """`name = value`, `name: value`, `"name": "value"`, `name => value` and their kin, in any language."""
    size = len(view)
    if view[end - 1] in "\"'":
        sign = view.rfind("<-", end - 6, end) + 2
        first = sign - 2
    else:
        sign = end
        while sign < size and view[sign] in ":=>":
            sign += 1
        first = end - 1
        while first > 0 and view[first - 1] in ":=":
            first -= 1
    name, start = name_before(view, first)
    if not name:
        return
    what = kind(last_part(name))
    signs = view[first:sign]
    if not what:
        if name[-1] in "sS":
            yield from _several(view, sign, name)
        return
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
    if signs == ":" and view[start - 2 : start] == "${" and view[at] in "?+":
        # `${NAME:?message}`: the shell's words for a missing variable.
        return
    if view[at] in "(\\" and (broken := BLANKS.match(view, at + 1)) is not None:
        # `name = (` or `name = \\`, the value on the next line.
        if quoted_at(view, broken.end()) is None:
            return
        at = broken.end()
    elif view[at] in "!&" and (tag := TAG.match(view, at)) is not None:
        at = tag.end()
    if what == HEADER:
        yield from credential(view, at)
        return
    if what == COOKIE:
        yield from cookies(view, at)
        return
    yield from _value(view, at, what, name, start, sign, signs)


def _value(view: str, at: int, what: str, name: str, start: int, sign: int, signs: str) -> Iterator[Span]:
    if view[at] == "\\" and view[at + 1 : at + 2] not in "\\\"'`":
        at += 1
    quoted = quoted_at(view, at)
    if quoted is None and ":" in signs:
        typed = TYPED.match(view, at)
        if typed is not None:
            quoted = quoted_at(view, typed.end())
    if quoted is not None:
        lo, hi, after = quoted
        rule = rule_for(what, name)
        if is_malformed(name, view[lo:hi]):
            return
        if hi > lo and is_secret(view[lo:hi], what, QUOTED, named_secret=opens(name)):
            yield Span(lo, hi, STRUCTURE, rule)
            yield from _pieces(view, after, rule)
        return
    if view[at] in "[(":
        yield from _several(view, at, name)
        return
    block = BLOCK_SCALAR.match(view, at) if view[at] in ">|" else None
    if block is not None:
        for line in re.finditer(r"\S+", block["body"]):
            lo = block.start("body") + line.start()
            hi = block.start("body") + line.end()
            if is_secret(view[lo:hi], what, LINE) or hi - lo >= 40:
                yield Span(lo, hi, STRUCTURE, rule_for(what, name))
        return
    yield from _unquoted(view, at, what, name, start, sign, signs)


def _unquoted(view: str, at: int, what: str, name: str, start: int, sign: int, signs: str) -> Iterator[Span]:
    limit = min(len(view), at + VALUE_CHARS_MAX)
    before = view[line_start(view, start) : start]
    leading = before.strip(" \t+->*#$\"'`\\")
    lo = at
    tight = False
    if at == sign and signs == "=":
        tight = not start or view[start - 1] not in "(,."
        shape = ENV if tight and not ("(" in before and view[start - 1 : start] == " ") else BARE
        # Found in one go, because the rest of the line may be a whole minified program.
        if shape == ENV:
            hi = end_of_pair(view, lo, limit)
        else:
            stop = END_OF_CODE.search(view, lo, limit)
            hi = stop.start() if stop is not None else limit
    else:
        shape = BARE
        hi = lo
        if not leading and signs == ":":
            run = RUN.match(view, at, limit)
            if run is not None and ends_line(view, run.end()):
                shape, hi = LINE, run.end()
        if shape == BARE:
            stop = END_OF_CODE.search(view, lo, limit)
            hi = stop.start() if stop is not None else limit
    if hi == lo:
        return
    if view[start - 2 : start] == "${" and view[lo] == "-":
        # `${NAME:-default}`
        lo += 1
        closing = view.find("}", lo, hi)
        hi = closing if closing > lo else hi
    if signs == ":" and view[hi - 1] == ":":
        # `password: dependency:`, a name again.
        return
    hi = trimmed(view, lo, hi)
    value = view[lo:hi]
    if hi - lo < 4 or is_malformed(name, value):
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


def _pieces(view: str, after: int, rule: str) -> Iterator[Span]:
    """The rest of a value that is written as several strings in a row."""
    for _ in range(STRINGS_MAX):
        joint = JOINT.match(view, after)
        quoted = quoted_at(view, joint.end()) if joint is not None else None
        if quoted is None or not quoted[1] - quoted[0] >= 8 or not looks_random(view[quoted[0] : quoted[1]]):
            return
        yield Span(quoted[0], quoted[1], STRUCTURE, rule)
        after = quoted[2]


_NEXT = re.compile(r"[\s\[(]{0,64}")
_COMMA = re.compile(r"\s{0,16},\s{0,64}")


def _several(view: str, at: int, name: str) -> Iterator[Span]:
    """`PASSWORDS = ["…", "…"]`: each string of a list under a name that says what they are."""
    opening = _NEXT.match(view, at)
    if opening is None or not opening[0].strip():
        return  # most are counts, `"input_tokens": 12`: asked first, since it is the cheaper question
    what = kind(last_part(name)) or kind(last_part(name).removesuffix("S").removesuffix("s"))
    if what not in (PASSWORD, TOKEN, WEAK):
        return
    at = opening.end()
    for _ in range(STRINGS_MAX):
        quoted = quoted_at(view, at)
        if quoted is None:
            return
        lo, hi, at = quoted
        value = view[lo:hi]
        if is_secret(value, what, QUOTED) and " " not in value and looks_random(value):
            yield Span(lo, hi, STRUCTURE, rule_for(what, name))
        comma = _COMMA.match(view, at)
        if comma is None:
            return
        at = comma.end()
