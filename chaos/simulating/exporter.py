"""Stands for the gateway and the tools behind it: telemetry in parts, sent again until it is answered, and the probes.

A record has a word of its own, so that afterwards each can be looked for. `kept` must mean that it is in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from messages.otlp import OtlpAnswered, OtlpGivenUp, OtlpPart, OtlpTaken, SourceProbed

if TYPE_CHECKING:
    from chaos.simulating.world import World

AGAIN_US = 500_000
"""A part without a word is sent again, as the gateway does."""
PROBE_US = 2_000_000


@dataclass(slots=True)
class Export:
    """One request."""

    parts: list[bytes]
    words: list[str]
    n: int = 0
    """The part that is on its way."""
    answered: str = ""


@dataclass(slots=True)
class Exporter:
    """Everything that is exported. A new tree has a new gateway; what was not answered is exported again."""

    world: World
    gateway: int = 0
    requests: dict[int, Export] = field(default_factory=dict)
    numbers: int = 0
    words: list[str] = field(default_factory=list)
    """All that was ever answered with `kept`."""
    probe: int = 0
    """The number of the probe that is on its way; 0 when it came back."""

    def begin(self) -> None:
        """A tree begins."""
        self.gateway += 1
        self.probe = 0
        left = [each for each in self.requests.values() if not each.answered]
        self.requests = {}
        for export in left:
            self.numbers += 1
            export.n = 0
            self.requests[self.numbers] = export
        self.world.after(PROBE_US // 10, self._tick, self.gateway)

    def export(self, records: int, parts: int) -> None:
        """A tool exports so many records."""
        self.numbers += 1
        words = [f"call{self.numbers}-{each}" for each in range(records)]
        body = orjson.dumps(_logs(words, self.world.clock.now().wall))
        size = -(-len(body) // parts)
        cut = [body[begin : begin + size] for begin in range(0, len(body), size)]
        self.requests[self.numbers] = Export(cut, words)
        self._send(self.numbers)

    def give_up(self) -> None:
        """The tool waits no longer and exports the same records again: they may be on their way to the file already."""
        for number, export in self.requests.items():
            if not export.answered:
                address = self.world.outside.addresses.get("baseline")
                if address is not None:
                    self.world.outside.tell(address.hosted, OtlpGivenUp(gateway=self.gateway, request=number))
                del self.requests[number]
                self.numbers += 1
                self.requests[self.numbers] = Export(export.parts, export.words)
                self._send(self.numbers)
                return

    def baseline_returned(self) -> None:
        """A new baseline has nothing of what came in parts."""
        self.probe = 0
        for number, export in self.requests.items():
            if not export.answered:
                export.n = 0
                self._send(number)

    def taken(self, heard: OtlpTaken) -> None:
        export = self.requests.get(heard.request)
        if heard.gateway == self.gateway and export and heard.n == export.n and export.n + 1 < len(export.parts):
            export.n += 1
            self._send(heard.request)

    def answered(self, heard: OtlpAnswered) -> None:
        """The answer to a probe, or to a request, which is in the file then."""
        if heard.gateway != self.gateway:
            return
        if heard.request == self.probe:
            self.probe = 0
            self._probed(True, "it answers")
        export = self.requests.get(heard.request)
        if export is None or export.answered:
            return
        export.answered = heard.code
        self.world.checks.must(heard.code == "kept", "telemetry that can be read is kept", heard.text)
        self.words += export.words
        for word in export.words:
            self.world.checks.kept_event(word)

    @property
    def idle(self) -> bool:
        """Everything was answered."""
        return all(each.answered for each in self.requests.values())

    def _tick(self, gateway: int) -> None:
        """Twice a second: what has no answer is sent again; every fourth time the receiver is probed."""
        if gateway != self.gateway or self.world.outside.stopping:
            return
        for number, export in self.requests.items():
            if not export.answered:
                self._send(number)
        if (self.world.clock.us // AGAIN_US) % 4 == 0:
            if self.probe:
                self._probed(False, "the receiver does not answer")
            self.numbers += 1
            self.probe = self.numbers
            self._tell(OtlpPart(
                gateway=gateway, request=self.probe, n=0, last=True, signal="logs", encoding="json", body=b"{}"
            ))  # fmt: skip
        self.world.after(AGAIN_US, self._tick, gateway)

    def _send(self, number: int) -> None:
        export = self.requests[number]
        self._tell(OtlpPart(
            gateway=self.gateway, request=number, n=export.n, last=export.n + 1 == len(export.parts), signal="logs",
            encoding="json", body=export.parts[export.n],
        ))  # fmt: skip

    def _tell(self, part: OtlpPart) -> None:
        address = self.world.outside.addresses.get("baseline")
        if address is not None:
            self.world.outside.tell(address.hosted, part)

    def _probed(self, healthy: bool, reason: str) -> None:
        address = self.world.outside.addresses.get("supervisor")
        if address is not None:
            self.world.outside.tell(address.hosted, SourceProbed(source="otlp", healthy=healthy, reason=reason))


def _logs(words: list[str], at_ms: int) -> dict[str, Any]:
    """A body as codex 0.169 sends it."""
    records = [
        {
            "timeUnixNano": "0",
            "observedTimeUnixNano": str(at_ms * 1_000_000),
            "body": None,
            "attributes": [
                _attribute("event.name", "codex.tool_result"),
                _attribute("conversation.id", f"exported{len(words) % 3}"),
                _attribute("call_id", word),
            ],
            "traceId": "7eca231e40ce1108b17105a711febf95",
            "spanId": "d3bcf167bb80ca06",
        }
        for word in words
    ]
    resource = {"attributes": [_attribute("service.name", "codex-app-server")]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
