"""What stands for redaction: nothing is hidden here, because that is tried elsewhere and takes time."""

from __future__ import annotations

from typing import Any


class Clean:
    """A text that redaction left as it is."""

    findings = ()

    def __init__(self, text: str) -> None:
        self.text = text


class PlainRedaction:
    """Stands for `storage.redaction`."""

    def redact(self, text: str) -> Clean:
        return Clean(text)

    def redact_json(self, value: Any, *, rules: list[str] | None = None) -> Any:
        return value


PLAIN = PlainRedaction()


class PlainLive:
    """Stands for `LiveRedactor`: whole lines as they are."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, delta: str) -> str:
        whole, cut, self._held = (self._held + delta).rpartition(" ")
        return whole + cut

    def finish(self) -> str:
        held, self._held = self._held, ""
        return held
