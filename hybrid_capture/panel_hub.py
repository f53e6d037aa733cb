"""The gateway's end of what renderers and facade say to each other: sessions on one side, the root's link on the other.

Bodies pass untouched. What is looked at is the command id, so that whoever waits for a facade that was started anew
hears `AWAY` instead of nothing, and subscribes again without having to know.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from hybrid_capture.frames import Said
from hybrid_capture.panel_sessions import Session
from hybrid_capture.panel_tokens import Entry, PanelTokens
from messages.renderer_words import ClientRole
from messages.settings import Limits

OPEN_MAX = 256
"""Commands of one session that wait at once and are told of a facade's end; the oldest is let go first."""
GONE_S = 60.0
"""A session without a connection lives this long."""
WATCH = "gateway"
"""The gateway's own client: it subscribes and asks as an observer, for `/readyz` and `/metrics`."""
OURS = "gateway."
"""Command ids that begin so are the gateway's own; nobody else hears what becomes of them."""
ASK_S = 2.0

Tell = Callable[..., None]
"""`tell(op, blob, **fields)` puts a frame on the link to the root."""


class Hub:
    """All sessions of one gateway. For one event loop."""

    def __init__(self, tell: Tell, tokens: PanelTokens, limits: Limits, contract: str = "") -> None:
        self._tell = tell
        self._limits = limits
        self.tokens = tokens
        self.contract = contract
        self.sessions: dict[str, Session] = {}
        self.news: dict[str, asyncio.Event] = {}
        """Set when a session has something to send."""
        self._left: dict[str, float] = {}
        """Sessions without a connection, since when."""
        self._asked: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = 0
        self.status: dict[str, Any] | None = None
        """The last status event; None before the facade is there, and after it went."""
        self.refused: Counter[str] = Counter()
        """Why connections were turned away, since the gateway began."""
        self._untold: Counter[str] = Counter()
        self.opened = 0

    # Sessions.

    def enter(self, entry: Entry, session_id: object, after: object) -> tuple[Session, bool] | None:
        """The session of who comes in, and whether it goes on where it was; None when there are too many."""
        known = self.sessions.get(entry.session) if entry.session is not None and entry.session == session_id else None
        if known is not None and known.role == entry.role:
            self._left.pop(known.id, None)
            if isinstance(after, int) and not isinstance(after, bool):
                known.resume(after)
                return known, True
            known.begin_anew()
            return known, False
        if len(self.sessions) >= self._limits.sessions_max and not self._make_room():
            return None
        fresh = Session(
            secrets.token_urlsafe(12), entry.role, self._limits.session_events_max, self._limits.session_bytes_max
        )
        self.sessions[fresh.id] = fresh
        self.news[fresh.id] = asyncio.Event()
        self.opened += 1
        return fresh, False

    def _make_room(self) -> bool:
        """Give up the session that has been without a connection for longest, if there is one."""
        if not self._left:
            return False
        self._end(next(iter(self._left)))
        return True

    def left(self, session: Session, now_s: float) -> None:
        """Its connection is gone; it may come back."""
        if session.id in self.sessions:
            self._left[session.id] = now_s

    def tick(self, now_s: float) -> None:
        """Forget who did not come back; tell the root of who was turned away."""
        for session_id in [each for each, since_s in self._left.items() if now_s - since_s >= GONE_S]:
            self._end(session_id)
        if self._untold:
            told = ", ".join(f"{count} x {why}" for why, count in sorted(self._untold.items()))
            self._untold.clear()
            self._tell("refused", text=told)

    def _end(self, session_id: str) -> None:
        self._left.pop(session_id, None)
        del self.sessions[session_id], self.news[session_id]
        self._tell("left", client=session_id)

    def refuse(self, why: str) -> None:
        """Somebody was turned away; `why` is one of our own words."""
        self.refused[why] += 1
        self._untold[why] += 1

    # Up.

    def say(self, session: Session, text: str, command: Any) -> None:
        """A renderer's words go up as they are. `command` is what they parse to, if they do."""
        if isinstance(command, dict):
            command_id = command.get("commandId")
            if isinstance(command_id, str) and 0 < len(command_id) <= 64 and command_id not in session.open:
                session.open[command_id] = False
                if len(session.open) > OPEN_MAX:
                    del session.open[next(iter(session.open))]
            if command.get("command") == "subscribe" and isinstance(command.get("live", False), bool):
                session.live = command.get("live", False)
        self._tell("said", text.encode(errors="surrogatepass"), client=session.id, role=session.role)

    def _ours(self, client: str, role: ClientRole, command: str, **fields: Any) -> None:
        body = orjson.dumps({"command": command, "commandId": self._next_id(), **fields})
        self._tell("said", body, client=client, role=role)

    def _next_id(self) -> str:
        self._numbers += 1
        return f"{OURS}{self._numbers}"

    async def ask(self, command: str) -> dict[str, Any] | None:
        """The answer to a question of the gateway's own; None when it does not come in time."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        command_id = self._next_id()
        self._asked[command_id] = answer
        try:
            body = orjson.dumps({"command": command, "commandId": command_id})
            self._tell("said", body, client=WATCH, role="observer")
            return await asyncio.wait_for(answer, ASK_S)
        except TimeoutError:
            return None
        finally:
            del self._asked[command_id]

    # Down.

    def heard(self, said: Said) -> bool:
        """What the root says; false when it is not for renderers."""
        if said.op == "told":
            self._told(said)
        elif said.op == "missed":
            self._missed(said.fields["missed"])
        elif said.op == "facade":
            self._facade_returned()
        else:
            return False
        return True

    def _told(self, said: Said) -> None:
        droppable = bool(said.fields["droppable"])
        body = None if droppable and said.fields["clients"] != [WATCH] else orjson.loads(said.blob)
        for client in said.fields["clients"]:
            session = self.sessions.get(client)
            if client == WATCH:
                self._for_us(orjson.loads(said.blob) if body is None else body)
            elif session is not None and self._note(session, body):
                session.tell(said.blob, droppable)
                self.news[client].set()

    def _note(self, session: Session, body: dict[str, Any] | None) -> bool:
        """Whether the session hears of it; keeps account of what still waits."""
        if body is None:
            return True
        command_id = body.get("commandId", "")
        if body.get("answer") == "accepted" and session.open.get(command_id) is False:
            # A subscription has no effect that would close it.
            session.open[command_id] = True
        elif body.get("event") != "commandProgress":
            session.open.pop(command_id, None)
        return not command_id.startswith(OURS)

    def _for_us(self, body: dict[str, Any]) -> None:
        waiting = self._asked.get(body.get("commandId", ""))
        if "answer" in body and waiting is not None and not waiting.done():
            waiting.set_result(body)
        elif body.get("event") == "status":
            self.status = body["status"]

    def _missed(self, missed: dict[str, int]) -> None:
        """The link was full and events were left out."""
        for client, count in missed.items():
            session = self.sessions.get(client)
            if session is not None:
                session.tell(orjson.dumps({"event": "gap", "missed": count}), droppable=False)
                self.news[client].set()

    def _facade_returned(self) -> None:
        """A new facade knows nobody: end what waits, and subscribe again."""
        self.status = None
        for session in self.sessions.values():
            for command_id, accepted in session.open.items():
                told: dict[str, Any] = {"commandId": command_id, "code": "AWAY", "text": AWAY_TEXT}
                told |= {"event": "commandDone", "ok": False, "result": {}} if accepted else {"answer": "refused"}
                session.tell(orjson.dumps(told), droppable=False)
            session.open.clear()
            if session.live is not None:
                self._ours(session.id, session.role, "subscribe", live=session.live)
            self.news[session.id].set()
        self._ours(WATCH, "observer", "subscribe")

    def close(self) -> None:
        """The end: nobody waits any more."""
        for waiting in self._asked.values():
            with contextlib.suppress(asyncio.InvalidStateError):
                waiting.cancel()


AWAY_TEXT = "the facade was started anew: say it again"
