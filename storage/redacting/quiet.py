"""Which texts of a JSON value no rule would look at twice: a glance at all of them instead of one at each.

An item of a session is some thirty strings, most of them names and ids, and a look at each costs more than what is in
it. The short ones, joined by line feeds, are one text, and where the gate fires on none of it there is nothing in any
part: no probe is bound to the beginning or end of a text (a test holds that), so joining can only make it fire more.
Long ones are asked one by one, so that one with something in it leaves the others known. Where field names or
neighbours in lists decide (asked as `tree.py` asks it), the value is walked through all the same. Any doubt costs time
only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from storage.redacting.words import kind

TEXTS_MAX = 20_000
"""Strings that are collected; a value with more is read string by string."""
DEPTH_MAX = 64
LONG_CHARS = 2_048
"""A text of this length is asked for by itself."""
NAMES = frozenset(("name", "key", "Name", "Key", "NAME", "KEY", "variable", "header", "field"))
"""Fields whose text names the value beside them."""
_WRITTEN = re.compile(r"\\(?:u001|x1|033|e\[)")
"""How a terminal sequence begins that is written as an escape."""
_SILENT = frozenset((type(None), bool, int, float))
BUNDLE = 16
"""Small values that are looked at together. More, and one that fires sends more of its neighbours to the full look."""
SHAPE_CHARS_MAX = 2_048
"""All field names of a mapping whose verdict is remembered."""


class Glance(NamedTuple):
    """What one glance at a value shows."""

    quiet: bool
    """Redacting the value would give it back unchanged."""
    silent: frozenset[str]
    """Texts in it that no rule finds anything in, each by itself; of a quiet value none are named."""


NOTHING = Glance(False, frozenset())


class _TooMuch(Exception):
    """The value is read string by string."""


class _Shape(NamedTuple):
    """What the field names of a mapping decide."""

    telling: bool
    """One of them says that its value is a secret, or makes one of what stands beside it."""
    naming: bool
    """One of them holds the name of the value beside it."""
    joined: str


def _shape(names: tuple[str, ...]) -> _Shape:
    # `kty` makes a JSON Web Key of what stands beside it.
    telling = any(name == "kty" or bool(kind(name.rpartition(".")[2] or name)) for name in names)
    return _Shape(telling, not NAMES.isdisjoint(names), "\n".join(names))


_known_shape = lru_cache(maxsize=1_024)(_shape)
"""Telemetry and transcripts have a few dozen shapes: asking each name again was a third of the glance."""


def glance(value: Any, fires: Callable[[str], bool]) -> Glance:
    """What can be said of `value` without walking through it. `fires` is the gate's answer on one text."""
    texts = _texts(value)
    if texts is None:
        return NOTHING
    long = [text for text in texts.found if len(text) >= LONG_CHARS]
    short = [text for text in texts.found if len(text) < LONG_CHARS] if long else texts.found
    loud = [text for text in long if fires(text)]
    hushed = _silent(short, fires)
    if hushed and not loud and not texts.doubt:
        return Glance(True, frozenset())
    silent = {*short, *(name for text in texts.names for name in text.split("\n"))} if hushed else set[str]()
    return Glance(False, frozenset(silent.union(long).difference(loud)))


def quiet_ones(values: Sequence[Any], fires: Callable[[str], bool]) -> list[bool]:
    """For each of many small values, whether redacting would give it back unchanged; a bundle of them takes one look at
    the gate: joined they can only fire more, and then each is asked alone."""
    quiet: list[bool] = []
    for at in range(0, len(values), BUNDLE):
        each = [
            None if (texts := _texts(value)) is None or texts.doubt else texts for value in values[at : at + BUNDLE]
        ]
        together = [text for texts in each if texts is not None for text in texts.found]
        if _silent(together, fires):
            quiet += [texts is not None for texts in each]
        else:
            quiet += [texts is not None and _silent(texts.found, fires) for texts in each]
    return quiet


def _silent(texts: list[str], fires: Callable[[str], bool]) -> bool:
    joined = "\n".join(texts)
    return not _is_coloured(joined) and not fires(joined)


def _is_coloured(joined: str) -> bool:
    """Terminal sequences may reach from one string into the next, and would hide what is between."""
    return "\x1b" in joined or ("\\" in joined and _WRITTEN.search(joined) is not None)


def _texts(value: Any) -> _Texts | None:
    texts = _Texts()
    try:
        texts.collect(value, 0)
    except _TooMuch:
        return None
    return texts


class _Texts:
    """Every string of a value, and whether anything but the strings themselves may decide."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.names: list[str] = []
        """Of those found, the names of one mapping, joined."""
        self.doubt = False

    def collect(self, value: Any, depth: int) -> None:
        if isinstance(value, str):
            self.found.append(value)
        elif isinstance(value, dict):
            self._mapping(value, depth)
        elif isinstance(value, list):
            self._sequence(value, depth)
        elif type(value) not in _SILENT:
            self.doubt = True

    def _mapping(self, value: dict[Any, Any], depth: int) -> None:
        self._bound(depth)
        names = tuple(value)
        try:
            known = sum(map(len, names)) <= SHAPE_CHARS_MAX
            shape = _known_shape(names) if known else _shape(names)
        except (TypeError, AttributeError):
            raise _TooMuch from None  # a name that is no text
        if shape.telling or (
            shape.naming
            and any(
                isinstance(item, str) and name in NAMES and kind(item.rpartition(".")[2] or item)
                for name, item in value.items()
            )
        ):
            self.doubt = True
        add = self.found.append
        for item in value.values():
            if isinstance(item, str):
                add(item)
            elif type(item) not in _SILENT:
                self.collect(item, depth + 1)
        add(shape.joined)
        self.names.append(shape.joined)

    def _sequence(self, value: list[Any], depth: int) -> None:
        self._bound(depth)
        plain = [item for item in value if isinstance(item, str)]
        if len(plain) > 1 and (len(value) == 2 or any(item.startswith("-") for item in plain)):
            self.doubt = True  # a flag and its value, or a name and its value
        self.found += plain
        if len(plain) < len(value):
            for item in value:
                if not isinstance(item, str):
                    self.collect(item, depth + 1)

    def _bound(self, depth: int) -> None:
        if depth >= DEPTH_MAX or len(self.found) > TEXTS_MAX:
            raise _TooMuch
