"""Whether a whole JSON value holds nothing that any rule would look at twice: one glance instead of one per string.

An item of a session is some thirty strings, most of them names and ids, and a look at each costs more than what is in
it. All of them, joined by line feeds, are one text, and where the gate fires on none of it there is nothing in any
part: no probe is bound to the beginning or end of a text (a test holds that), so joining can only make it fire more.
What field names and neighbours in lists decide is asked as `tree.py` asks it. Any doubt is a no, which costs time only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from storage.redacting.words import kind

TEXTS_MAX = 20_000
"""Strings that are joined; a value with more is read string by string."""
DEPTH_MAX = 64
NAMES = frozenset(("name", "key", "Name", "Key", "NAME", "KEY", "variable", "header", "field"))
"""Fields whose text names the value beside them."""
_SEQUENCES = ("\x1b", "\\u001", "\\x1", "\\033", "\\e[")
"""Terminal sequences may reach from one string into the next, and would hide what is between."""


_SILENT = frozenset((type(None), bool, int, float))
BUNDLE = 16
"""Small values that are looked at together. More, and one that fires sends more of its neighbours to the full look."""
SHAPE_CHARS_MAX = 2_048
"""All field names of a mapping whose verdict is remembered."""


class _Doubt(Exception):
    """Something here needs the full look."""


class _Shape(NamedTuple):
    """What the field names of a mapping decide."""

    telling: bool
    """One of them says that its value is a secret, or makes one of what stands beside it."""
    naming: bool
    """One of them holds the name of the value beside it."""
    joined: str


def _shape(names: tuple[str, ...]) -> _Shape:
    telling = any(name == "kty" or bool(kind(name.rpartition(".")[2] or name)) for name in names)
    return _Shape(telling, not NAMES.isdisjoint(names), "\n".join(names))


_known_shape = lru_cache(maxsize=1_024)(_shape)
"""Telemetry and transcripts have a few dozen shapes: asking each name again was a third of the glance."""


def is_quiet(value: Any, fires: Callable[[str], bool]) -> bool:
    """True when redacting `value` would give it back unchanged. `fires` is the gate's answer on one text."""
    texts = _texts(value)
    return texts is not None and _silent(texts, fires)


def quiet_ones(values: Sequence[Any], fires: Callable[[str], bool]) -> list[bool]:
    """`is_quiet` of each of many small values, a bundle of them with one look at the gate: joined they can only fire
    more, and then each is asked alone."""
    quiet: list[bool] = []
    for at in range(0, len(values), BUNDLE):
        each = [_texts(value) for value in values[at : at + BUNDLE]]
        together = [text for texts in each if texts is not None for text in texts]
        if _silent(together, fires):
            quiet += [texts is not None for texts in each]
        else:
            quiet += [texts is not None and _silent(texts, fires) for texts in each]
    return quiet


def _texts(value: Any) -> list[str] | None:
    """All texts in a value; None where a name or a neighbour may decide."""
    texts: list[str] = []
    try:
        _collect(value, texts, 0)
    except _Doubt:
        return None
    return texts


def _silent(texts: list[str], fires: Callable[[str], bool]) -> bool:
    joined = "\n".join(texts)
    return not any(mark in joined for mark in _SEQUENCES) and not fires(joined)


def _collect(value: Any, texts: list[str], depth: int) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        if depth >= DEPTH_MAX or len(texts) > TEXTS_MAX:
            raise _Doubt
        names = tuple(value)
        try:
            known = sum(map(len, names)) <= SHAPE_CHARS_MAX
            shape = _known_shape(names) if known else _shape(names)
        except (TypeError, AttributeError):
            raise _Doubt from None  # a name that is no text
        if shape.telling:
            raise _Doubt  # `kty` makes a JSON Web Key of what stands beside it
        if shape.naming and any(
            isinstance(item, str) and name in NAMES and kind(item.rpartition(".")[2] or item)
            for name, item in value.items()
        ):
            raise _Doubt
        for item in value.values():
            if isinstance(item, str):
                texts.append(item)
            elif type(item) not in _SILENT:
                _collect(item, texts, depth + 1)
        texts.append(shape.joined)
    elif isinstance(value, list):
        if depth >= DEPTH_MAX or len(texts) > TEXTS_MAX:
            raise _Doubt
        plain = [item for item in value if isinstance(item, str)]
        if len(plain) > 1 and (len(value) == 2 or any(item.startswith("-") for item in plain)):
            raise _Doubt  # a flag and its value, or a name and its value
        texts += plain
        if len(plain) < len(value):
            for item in value:
                if not isinstance(item, str):
                    _collect(item, texts, depth + 1)
    elif type(value) not in _SILENT:
        raise _Doubt
