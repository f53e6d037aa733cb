"""The `turn` verb: say something, watch it happen, and end when it is stored.

The runtime's announcements may be missed (a slow terminal, a facade that was started anew); the database cannot. So
whenever nothing is heard for a moment, the store is asked whether the turn has ended.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hybrid_capture.asking import TICK_S, Asking, Decision, Keyboard, show, submit, without_token
from hybrid_capture.client import RendererClient, Unanswered, attach
from hybrid_capture.console import Screen
from hybrid_capture.inbox import GONE, SIGNAL, Event, Inbox, signals_to
from hybrid_capture.moments import now_ms
from hybrid_capture.problems import DONE, NO_RUNTIME, TIMED_OUT, TURN_NOT_COMPLETED, Problem, result_of
from hybrid_capture.settings import store_of
from storage.errors import StoreError
from storage.reader import Reader

Approve = Literal["ask", "accept", "decline"]
FINAL = frozenset({"completed", "interrupted", "failed"})
LOOK_S = 2.0
"""Silence after which the store is asked."""
INTERRUPT_S = 15.0
"""How long an interrupted turn is given to be stored."""
LOST_S = 10.0
"""How long a turn whose sidecar ended is given to be stored all the same: the next sidecar is asked how it ended."""
ADOPT_S = 5.0
"""How long a turn whose start was not answered is given to show itself."""
PROMPT_CHARS_MAX = 60_000
SHOWN_CHARS_MAX = 1_000_000
"""Live text that is remembered, so that the result is not shown twice."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    prompt: str
    thread: str | None = None
    cwd: str | None = None
    model: str | None = None
    approve: Approve = "decline"
    timeout_s: float = 600.0


def take_turn(folder: Path, wish: Wish, screen: Screen) -> int:
    """Take a turn through the runtime of this state folder; gives the exit code. Errors: NotRunning, Problem."""
    if not 0 < len(wish.prompt) <= PROMPT_CHARS_MAX:
        raise Problem("BAD_PROMPT", f"a prompt has 1 to {PROMPT_CHARS_MAX:,} characters; this has {len(wish.prompt):,}")
    wish.prompt.encode()  # UnicodeEncodeError for what is no text: no runtime would take it
    inbox = Inbox()
    client = attach(folder, inbox.put)
    client.on_link(inbox.heard_link)
    with signals_to(inbox, "SIGINT", "SIGTERM"), client:
        return Turn(folder, wish, screen, client, inbox).take()


