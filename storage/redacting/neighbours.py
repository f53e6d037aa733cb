"""Names and values side by side without a sign between them: flags, arguments, table cells, elements, sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.redacting.finding import Span
from storage.redacting.headers import credential
from storage.redacting.reading import (
    RUN,
    STRUCTURE,
    VALUE_CHARS_MAX,
    ends_line,
    last_part,
    line_start,
    opens,
    quoted_at,
    rule_for,
    trimmed,
)
from storage.redacting.values import BARE, ENV, LINE, QUOTED, is_secret, looks_random
from storage.redacting.words import COOKIE, HEADER, PASSWORD, TOKEN, kind


def flag(view: str, end: int) -> Iterator[Span]:
    """`--password value` and `-token value`."""
    begin = end - 1
    while begin > 0 and view[begin - 1] not in " \t":
        begin -= 1
    at = begin
    back = begin
    while back > 0 and view[back - 1] in " \t":
        back -= 1
    word = back
    while word > 0 and (view[word - 1].isalnum() or view[word - 1] in "-_"):
        word -= 1
    name = view[word:back]
    if not name.startswith("-"):
        return
    what = kind(name.strip("-"))
    if what not in (PASSWORD, TOKEN):
        return
    quoted = quoted_at(view, at)
    if quoted is not None:
        lo, hi, _ = quoted
        if is_secret(view[lo:hi], what, QUOTED) and " " not in view[lo:hi].strip():
            yield Span(lo, hi, STRUCTURE, rule_for(what, name))
        return
    run = RUN.match(view, at, min(len(view), at + VALUE_CHARS_MAX))
    if run is None:
        return
    lo, hi = run.start(), trimmed(view, run.start(), run.end())
    value = view[lo:hi]
    if value[:1] in "-|&<>":
        return
    if is_secret(value, what, ENV, upper=True) and (any(not c.isalpha() for c in value) or looks_random(value)):
        yield Span(lo, hi, STRUCTURE, rule_for(what, name))


_PAIR = re.compile(
    r"(?P<name>[A-Za-z0-9_.:-]{2,100})\\{0,4}[\"'`]?[\s,;]{1,60}(?:\\{0,4}[\"']?(?:type|sensitive|secure|hidden|sl"
    r"ot|description)\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"']?[\w ]{1,24}\\{0,4}[\"']?[\s,;]{1,40})?"
    r"\\{0,4}[\"']?(?:value|val|content|secret|default|plaintext|data)\\{0,4}[\"']?\s{0,4}[:=]$",
    re.I,
)


def pair(view: str, end: int) -> Iterator[Span]:
    """`name: DB_PASSWORD, value: x`: the name stands in one field, the secret in the next."""
    head = view[max(0, end - 240) : end]
    match = _PAIR.search(head)
    if match is None:
        return
    name = match["name"]
    what = kind(last_part(name))
    if what not in (PASSWORD, TOKEN):
        return
    at = end
    while at < len(view) and view[at] in " \t":
        at += 1
    if at >= len(view):
        return
    quoted = quoted_at(view, at)
    if quoted is not None:
        lo, hi, _ = quoted
        if hi > lo and is_secret(view[lo:hi], what, QUOTED):
            yield Span(lo, hi, STRUCTURE, rule_for(what, name))
        return
    run = RUN.match(view, at, min(len(view), at + VALUE_CHARS_MAX))
    if run is not None:
        lo, hi = run.start(), trimmed(view, run.start(), run.end())
        if is_secret(view[lo:hi], what, LINE if ends_line(view, hi) else BARE, upper=name.isupper()):
            yield Span(lo, hi, STRUCTURE, rule_for(what, name))


_CALL_BACK = re.compile(r"[ \t\r\n]{0,4}[\"'`]\\{0,4}(?P<name>[A-Za-z0-9_.-]{2,100})")


def call(view: str, end: int) -> Iterator[Span]:
    """`setProperty("api_token", "value")`: name and value are neighbouring arguments."""
    comma = view.rfind(",", max(0, end - 20), end)
    if comma < 0:
        return
    found = _CALL_BACK.match(view[max(0, comma - 120) : comma][::-1])
    if found is None:
        return
    name = found["name"][::-1]
    if view[max(0, comma - found.end() - 1) : comma - found.end()] == "/":
        return  # `readFile('/etc/passwd', 'utf8')`
    what = kind(last_part(name))
    at = comma + 1
    while at < min(len(view), comma + 6) and view[at] in " \t\r\n":
        at += 1
    quoted = quoted_at(view, at)
    if what in ("", COOKIE) or quoted is None:
        return
    lo, hi, _ = quoted
    value = view[lo:hi]
    if what == HEADER:
        yield from credential(view, at)
    elif (
        is_secret(value, what, QUOTED)
        and " " not in value
        and any(c.isdigit() for c in value)
        and (what == PASSWORD or looks_random(value))
    ):
        yield Span(lo, hi, STRUCTURE, rule_for(what, name))


_ELEMENT = re.compile(
    r"<(?P<name>[A-Za-z][\w.:-]{1,100})(?:[ \t][^<>\n]{0,200})?>\s{0,64}(?P<v>[^<>\s][^<>\n]{0,4096}?)\s{0,64}(?:<|\Z)"
)


def element(view: str, end: int) -> Iterator[Span]:
    """`<password>value</password>`, also with the value on a line of its own."""
    begin = view.rfind("<", max(0, end - 420), max(0, end - 1))
    match = _ELEMENT.match(view, begin) if begin >= 0 else None
    if match is None or view[begin - 1 : begin] == ":":
        return
    what = kind(last_part(match["name"].rpartition(":")[2]))
    if what in (PASSWORD, TOKEN) and is_secret(match["v"], what, QUOTED, named_secret=opens(match["name"])):
        yield Span(*match.span("v"), STRUCTURE, rule_for(what, match["name"]))


_SAYS = re.compile(
    r"(?i)(?:password|passwd|passphrase|passcode|pwd|secret|token|api[ _-]?key|credential)s?[ \t](?:[^\n.;:=]"
    r"{0,60}?[ \t\"'])?(?:(?:is|was|to|be)[ \t:]{1,4}|[\w.@'\"-]{1,40}:[ \t]{1,4})"
    r"(?P<q>\\{0,4}[\"'`*]{0,3})(?P<v>[^\s\"'`]{6,256})"
)


def prose(view: str, end: int) -> Iterator[Span]:
    """ "the password is ..." in a sentence. Only values no sentence would hold."""
    begin = max(line_start(view, end), end - 100)
    stop = min(len(view), end + 300)
    at = begin
    while True:
        match = _SAYS.search(view, at, stop)
        if match is None:
            return
        # Sentences overlap: "set the token to be ...". Each word of the sentence may be the one that tells.
        at = match.start("v")
        lo, hi = match.span("v")
        hi = trimmed(view, lo, hi)
        while hi > lo and view[hi - 1] in "*?!" and match["q"]:
            hi -= 1
        value = view[lo:hi]
        if not is_secret(value, PASSWORD, BARE) or re.search(r"[(){}\[\]]|^\w+=", value):
            continue
        digits = sum(c.isdigit() for c in value)
        special = any(not c.isalnum() and c not in "._-/:" for c in value)
        if looks_random(value) or (digits and special) or (match["q"] and digits and len(value) >= 8):
            yield Span(lo, hi, STRUCTURE, "password")


_CELL = re.compile(
    r"[ \t*]{0,40}(?P<q>[`\"']?)(?P<v>[^\s|`\"']{5,256})[`\"']?[ \t*]{0,200}(?:[|]|$)",
    re.M,
)


def cell(view: str, end: int) -> Iterator[Span]:
    """A table row: the name in one cell, the value in the next."""
    bar = end - 2
    back = bar - 1 if view.startswith("->", bar - 1) else bar
    begin = max(0, back - 130)
    while back > begin and view[back - 1] in " \t*`":
        back -= 1
    word = back
    while word > begin and (view[word - 1].isalnum() or view[word - 1] in "_.-"):
        word -= 1
    name = view[word:back]
    what = kind(last_part(name)) if len(name) >= 3 else ""
    if what not in (PASSWORD, TOKEN):
        return
    match = _CELL.match(view, end - 1, min(len(view), end + 560))
    if match is None:
        return
    lo, hi = match.span("v")
    if is_secret(view[lo:hi], what, BARE) and any(c.isdigit() for c in view[lo:hi]):
        yield Span(lo, hi, STRUCTURE, rule_for(what, name))


def setting(view: str, end: int) -> Iterator[Span]:
    """`ENV NAME value`, `setx NAME value`, `set -gx NAME value`: a blank is the sign."""
    back = end - 1
    while back > 0 and view[back - 1] in " \t":
        back -= 1
    word = back
    while word > 0 and (view[word - 1].isalnum() or view[word - 1] in "_.-"):
        word -= 1
    name = view[word:back]
    what = kind(last_part(name))
    if what not in (PASSWORD, TOKEN):
        return
    quoted = quoted_at(view, end - 1)
    if quoted is not None:
        lo, hi, _ = quoted
    else:
        run = RUN.match(view, end - 1, min(len(view), end + VALUE_CHARS_MAX))
        if run is None:
            return
        lo, hi = run.start(), trimmed(view, run.start(), run.end())
    if is_secret(view[lo:hi], what, ENV, upper=True, named_secret=opens(name)) and (
        name.isupper() or not view[lo:hi].isalpha()
    ):
        yield Span(lo, hi, STRUCTURE, rule_for(what, name))
