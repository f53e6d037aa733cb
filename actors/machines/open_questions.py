"""Open questions of the app-server as renderers see them: each sees a token of its own, which nobody else can use.

The token that the sidecar made never leaves the tree. What a renderer gets is derived from it, from the thread and from
the renderer: nobody can make it up, another renderer's does not fit, and the same renderer sees the same one again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from messages import facade as say
from messages.calls import ApprovalAsked
from messages.status import SidecarStatus


@dataclass(slots=True)
class OpenQuestions:
    """What waits for a decision, by the sidecar's token."""

    _open: dict[str, ApprovalAsked] = field(default_factory=dict)
    _decided: set[str] = field(default_factory=set)
    """Somebody's decision is on its way to the sidecar: the first one counts."""

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[ApprovalAsked]:
        return iter(tuple(self._open.values()))

    def add(self, asked: ApprovalAsked) -> None:
        """A question came, or came again to a facade that was started anew."""
        self._open[asked.token] = asked

    def pop(self, token: str) -> ApprovalAsked | None:
        """It is over; None when it was not open."""
        self._decided.discard(token)
        return self._open.pop(token, None)

    def decide(self, client_id: str, shown: str) -> str | None:
        """The sidecar's token behind what this renderer was shown, once; None when it fits no open question."""
        for token, asked in self._open.items():
            if hmac.compare_digest(shown_token(asked, client_id).encode(), shown.encode(errors="replace")):
                if token in self._decided:
                    return None
                self._decided.add(token)
                return token
        return None

    def of_dead(self, sidecar: SidecarStatus) -> list[str]:
        """Questions of a process that is gone: its owner may have died with it and cannot say that they are over."""
        dead = sidecar.state in ("stopped", "backing_off", "crash_loop")
        return [
            token
            for token, asked in self._open.items()
            if asked.generation < sidecar.generation or (dead and asked.generation == sidecar.generation)
        ]


def shown_token(asked: ApprovalAsked, client_id: str) -> str:
    """The one-time token of this question for this renderer."""
    bound = f"{asked.session_id}\n{asked.turn_id}\n{client_id}".encode()
    return hmac.new(asked.token.encode(), bound, hashlib.sha256).hexdigest()


def shown(asked: ApprovalAsked, client_id: str, role: say.ClientRole) -> say.ApprovalEvent:
    """The question for one renderer; who may only look gets no token."""
    return say.ApprovalEvent(
        token=shown_token(asked, client_id) if role == "operator" else "",
        kind=asked.kind,
        session_id=asked.session_id,
        turn_id=asked.turn_id,
        item_id=asked.item_id,
        summary=asked.summary,
        diff=asked.diff,
        diff_cut=asked.diff_cut,
        expires_at_ms=asked.expires_at_ms,
    )


def closed(asked: ApprovalAsked, client_id: str, role: say.ClientRole, outcome: str) -> say.ApprovalClosed:
    """The end of the question, for one renderer."""
    token = shown_token(asked, client_id) if role == "operator" else ""
    return say.ApprovalClosed(token=token, item_id=asked.item_id, outcome=outcome)
