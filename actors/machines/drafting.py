"""OTLP bodies into drafts for ingest: read, understood, and cut into pieces of which each is worth one look.

Whatever is in a body ends in exactly one disposition: as a record in the draft, or counted there.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.machines.baseline import Draft
from actors.wire import claude_telemetry, codex_telemetry, otlp_json, otlp_protobuf
from actors.wire.otlp import Group, Record
from actors.wire.telemetry import Found, Outcome, tool_of, word_of
from messages.baseline import Tool
from messages.otlp import Encoding, Signal
from messages.records import AuditNote, SessionSeen, TurnSeen

DRAFT_RECORDS_MAX = 256
DRAFT_BYTES_MAX = 256 * 1024
"""One draft; a single larger record makes a draft of its own size."""
RECORD_CHARS_MAX = 12 * 1024 * 1024
"""One record, as JSON; a longer one is dropped with its size. On its way each character takes four bytes at most, and a
message over the bound of the transport would never leave, and nothing behind it."""
NAMED_MAX = 256
"""Unknown names that are written down, each once; further ones are kept without a word."""
UNDERSTAND = {"claude": claude_telemetry.understand, "codex": codex_telemetry.understand}
READ = {"json": otlp_json.read, "protobuf": otlp_protobuf.read}


class Drafting:
    """Remembers only which unknown names it has told of."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def decode(self, signal: Signal, encoding: Encoding, body: bytes) -> Iterator[Draft]:
        """The drafts of one request. Errors: Undecodable, at the call."""
        return self._drafts(signal, READ[encoding](signal, body))

    def _drafts(self, signal: Signal, groups: Iterator[Group]) -> Iterator[Draft]:
        open_drafts: dict[Tool, _Open] = {}
        for group in groups:
            tool = tool_of(group)
            draft = open_drafts.setdefault(tool or "codex", _Open(tool or "codex"))
            version = word_of(group.resource.get("service.version"))
            for record in group.records:
                outcome = self._outcome(signal, tool, group, record, draft)
                draft.add(outcome, version)
                if isinstance(outcome, Found) and not outcome.known:
                    said = "is new to this version; it is kept as it came"
                    self._name(draft, f"{tool} {outcome.event.name}", said, outcome.event.at_ms)
                if draft.full:
                    yield draft.close()
        for draft in open_drafts.values():
            if draft.draft.received:
                yield draft.close()

    def _outcome(self, signal: Signal, tool: Tool | None, group: Group, record: Record | None, draft: _Open) -> Outcome:
        if record is None:
            return "dropped:malformed"
        if tool is None:
            service = group.resource.get("service.name")
            subject = f"service {service}" if isinstance(service, str) else "a service without a name"
            text = "is no tool that is captured: its records are dropped"
            self._name(draft, subject, text, record.observed_ns // 1_000_000)
            return "dropped:unknown_service"
        outcome = UNDERSTAND[tool](signal, record)
        if isinstance(outcome, Found) and len(outcome.event.body) > RECORD_CHARS_MAX:
            text = f"a record of {len(outcome.event.body):,} characters is more than one message carries: dropped"
            self._name(draft, f"{tool} {outcome.event.name}, too long", text, outcome.event.at_ms)
            return "dropped:line_too_long"
        return outcome

    def _name(self, draft: _Open, subject: str, text: str, at_ms: int) -> None:
        if subject not in self._named and len(self._named) < NAMED_MAX:
            self._named.add(subject)
            draft.draft.audit.append(AuditNote(kind="telemetry", subject=subject[:200], text=text, at_ms=at_ms))


class _Open:
    """A draft that is being filled. Sessions and turns stand in it once, with all that was said of them."""

    def __init__(self, tool: Tool) -> None:
        self.tool: Tool = tool
        self._begin()

    def _begin(self) -> None:
        self.draft = Draft(self.tool, "otlp")
        self.sessions: dict[str, SessionSeen] = {}
        self.turns: dict[tuple[str, str], TurnSeen] = {}

    @property
    def full(self) -> bool:
        return self.draft.received >= DRAFT_RECORDS_MAX or self.draft.size >= DRAFT_BYTES_MAX

    def add(self, outcome: Outcome, version: str | None) -> None:
        self.draft.received += 1
        if isinstance(outcome, str):
            self.draft.counts[outcome] += 1
            return
        event = outcome.event
        self.draft.events.append(event)
        self.draft.size += len(event.body) + 300
        if outcome.usage is not None:
            self.draft.usage.append(outcome.usage)
        known = self.sessions.get(event.session_id)
        if known is None:
            self.sessions[event.session_id] = SessionSeen(
                session_id=event.session_id, model=outcome.model, cli_version=version
            )
        elif outcome.model is not None and outcome.model != known.model:
            self.sessions[event.session_id] = known.model_copy(update={"model": outcome.model})
        if outcome.turn is not None:
            self._turn(outcome.turn)

    def _turn(self, seen: TurnSeen) -> None:
        key = (seen.session_id, seen.turn_id)
        known = self.turns.get(key)
        if known is None:
            self.turns[key] = seen
            return
        # One line per fact that telemetry has of a turn: comparing whole messages costs a tenth of all decoding.
        if seen.started_at_ms is not None and known.started_at_ms is None:
            known = self.turns[key] = known.model_copy(update={"started_at_ms": seen.started_at_ms})
        if seen.trace_id is not None and known.trace_id is None:
            self.turns[key] = known.model_copy(update={"trace_id": seen.trace_id})

    def close(self) -> Draft:
        draft = self.draft
        draft.sessions, draft.turns = list(self.sessions.values()), list(self.turns.values())
        self._begin()
        return draft
