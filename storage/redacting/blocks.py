"""Secrets that run over lines: private keys, Kubernetes secrets, base64 wrappings. Each reader is linear in what it
reads."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

from storage.redacting.finding import Span
from storage.redacting.validators import unbase64

BLOCK = 1
KEY_LINES_MAX = 2000
"""Longest private key read, in lines. Far above any real key (an armoured 16-kilobit PGP key has about 150)."""
WRAPPED_CHARS_MAX = 65536
"""Longest base64 run that is unwrapped."""
DOCUMENT_CHARS = 65536
"""How far around `kind: Secret` its data are looked for."""
DEPTH_MAX = 2
"""How many base64 wrappings are opened."""

_WHAT = r"(?:(?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V1)"
DASHES = 5
"""Before and after the words of such a line, or one less."""
_BEGIN = re.compile(rf"-{{4,5}}[ ]?BEGIN {_WHAT}[ ]?-{{4,5}}")
_END = re.compile(rf"-{{4,5}}[ ]?END {_WHAT}[ ]?-{{4,5}}")
_LINE_EDGE = r"[ \t\r>|*#\"'`,+\\-]*(?:[0-9]{1,6}[:|)]?[ \t]{1,8}|[0-9]{1,6}[:|-])?[ \t>|*#\"'`,\\+-]*"
_KEY_LINE = re.compile(_LINE_EDGE + r"(?P<body>[0-9A-Za-z+/=]{1,4096})[ \t\r\"'`,;+\\)-]*(?:\.join|\.replace)?$")
_KEY_HEADER = re.compile(
    _LINE_EDGE
    + r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID|Key-Info|X-[A-Za-z-]{1,30})[:=?][^\n]{0,200}$"
)
_BLANK_LINE = re.compile(r"[ \t\r>|*#\"'`,+?\\-]*$")
_BASE64_RUN = re.compile(r"[0-9A-Za-z+/]{16}")


def private_key(view: str) -> Iterator[Span]:
    """Private keys in PEM and OpenPGP armour: whole, cut off at either end, escaped, indented, quoted, in a diff."""
    tails = [found.span() for found in _END.finditer(view)]
    whole: list[tuple[int, int]] = []
    at = 0
    for begin in _BEGIN.finditer(view):
        if begin.start() < at:
            continue
        # Read on from there in any case: before an END without a key there is none for the BEGINs in between either.
        at, seen = _key_body(view, begin.end(), tails)
        if seen:
            whole.append((begin.start(), at))
            yield Span(begin.start(), at, BLOCK, "private-key")
    at = number = 0
    for low, high in tails:
        while number < len(whole) and whole[number][0] < low:
            at = max(at, whole[number][1])
            number += 1
        start = _key_body_before(view, low, at) if low >= at else None
        if start is not None:
            yield Span(start, high, BLOCK, "private-key")
            at = high


def _tail_within(tails: list[tuple[int, int]], low: int, high: int) -> tuple[int, int] | None:
    """The first END line of `tails` that lies between; its first dash may belong to what is before."""
    at = bisect_left(tails, (low - DASHES, 0))
    while at < len(tails) and tails[at][1] <= low:
        at += 1
    return tails[at] if at < len(tails) and tails[at][1] <= high else None


def _key_body(view: str, at: int, tails: list[tuple[int, int]]) -> tuple[int, bool]:
    """Where the body that follows a BEGIN line ends, and whether it holds key material."""
    size = len(view)
    done = at
    seen = False
    odd = 0
    for _ in range(KEY_LINES_MAX):
        if at >= size:
            break
        stop = view.find("\n", at)
        stop = size if stop < 0 else stop
        tail = _tail_within(tails, at, min(stop, at + 262144))
        if tail is not None:
            seen = seen or _BASE64_RUN.search(view, at, tail[0]) is not None
            return tail[1], seen
        line = view[at : min(stop, at + 8192)]
        body = _KEY_LINE.match(line)
        if body is not None and (
            len(body["body"]) >= 16 or (seen and len(body["body"]) >= 1 and _is_last_key_line(body["body"]))
        ):
            seen = True
            odd = 0
            done = at + body.end("body")
        elif _KEY_HEADER.match(line) or _BLANK_LINE.match(line):
            pass
        else:
            run = re.match(_LINE_EDGE + r"(?P<body>[0-9A-Za-z+/=]{24,})", line)
            if run is not None:
                seen = True
                done = at + run.end("body")
                if stop == size or len(line) > run.end("body") + 64:
                    break
            elif seen and re.match(r"[ \t>|+#\"'-]*(?:\.\.\.|\[|<|\u2026|\?\?\?)", line) and odd < 2:
                odd += 1
            else:
                break
        at = stop + 1
    return done, seen


def _is_last_key_line(body: str) -> bool:
    return (
        body.startswith("=")
        or body.endswith("=")
        or any(c.isdigit() or c in "+/" for c in body)
        or any(c.isupper() for c in body[1:])
    )


def _key_body_before(view: str, stop: int, floor: int) -> int | None:
    """Where the body before an END line starts when its BEGIN line is missing, not before `floor`; None when there is
    none."""
    start: int | None = None
    line_end = view.rfind("\n", max(floor, stop - 8192), stop)
    for _ in range(KEY_LINES_MAX):
        if line_end < 0:
            break
        low = max(floor, line_end - 8192)
        line_start = view.rfind("\n", low, line_end) + 1 or low
        body = _KEY_LINE.match(view[line_start:line_end])
        if body is None or (len(body["body"]) < 16 and start is not None) or len(body["body"]) > 100:
            break
        if len(body["body"]) >= 40 or start is None:
            start = line_start + body.start("body")
        else:
            break
        line_end = line_start - 1 if line_start > floor else -1
    if start is None or _BASE64_RUN.search(view, start, stop) is None:
        return None
    return start


_PUTTY = re.compile(r"Private-Lines:[ \t]*[0-9]{1,4}[ \t\r]*\n(?P<v>(?:[ \t]*[0-9A-Za-z+/=]{1,76}[ \t\r]*\n?){1,400})")


def putty_key(view: str) -> Iterator[Span]:
    """The private part of a PuTTY key file."""
    for match in _PUTTY.finditer(view):
        yield Span(match.start("v"), match.end("v"), BLOCK, "private-key")


_SECRET_KIND = re.compile(
    r"(?i)\bkind\\{0,4}[\"']?[ \t]{0,4}:[ \t]{0,4}\\{0,4}[\"']?secret\\{0,4}[\"']?[ \t\r]*(?=$|[\n,}#])", re.M
)
_DATA = re.compile(r"^(?P<indent>[ \t>+-]*)(?P<name>data|stringData):[ \t\r]*\n", re.M)
_ENTRY = re.compile(r"(?P<indent>[ \t>+-]*)(?P<key>[\w.\"'/-]{1,253}):[ \t]*(?P<rest>[^\n]*)")
_JSON_DATA = re.compile(r"\\{0,4}\"(?:data|stringData)\\{0,4}\"\s{0,4}:\s{0,4}\{(?P<body>[^{}]{1,65536})\}")
_JSON_ENTRY = re.compile(r"\\{0,4}\"[\w./-]{1,253}\\{0,4}\"\s{0,4}:\s{0,4}\\{0,4}\"(?P<v>[^\"\\\s]{1,65536})\\{0,4}\"")
_TEMPLATED = re.compile(r"\{\{|\$\{|<[A-Za-z]|\$\(|^\.\.\.|^\"\"$|^''$|^\*+$")


def kubernetes_secret(view: str) -> Iterator[Span]:
    """Every value under `data` and `stringData` of a Kubernetes Secret, whatever its name."""
    for low, high in _documents(view):
        for block in _JSON_DATA.finditer(view, low, high):
            for entry in _JSON_ENTRY.finditer(view, *block.span("body")):
                if len(entry["v"]) >= 8 and not _TEMPLATED.search(entry["v"]):
                    yield Span(*entry.span("v"), BLOCK, "kubernetes-secret")
        for block in _DATA.finditer(view, low, high):
            yield from _entries(view, block.end(), high, len(block["indent"]), plain=block["name"] == "stringData")


def _documents(view: str) -> list[tuple[int, int]]:
    """The YAML documents that say they are Secrets, each once, however often they say it."""
    out: list[tuple[int, int]] = []
    for kind in _SECRET_KIND.finditer(view):
        if out and kind.end() + DOCUMENT_CHARS // 2 < out[-1][1]:
            continue
        low = max(view.rfind("\n---", max(0, kind.start() - DOCUMENT_CHARS), kind.start()), 0)
        low = max(low, kind.start() - DOCUMENT_CHARS)
        high = view.find("\n---", kind.end(), kind.end() + DOCUMENT_CHARS)
        high = min(len(view), kind.end() + DOCUMENT_CHARS) if high < 0 else high
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out


def _entries(view: str, at: int, high: int, indent: int, *, plain: bool) -> Iterator[Span]:
    scalar = -1
    while at < high:
        stop = view.find("\n", at, high)
        stop = high if stop < 0 else stop
        entry = _ENTRY.match(view, at, stop)
        blank = view[at:stop].strip(" \t\r")
        lead = len(view[at:stop]) - len(view[at:stop].lstrip(" \t>+-"))
        if blank and lead <= indent:
            return
        if scalar >= 0 and blank and lead > scalar:
            start = at + lead
            if not _TEMPLATED.search(view[start:stop]):
                end = start + len(view[start:stop].rstrip())
                if end - start >= 4:
                    yield Span(start, end, BLOCK, "kubernetes-secret")
        elif entry is not None:
            scalar = -1
            value = entry["rest"].split(" #")[0].strip(" \t\r\"'")
            if value[:1] in (">", "|") and len(value) <= 3:
                scalar = lead
            elif (
                len(value) >= (4 if plain else 9)
                and not _TEMPLATED.search(entry["rest"])
                and (plain or re.fullmatch(r"[0-9A-Za-z+/=_-]+", value))
            ):
                start = view.index(value, entry.start("rest"))
                yield Span(start, start + len(value), BLOCK, "kubernetes-secret")
        at = stop + 1


_WRAP_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "API_KEY",
    "PASSWORD",
    "SECRET",
    "TOKEN",
    "PRIVATE KEY",
    "AKIA",
    "ghp_",
    "sk-ant-",
    "sk-proj-",
    "xoxb-",
    "_authToken",
    "eyJ",
    "Authorization",
    '"auth"',
    "https://",
)
_WRAP_RUN = re.compile(r"[0-9A-Za-z+/_-]{24,}={0,2}")


def wrapped_literals() -> tuple[str, ...]:
    """How telling words look inside base64, in each of the three alignments, without the characters their
    neighbours touch."""
    import base64

    found: set[str] = set()
    for word in _WRAP_WORDS:
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + word.encode()).decode().rstrip("=")
            skip = (0, 2, 3)[shift]
            spare = (shift + len(word)) * 8 % 6
            inner = encoded[skip : len(encoded) - (1 if spare else 0)]
            if len(inner) >= 4:
                found.add(inner)
    return tuple(sorted(found))


def wrapped(view: str, search: Callable[[str, int], bool], depth: int, literals: re.Pattern[str]) -> Iterator[Span]:
    """Base64 runs that decode to text in which `search` finds a secret."""
    done = 0
    for hit in literals.finditer(view):
        if hit.start() < done:
            continue
        start = hit.start()
        floor = max(done, start - WRAPPED_CHARS_MAX)
        while start > floor and (view[start - 1].isalnum() or view[start - 1] in "+/_-"):
            start -= 1
        run = _WRAP_RUN.match(view, start, min(len(view), start + WRAPPED_CHARS_MAX))
        if run is None:
            continue
        done = run.end()
        decoded = unbase64(run[0])
        if decoded is None:
            decoded = unbase64(run[0][: len(run[0]) // 4 * 4])
        if decoded is None:
            continue
        text = decoded.decode("latin-1")
        if sum(32 <= ord(c) < 127 or c in "\r\n\t" for c in text) < len(text) * 0.95:
            continue
        if search(text, depth + 1):
            yield Span(run.start(), run.end(), BLOCK, "base64-secret")
