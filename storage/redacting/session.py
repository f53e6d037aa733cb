"""Redaction of many texts that belong together."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from storage.redacting import tree
from storage.redacting.compiled import scanner
from storage.redacting.finding import (
    ERROR_RULE,
    ERROR_TEXT,
    PLACEHOLDER,
    PLACEHOLDER_START,
    Finding,
    Redacted,
    render,
    settle,
)
from storage.redacting.propagation import VALUES_MAX, Values, within
from storage.redacting.quiet import NOTHING, Glance, glance

CLEAN_CHARS_MAX = 128
CLEAN_MAX = 8_192
"""Short texts that were found clean and are not looked at again, in memory only: names of fields, one-word values. They
are most of the strings of an item (measured: two of three), and each costs as much as a kilobyte of prose."""


class Clean:
    """Texts without a secret, newest twice `texts_max` at most."""

    def __init__(self, texts_max: int = CLEAN_MAX) -> None:
        self._max = texts_max
        self._young: set[str] = set()
        self._old: set[str] = set()

    def __repr__(self) -> str:
        return f"Clean({len(self._young) + len(self._old)})"

    def __contains__(self, text: object) -> bool:
        return text in self._young or text in self._old

    def add(self, text: str) -> None:
        """Remember it; of many the older half is forgotten at once."""
        if len(self._young) >= self._max:
            self._old, self._young = self._young, set()
        self._young.add(text)


_clean = Clean()


class _Known:
    """Texts of one value without a secret, and those of every value."""

    def __init__(self, silent: frozenset[str], clean: Container[str]) -> None:
        self._silent, self._clean = silent, clean

    def __contains__(self, text: object) -> bool:
        return text in self._silent or text in self._clean


def failed(text: object) -> Redacted:
    """What stands for a text that could not be redacted."""
    return Redacted(ERROR_TEXT, (Finding(ERROR_RULE, 0, len(text) if isinstance(text, str) else 0),))


def redact_once(text: str, engine: str | None = None, values: Values | None = None) -> Redacted:
    """One text, with further copies of its own secrets and of `values` hidden too. Fails closed, never raises."""
    try:
        spans = scanner(engine).spans(text)
        more = within(text, spans) if spans else []
        if values is not None:
            values.learn(text, spans)
            more += values.spans(text)
        if more:
            kept = [m.span() for m in PLACEHOLDER.finditer(text)] if PLACEHOLDER_START in text else []
            spans = settle(spans + more, kept)
        return render(text, spans)
    except Exception:  # noqa: BLE001 - fail closed: whatever went wrong, raw text must not leave
        return failed(text)


class Redactor:
    """A session's redaction: values found earlier are hidden everywhere later. In memory only; not thread-safe.

    Remembers at most `values_max` spellings, the least recently seen leaving first. `engine` as in `redact`.
    """

    def __init__(self, *, values_max: int = VALUES_MAX, engine: str | None = None) -> None:
        self._values = Values(values_max)
        self._engine = engine

    def __repr__(self) -> str:
        return f"Redactor(values={len(self._values)})"

    def redact(self, text: str) -> Redacted:
        """`text` without secrets. Never raises."""
        if len(text) > CLEAN_CHARS_MAX or self._engine is not None or len(self._values):
            return redact_once(text, self._engine, self._values)
        if text in _clean:
            return Redacted(text)
        answer = redact_once(text, None, self._values)
        if not answer.findings and answer.text == text:
            _clean.add(text)
        return answer

    def redact_json(self, value: Any, *, rules: list[str] | None = None) -> Any:
        """A parsed JSON value without secrets, or the value itself where there are none; `rules` collects the id of
        each rule that hid something. Never raises."""
        seen = NOTHING if self._values else self._glance(value)
        if seen.quiet:
            return value
        known = _Known(seen.silent, _clean if self._engine is None else ())
        return tree.redact(value, self.redact, [] if rules is None else rules, self._values, known)

    def _glance(self, value: Any) -> Glance:
        try:
            return glance(value, scanner(self._engine).fires)
        except Exception:  # noqa: BLE001 - the full look fails closed by itself
            return NOTHING

    def found(self) -> list[str]:
        """The values it knows, in every spelling it looks for. Secrets: for memory, never for a file or a message."""
        return list(self._values)

    def remember(self, value: str, rule: str = "known-value") -> None:
        """Hide this value from now on, for instance a login URL's one-time code or the gateway's own bearer token."""
        self._values.add(value, rule)
