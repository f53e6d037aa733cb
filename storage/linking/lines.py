"""What a line of code is worth as evidence: nothing for a brace, all of it for a line that nobody writes by chance."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

LINE_CHARS_MAX = 400
"""Of a longer line only this much is compared."""
WEIGHTS = ((1, 0.0), (4, 0.02), (8, 0.2), (14, 0.6))
"""A bare line with fewer characters than this weighs so much; longer ones weigh 1."""
HIDDEN = "[REDACTED:"
"""A line that redaction changed can equal no line of a commit: it is no evidence, for or against."""
DELETED, CREATED, MOVED = "\0deleted", "\0created", "\0moved"
"""Stand for what happened to the file itself, among its lines."""
DEED_WEIGHTS = {DELETED: 1.5, MOVED: 1.5, CREATED: 0.8}

_ALIKE = str.maketrans({"'": '"', "`": '"'})


def bare(line: str) -> str:
    """The line as a formatter would leave it alone: without blanks, quotes alike, no comma or semicolon at its end."""
    text = "".join(line[:LINE_CHARS_MAX].split()).translate(_ALIKE).rstrip(",;")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def counted(lines: Iterable[str]) -> Counter[str]:
    """How often each bare line stands there; empty lines and redacted ones left out."""
    found = Counter(bare(line) for line in lines if HIDDEN not in line)
    del found[""]
    return found


def weight(line: str) -> float:
    """What one bare line weighs as evidence, 0 to 1; what happened to a file weighs as `DEED_WEIGHTS` says."""
    deed = DEED_WEIGHTS.get(line)
    if deed is not None:
        return deed
    for chars, worth in WEIGHTS:
        if len(line) < chars:
            return worth
    return 1.0
