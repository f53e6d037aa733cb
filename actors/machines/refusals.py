"""Refusals of renderers' words in the audit: codes and our own sentences, never what was sent; bounded in number."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from actors.machines.effects import NOTHING, Effects, Send
from actors.machines.standing import Now
from messages.facade import RefusalCode
from messages.records import AuditNote, KeepAudit

AUDITED_REFUSALS_MAX, AUDIT_WINDOW_MS = 60, 60_000
"""Refusals that get an audit row of their own in that time; further ones are counted in the next row."""


@dataclass(slots=True)
class Refusals:
    """Counts, and writes while there is room."""

    _audits: int = 0
    _at_ms: deque[int] = field(default_factory=deque)
    """When refusals were audited lately (monotonic)."""
    _unaudited: int = 0

    def audited(self, client_id: str, code: RefusalCode, text: str, now: Now) -> Effects:
        """The row of this refusal, if there is room for it."""
        while self._at_ms and now.mono - self._at_ms[0] >= AUDIT_WINDOW_MS:
            self._at_ms.popleft()
        if len(self._at_ms) >= AUDITED_REFUSALS_MAX:
            self._unaudited += 1
            return NOTHING
        self._at_ms.append(now.mono)
        more = f" ({self._unaudited} more were refused before)" if self._unaudited else ""
        self._unaudited = 0
        self._audits += 1
        told = f"{code}: {text}{more}"
        note = AuditNote(kind="command_refused", subject=f"client {client_id}", text=told, at_ms=now.wall)
        return (Send("ingest", KeepAudit(n=self._audits, notes=(note,))),)
