"""How a name and a value are read off the shadow view: strings with escapes, names before a sign, where a line ends."""

from __future__ import annotations

import re

from storage.redacting.words import PASSWORD, WEAK

VALUE_CHARS_MAX = 16384
"""Longest value read beside a name. A longer one is hidden up to here and the rest is left to the format rules."""
STRUCTURE = 2
"""Priority of what structure finds."""

_REVERSED_NAME = re.compile(
    r"(?:[ \t]{0,12}(?:gnirts\*?|gnirtS|rts&?)(?=[ \t]))?[ \t]{0,12}[?.+|:=]{0,4}[ \t]{0,48}(?P<close>[\"'`\[\])\\]"
    r"{0,8})(?P<name>[\w.-]{1,128})(?P<open>[\"'`\[(\\]{0,8})"
)
_SPACED_KEY = re.compile(
    r"(?i)(?:api|access|secret|private|auth|signing|encryption|master|account|license|product)[ ]key$"
)
OPENING = re.compile(r"(?:@|N|b|r|f|rb|br|u|R|B|F)?(?P<slashes>\\{0,8})(?P<quote>\"\"\"|'''|[\"'`])")
_QUOTE = re.compile(r"(\\*)([\"'`\n])")
BLOCK_SCALAR = re.compile(
    r"[ \t]*[>|][-+0-9]{0,2}[ \t]*\r?\n(?P<body>(?:[ \t]+[0-9A-Za-z+/=_.!@#$%^&*-]{4,}[ \t]*(?:\r?\n|$)){1,200})"
)
TYPED = re.compile(r"[ \t]*[A-Za-z_&*][\w.\[\], |&*?<>]{0,48}?[ \t]*=[ \t]*(?=[bruN@]?\\*[\"'])")
RUN = re.compile(r"[^\s\"'`]+")
BLANKS = re.compile(r"[ \t\\]*\r?\n[ \t\r\n]{0,64}")
JOINT = re.compile(
    r"[ \t]{0,8}(?:[+.\\][ \t]{0,8})?\\{0,2}(?:\r?\n[ \t]{0,64})?(?:[+.][ \t]{0,8})?(?=[bruf]{0,2}\\{0,8}[\"'])"
)
"""What may stand between two pieces of one string: a sign, a continued line, or nothing."""
TAG = re.compile(r"(?:!{1,2}[A-Za-z]{1,12}|&[A-Za-z_][\w-]{0,32})[ \t]{1,4}(?=[^\s=])")
STRINGS_MAX = 64
"""Strings read of one list, or of one value written in pieces."""
_END_OF_PAIR = re.compile(r"[\s\"'`]|[;&](?=[A-Za-z][\w. -]{0,40}=)|,(?=[A-Za-z_][\w.]{0,40}=)|&(?:amp;)")
_PAIR_SIGN = re.compile(r"[;&,](?:(?<=[;&])(?=[A-Za-z][\w. -]{0,40}=)|(?<=,)(?=[A-Za-z_][\w.]{0,40}=)|(?<=&)(?=amp;))")
_SHORT = 512
END_OF_CODE = re.compile(r"[\s\"'`,;]")


def end_of_pair(view: str, at: int, limit: int) -> int:
    """Where the value of `NAME=value` ends: at a blank, a quote, or the next pair.

    Long values are rare and read differently: the exact expression costs ten times as much per character.
    """
    stop = _END_OF_PAIR.search(view, at, min(limit, at + _SHORT))
    if stop is not None:
        return stop.start()
    if limit - at <= _SHORT:
        return limit
    run = RUN.match(view, at, limit)
    end = run.end() if run is not None else at
    sign = _PAIR_SIGN.search(view, at, end)
    return sign.start() if sign is not None else end


def quoted_at(view: str, at: int) -> tuple[int, int, int] | None:
    """Start, end and position after the closing quote of the string that opens at `at`; None when none opens here.

    Understands strings inside JSON strings: a quote closes when it carries as many backslashes as the opening one (or
    fewer: the outer string ends). A string that never closes ends at its line.
    """
    opening = OPENING.match(view, at)
    if opening is None:
        return None
    depth = len(opening["slashes"])
    quote = opening["quote"]
    start = opening.end()
    limit = min(len(view), start + VALUE_CHARS_MAX)
    if len(quote) == 3:
        end = view.find(quote, start, limit)
        return (start, end, end + 3) if end >= 0 else (start, limit, limit)
    for match in _QUOTE.finditer(view, start, limit):
        slashes, char = match[1], match[2]
        if char == "\n":
            # An escaped line break inside a JSON string has become a blank and a line break in the view.
            return start, match.start(1), match.end()
        if depth == 0:
            if char == quote and len(slashes) % 2 == 0:
                return start, match.end() - 1, match.end()
        elif len(slashes) < depth or (char == quote and len(slashes) == depth):
            return start, match.start(1), match.end()
    end = limit
    return start, end, end


def name_before(view: str, at: int) -> tuple[str, int]:
    """The field name that ends just before the sign at `at`, and where it starts; "" when there is none."""
    match = _REVERSED_NAME.match(view[max(0, at - 176) : at][::-1])
    if match is None:
        return "", at
    name = match["name"][::-1]
    start = at - match.end("name")
    if name.lower() == "key":
        spaced = _SPACED_KEY.search(view, max(0, start - 12), at - match.start("name"))
        if spaced is not None:
            return spaced[0].replace(" ", "_"), spaced.start()
    return name, start


def last_part(name: str) -> str:
    """The part of a dotted or dashed path that names the field: `spring.datasource.password` is `password`."""
    return name.rstrip(".-").rpartition(".")[2].lstrip("-") or name


def line_start(view: str, at: int) -> int:
    """Where the line of `at` begins, looked for through 4,096 characters at the most."""
    return view.rfind("\n", max(0, at - 4096), at) + 1


def ends_line(view: str, at: int) -> bool:
    """Whether nothing but blanks, a closing quote or a comment follows on this line."""
    rest = at
    while rest < len(view) and view[rest] in " \t\\":
        rest += 1
    return rest >= len(view) or view[rest] in "\r\n\"'`" or view.startswith("#", rest)


def ends_pair(view: str, at: int) -> bool:
    """Whether a `name=value` pair can end here."""
    return at >= len(view) or view[at] in " \t\r\n;&\"'\\`"


def trimmed(view: str, lo: int, hi: int) -> int:
    """Where a value that ends at `hi` ends without the punctuation of what surrounds it."""
    while hi > lo and view[hi - 1] in ",;)]}>\\.:" and not (view[hi - 1] == ")" and "(" in view[lo:hi]):
        hi -= 1
    return hi


def rule_for(what: str, name: str) -> str:
    """The id of the placeholder: what the field's name says that its value is."""
    if what == PASSWORD:
        return "password"
    lowered = name.lower()
    if "secret" in lowered:
        return "secret"
    if "key" in lowered:
        return "key"
    if what == WEAK:
        return "credential"
    return "token"


def opens(name: str) -> bool:
    """Whether a token's name says that it opens something, so that even plain words may be its value."""
    lowered = name.lower()
    return any(word in lowered for word in ("secret", "auth", "access", "api", "private"))
