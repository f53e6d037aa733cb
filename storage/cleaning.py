"""The door that every text passes on its way into the database: redaction that fails closed, and length limits.

The rules are in `storage/redaction.py`; here is only what happens when they cannot answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

ERROR_RULE = "error"
ERROR_TEXT = "[REDACTED:error]"
"""Stands for a text that could not be redacted; the engine's own word for it too."""

TITLE_CHARS_MAX = 1_000
WORD_CHARS_MAX = 200
"""Kinds, statuses, subjects: upstream's or our own short words."""
NOTE_CHARS_MAX = 4_000
"""Audit texts, causes, errors of turns, paths."""
WORDS_MAX = 256
"""Short words whose redaction is remembered, in memory only; with one more it begins anew. (An LRU cache took longer
than the rest of what an item's words cost.)"""


class _Finding(Protocol):
    @property
    def rule(self) -> str: ...


class _Redacted(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def findings(self) -> Sequence[_Finding]: ...


class Redaction(Protocol):
    """What is needed of the module `storage.redaction`.

    Only its verbs without memory: what an item is (its hash, its revisions) may depend on nothing that came before it,
    or a replay would give other rows. What its session gave away is hidden in the words alone: `spreading.py`.
    """

    def redact(self, text: str) -> _Redacted:
        """The text without secrets; a finding of rule `error` when all of it was hidden because redaction failed."""
        ...

    def redact_json(self, value: Any, *, rules: list[str] | None = None) -> Any:
        """The value without secrets, keys included; `rules` collects what hid something."""
        ...


class CleanBody(NamedTuple):
    """A body that may be stored."""

    body: dict[str, Any] | None
    """None when nothing of it may be used."""
    failed: bool
    """Redaction failed for all of it, or for a part that is hidden."""


class Cleaner:
    """Redacts, and hides what could not be redacted. `failures` counts those."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._words: dict[str, str] = {}
        self._asked = False
        self._redactor: Any = None
        """Redaction that tells what it found, where there is one; asked for once, because the rules come with it."""
        self.failures = 0

    def text(self, text: str, chars_max: int = NOTE_CHARS_MAX) -> str:
        """`text` redacted, then cut to `chars_max` code points; `[REDACTED:error]` when redaction failed."""
        if not text:
            return text
        try:
            found = self._redaction.redact(text)
            if any(finding.rule == ERROR_RULE for finding in found.findings):
                self.failures += 1
            return storable(cut(found.text, chars_max))
        except Exception:  # noqa: BLE001 - whatever went wrong in there, the raw text must not pass
            self.failures += 1
            return ERROR_TEXT

    def word(self, word: str) -> str:
        """`text()` for one of a few short words that come again and again."""
        known = self._words.get(word)
        if known is None:
            known = self.text(word, WORD_CHARS_MAX)
            if len(word) <= WORD_CHARS_MAX:
                if len(self._words) >= WORDS_MAX:
                    self._words.clear()
                self._words[word] = known
        return known

    def body(self, value: dict[str, Any], found: Callable[[Iterable[str]], None] | None = None) -> CleanBody:
        """An item's body redacted, from itself alone. `found` is told what it gave away, where redaction can tell."""
        rules: list[str] = []
        try:
            if found is not None and not self._asked:
                self._asked, self._redactor = True, getattr(self._redaction, "Redactor", None)
            if self._redactor is None or found is None:
                clean = self._redaction.redact_json(value, rules=rules)
            else:
                learning = self._redactor()
                clean = learning.redact_json(value, rules=rules)
                found(learning.found())
        except Exception:  # noqa: BLE001 - see text()
            clean = None
        if not isinstance(clean, dict):
            self.failures += 1
            return CleanBody(None, True)
        failed = ERROR_RULE in rules
        self.failures += failed
        return CleanBody(clean, failed)

    def bodies(self, values: Sequence[dict[str, Any]]) -> list[tuple[CleanBody, list[str]]]:
        """`body` of each, with what it gave away; of many small ones in which nothing is, far cheaper."""
        glance = getattr(self._redaction, "quiet", None)
        quiet = [False] * len(values) if glance is None else glance(values)
        cleaned: list[tuple[CleanBody, list[str]]] = []
        for value, nothing in zip(values, quiet, strict=True):
            found: list[str] = []
            clean = CleanBody(value, False) if nothing else self.body(value, found.extend)
            cleaned.append((clean, found))
        return cleaned


def storable(text: str) -> str:
    """The text without what no UTF-8 holds. A file's name may be any bytes, and a path with such a name is no text that
    a database takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def cut(text: str, chars_max: int) -> str:
    """At most `chars_max` code points, the last one an ellipsis if something was cut."""
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"