class Turn:
    """One turn under way."""

    def __init__(self, folder: Path, wish: Wish, screen: Screen, client: RendererClient, inbox: Inbox) -> None:
        self._database = store_of(folder)
        self._wish = wish
        self._screen = screen
        self._client = client
        self._inbox = inbox
        self._session = ""
        self._turn = ""
        self._generation: int | None = None
        self._deadline = time.monotonic() + wish.timeout_s
        self._interrupted = False
        self._lost_at: float | None = None
        self._shown = ""
        self._asking = Asking(screen, Keyboard(inbox), self._decide, now_ms)

    def take(self) -> int:
        # Before the turn, so that none of its events is missed.
        result_of(self._client.ask({"command": "subscribe", "live": True}))
        self._session = self._wish.thread or self._open_thread()
        started = self._client.do({"command": "startTurn", "threadId": self._session, "text": self._wish.prompt})
        self._turn = self._adopt() if started.get("code") == "AWAY" else result_of(started)["turnId"]
        self._screen.record({"event": "started", "sessionId": self._session, "turnId": self._turn})
        while True:
            left = self._deadline - time.monotonic()
            event = self._inbox.next(min(TICK_S if self._asking.open else LOOK_S, left))
            ended = self._heard(event) if event is not None else self._look()
            if ended is None and left <= 0:
                ended = self._look()
                if ended is None:
                    raise self._too_late()
            if ended is not None:
                return self._tell_end(ended)
            self._asking.tick()

    def _adopt(self) -> str:
        """The facade was started anew while it held the command: whether the turn began shows in its events."""
        until = time.monotonic() + ADOPT_S
        while (event := self._inbox.next(until - time.monotonic())) is not None:
            if event.get("sessionId") == self._session and event.get("turnId"):
                self._inbox.put(event)
                return str(event["turnId"])
        raise Problem("AWAY", "the runtime's facade was started anew and the turn did not begin: say it again")

    def _open_thread(self) -> str:
        wanted = {name: value for name, value in (("cwd", self._wish.cwd), ("model", self._wish.model)) if value}
        session: str = result_of(self._client.do({"command": "startThread", **wanted}))["threadId"]
        return session

    # What is heard.

    def _heard(self, event: Event) -> Event | None:
        """Show an event; gives the end of the turn when this is it."""
        kind = event["event"]
        if event == SIGNAL:
            return self._interrupt()
        if kind == "typed":
            self._asking.typed(event["line"])
            return None
        if event == GONE:
            ended = self._look()
            if ended is None:
                text = f"the runtime ended before the turn was stored: see `sessions show {self._session}` later"
                raise Problem("RUNTIME_GONE", text, NO_RUNTIME)
            return ended
        if kind == "status":
            return self._status(event["status"])
        if kind == "gap":
            self._screen.record(event)
            return self._look()
        if event.get("sessionId") != self._session or event.get("turnId") != self._turn:
            if kind == "approvalClosed":
                self._screen.record(without_token(event))
                self._asking.closed(event["token"], event["outcome"])
            return None
        if kind == "turnStored":
            return event
        self._screen.record(without_token(event))
        if kind == "live":
            self._shown = (self._shown + event["text"])[-SHOWN_CHARS_MAX:]
            self._screen.say(event["text"].removesuffix("\n"), "" if event["kind"] == "agentMessage" else "dim")
        elif kind == "itemStored":
            self._screen.say(f"  stored: {event['kind']}", "dim")
        elif kind == "approvalRequested":
            self._approve(event)
        return None

    def _status(self, status: dict[str, Any]) -> Event | None:
        """A turn lives and dies with the process that runs it."""
        sidecar = status.get("sidecar")
        if sidecar is None:
            return None
        if self._generation is None:
            self._generation = sidecar["generation"]
        running = sidecar["state"] == "running" and sidecar["generation"] == self._generation
        if not running and self._lost_at is None:
            self._screen.say(f"  {status['mode_reason']}", "yellow")
            self._lost_at = time.monotonic()
            self._deadline = min(self._deadline, self._lost_at + LOST_S)
        return None

    def _look(self) -> Event | None:
        """The end of the turn as the store has it, if it has."""
        try:
            with Reader(self._database) as reader:
                session = reader.session(self._session, bodies=False)
        except StoreError:
            return None  # an older moment is no answer either: listen on
        for turn in session["turns"] if session else ():
            if turn["turn_id"] == self._turn and turn["status"] in FINAL:
                return {"status": turn["status"], "items": turn["item_count"]}
        return None

    def _interrupt(self) -> Event | None:
        """Ctrl-C: the first interrupts the turn, the second waits no longer."""
        if self._interrupted:
            raise Problem("NOT_AWAITED", "the turn was interrupted and not waited for", TURN_NOT_COMPLETED)
        self._interrupted = True
        self._asking.decline_all()
        self._screen.note("interrupting the turn; once more to wait no longer")
        self._deadline = min(self._deadline, time.monotonic() + INTERRUPT_S)
        with suppress(Unanswered):
            self._client.ask({"command": "interruptTurn", "threadId": self._session, "turnId": self._turn})
        return None

    # Approvals.

    def _approve(self, event: Event) -> None:
        """Exactly one answer, by choice or by a person."""
        if self._wish.approve == "ask":
            self._asking.asked(event)
        else:
            show(event, self._screen, now_ms())
            self._decide(event, self._wish.approve)

    def _decide(self, event: Event, decision: Decision) -> None:
        submit(self._client, event, decision, self._screen)

    # How it ends.

    def _tell_end(self, ended: Event) -> int:
        status, items = ended["status"], ended["items"]
        self._say_result()
        self._screen.record(
            {"event": "stored", "sessionId": self._session, "turnId": self._turn, "status": status, "items": items}
        )
        self._screen.say(f"{status}: {items} items stored", "green" if status == "completed" else "yellow")
        self._screen.say(f"session {self._session}")
        return DONE if status == "completed" else TURN_NOT_COMPLETED

    def _say_result(self) -> None:
        """The turn's result, unless it was seen live already; and the reason when it failed."""
        if self._screen.json:
            return
        with suppress(StoreError), Reader(self._database) as reader:
            session = reader.session(self._session, bodies=False)
            for turn in session["turns"] if session else ():
                if turn["turn_id"] != self._turn:
                    continue
                for item in turn["items"]:
                    if item["item_id"] == turn["result_item_id"] and item["text"].strip() not in self._shown:
                        self._screen.say(item["text"].strip())
                if turn["error"]:
                    self._screen.say(turn["error"], "red")

    def _too_late(self) -> Problem:
        show = f"hybrid-capture sessions show {self._session}"
        if self._lost_at is not None:
            text = f"the sidecar ended while the turn ran; what was complete is stored: `{show}`"
            return Problem("TURN_LOST", text, TURN_NOT_COMPLETED)
        if self._interrupted:
            text = f"the interrupted turn was not stored within {INTERRUPT_S:g} s: `{show}` later"
            return Problem("TIMED_OUT", text, TIMED_OUT)
        text = f"the turn was not stored within {self._wish.timeout_s:g} s; it goes on: `{show}` later"
        return Problem("TIMED_OUT", text, TIMED_OUT)
