"""What a line of code is worth as evidence: nothing for a brace, all of it for a line that nobody writes by chance."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

LINE_CHARS_MAX = 400
"""Of a longer line only this much is compared."""
WEIGHTS = ((1, 0.0), (4, 0.02), (8, 0.2), (14, 0.6))
"""A bare line with fewer characters than this weighs so much; longer ones weigh 1."""
IDIOM_WORTH = 0.2
"""At most, for a line of nothing but words that every program has."""
HIDDEN = "[REDACTED:"
"""A line that redaction changed can equal no line of a commit: it is no evidence, for or against."""
DELETED, CREATED, MOVED = "\0deleted", "\0created", "\0moved"
"""Stand for what happened to the file itself, among its lines."""
DEED_WEIGHTS = {DELETED: 1.5, MOVED: 1.5, CREATED: 0.8}

_ALIKE = str.maketrans({"'": '"', "`": '"'})
_BETWEEN = re.compile(r"(?<=\w)\s+(?=\w)")
_WORD = re.compile(r"[^\W\d]\w*")
_IDIOM_WORDS = """
a all and any args arr as assert async await b bool break c case cast catch char class cls const continue data debug
def default del delete do done double e else elif end enum err error except exception export extends f false fi
final finally float fn for format from func function get go i if impl import in info int interface is item items j
join k key keys kwargs len let list log logger logging m main match map max message min mod mut n name new nil none
not null number o object obj of ok or os out p package pass path print private protected pub public raise range re
require res result results ret return s self set size static std str string struct sum super switch sys t test then
this throw throws true try type typing unit use using v val value valueerror values var vec void warn when where
while with x y yield
"""
_IDIOMS = frozenset(_IDIOM_WORDS.split())


def bare(line: str) -> str:
    """The line as a formatter would leave it alone: blanks only between words, quotes alike, no comma or semicolon at
    its end."""
    words = _BETWEEN.sub("\0", line[:LINE_CHARS_MAX])
    text = "".join(words.split()).replace("\0", " ")
    text = text.translate(_ALIKE).rstrip(",;")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def counted(lines: Iterable[str]) -> Counter[str]:
    """How often each bare line stands there; empty lines and redacted ones left out."""
    found = Counter(bare(line) for line in lines if HIDDEN not in line)
    del found[""]
    return found


@lru_cache(65_536)
def weight(line: str) -> float:
    """What one bare line weighs as evidence, 0 to 1; what happened to a file weighs as `DEED_WEIGHTS` says."""
    deed = DEED_WEIGHTS.get(line)
    if deed is not None:
        return deed
    worth = next((worth for chars, worth in WEIGHTS if len(line) < chars), 1.0)
    if worth > IDIOM_WORTH and all(word.lower() in _IDIOMS for word in _WORD.findall(line)):
        return IDIOM_WORTH
    return worth
