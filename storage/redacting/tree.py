"""Redaction of parsed JSON, where a field's name decides: `{"password": "x"}` hides `x` though nothing about `x` is
telling."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from storage.redacting.finding import ERROR_RULE, ERROR_TEXT, PLACEHOLDER_START, Redacted, placeholder
from storage.redacting.propagation import Values
from storage.redacting.values import is_secret, is_standin
from storage.redacting.words import COOKIE, HEADER, PASSWORD, TOKEN, WEAK, kind

DEPTH_MAX = 128
"""Nesting read. Deeper values are replaced whole by `[REDACTED:error]`: what is not read is not let through."""
_NAMES = ("name", "key", "Name", "Key", "NAME", "KEY", "variable", "header", "field")
_NAMES_SET = frozenset(_NAMES)
_JWK_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "k"))
"""Members of a JSON Web Key that nobody else may know (RFC 7517, 7518); `kty` beside them says that it is one."""
_JWK_CHARS_MIN = 20
_VALUES = ("value", "Value", "VALUE", "val", "content")


def redact(
    value: Any, text: Callable[[str], Redacted], rules: list[str], values: Values | None, known: Container[str] = ()
) -> Any:
    """A copy of `value` without secrets. Numbers, booleans and null are kept. Never raises.

    `known` are texts that `text` finds nothing in as long as no value has given itself away. What is found anywhere in
    the value is hidden everywhere in it, also before the place that gave it away: what learnt something reads again.
    """
    try:
        first: list[str] = []
        before = len(values) if values is not None else 0
        out = _Walk(text, first, values, known).walk(value, 0)
        if values is not None and len(values) != before:
            first = []
            out = _Walk(text, first, values, known).walk(value, 0)
        rules.extend(first)
        return out
    except Exception:  # noqa: BLE001 - fail closed: whatever went wrong, raw text must not leave
        rules.append(ERROR_RULE)
        return ERROR_TEXT


class _Walk:
    def __init__(
        self, text: Callable[[str], Redacted], rules: list[str], values: Values | None, known: Container[str]
    ) -> None:
        self._text = text
        self._known = known
        self._rules = rules
        self._values = values

    def walk(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._string(value)
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if depth >= DEPTH_MAX:
            return self._hide("", ERROR_RULE)
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple)):
            return self._sequence(value, depth)
        return self._hide("", ERROR_RULE)

    def _string(self, value: str) -> str:
        if value in self._known and not self._values:
            return value
        answer = self._text(value)
        if answer.findings:
            self._rules.extend(finding.rule for finding in answer.findings)
        return answer.text

    def _hide(self, value: str, rule: str) -> str:
        self._rules.append(rule)
        if value and self._values is not None:
            self._values.add(value, rule)
        return placeholder(rule)

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        told = ""
        if not _NAMES_SET.isdisjoint(value):
            told = next((value[n] for n in _NAMES if isinstance(value.get(n), str)), "")
        private = _JWK_PRIVATE if isinstance(value.get("kty"), str) else frozenset[str]()
        out: dict[Any, Any] = {}
        for key, item in value.items():
            name = key if isinstance(key, str) else ""
            if (
                name in private
                and isinstance(item, str)
                and PLACEHOLDER_START not in item
                and len(item) >= _JWK_CHARS_MIN
            ):
                item = self._hide(item, "jwk-private")
            elif isinstance(item, str):
                by = told if told and name in _VALUES else name
                item = self._named(by, item)
            elif isinstance(item, (list, tuple)) and kind(name) in (PASSWORD, TOKEN):
                item = [self._named(name, i) if isinstance(i, str) else self.walk(i, depth + 1) for i in item]
            else:
                item = self.walk(item, depth + 1)
            clean = self._string(key) if name else key
            # Two names that are secrets become one placeholder, and what the first one names must not be lost.
            out[f"{clean} ({len(out) + 1})" if clean in out else clean] = item
        return out

    def _sequence(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        out: list[Any] = []
        before = ""
        for item in value:
            if isinstance(item, str):
                named = (before.startswith("-") and "=" not in before) or (len(value) == 2 and len(out) == 1)
                if named and kind(before.lstrip("-")) and not item.startswith("-"):
                    out.append(self._named(before.lstrip("-"), item))
                elif (
                    before in ("-u", "--user", "--proxy-user", "-U")
                    and ":" in item
                    and not is_standin(item.partition(":")[2])
                    and item.partition(":")[2]
                ):
                    user, _, password = item.partition(":")
                    out.append(user + ":" + self._hide(password, "basic-auth"))
                else:
                    out.append(self._string(item))
                before = item
            else:
                out.append(self.walk(item, depth + 1))
                before = ""
        return out

    def _named(self, name: str, item: str) -> str:
        """A string under a field name."""
        what = kind(name.rpartition(".")[2] or name)
        if not what or not item or PLACEHOLDER_START in item:
            return self._string(item)
        if what in (COOKIE, HEADER):
            head = f"{name}: "
            answer = self._text(head + item)
            self._rules.extend(finding.rule for finding in answer.findings)
            if answer.findings or what == COOKIE or is_standin(item.rpartition(" ")[2]):
                return answer.text[len(head) :] if answer.text.startswith(head) else answer.text
            return self._hide(item, "authorization")
        if what == WEAK:
            return self._hide(item, "credential") if is_secret(item, WEAK, "quoted") else self._string(item)
        if is_standin(item) or (len(item) > 16384 and " " in item):
            return self._string(item)
        rule = (
            "password"
            if what == PASSWORD
            else "secret"
            if "secret" in name.lower()
            else "key"
            if "key" in name.lower()
            else "token"
        )
        return self._hide(item, rule)
