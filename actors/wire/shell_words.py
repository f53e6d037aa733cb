"""A command's words as one line, quoted exactly as codex quotes them.

The stream says a command as one line, the rollout as words. Both must come to the same text, or one command would have
two contents. Codex 0.169 quotes with the Rust crate `shlex` 1.3, whose choice between the quotes differs from Python's
`shlex.join`; the rules here were held against the real program (`tests/actors/wire/test_shell_words.py`).
"""

from __future__ import annotations

import string
from collections.abc import Iterable

_BARE = frozenset(string.ascii_letters + string.digits + "+-./:@]_")
_NOT_SINGLE = frozenset("'^\\")
_NOT_DOUBLE = frozenset("`$!^")
_BARE_OK, _SINGLE_OK, _DOUBLE_OK = 1, 2, 4


def joined(words: Iterable[str]) -> str:
    """The words as one command line."""
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """One word: bare where that is safe, else cut into as few single- or double-quoted pieces as can be."""
    if not word:
        return "''"
    pieces = []
    while word:
        length, style = _prefix(word)
        piece, word = word[:length], word[length:]
        if style & _BARE_OK:
            pieces.append(piece)
        elif style & _SINGLE_OK:
            pieces.append(f"'{piece}'")
        else:
            pieces.append('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return "".join(pieces)


def _prefix(word: str) -> tuple[int, int]:
    """The longest beginning that one style can hold, and the styles that can."""
    styles, start = _BARE_OK | _SINGLE_OK | _DOUBLE_OK, 0
    if word[0] == "^":  # only ever the first in single quotes: shells disagree about it elsewhere
        styles, start = _SINGLE_OK, 1
    for at in range(start, len(word)):
        left = styles & _styles(word[at])
        if not left:
            return at, styles
        styles = left
    return len(word), styles


def _styles(character: str) -> int:
    fits = _BARE_OK if character in _BARE else 0
    if character not in _NOT_SINGLE:
        fits |= _SINGLE_OK
    return fits if character in _NOT_DOUBLE else fits | _DOUBLE_OK
