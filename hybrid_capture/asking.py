"""The app-server's questions at a terminal: what is asked, a countdown, one answer.

Nothing here blocks: lines that are typed arrive in the verb's inbox like everything else, so that live lines, the end
of the turn, Ctrl-C and an answer given elsewhere are all heard while a question stands. A question's token decides, and
is shown nowhere; people and programs name a question by `name_of`.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable
from typing import Any, Literal

from hybrid_capture.console import Screen
from hybrid_capture.inbox import Event, Inbox

Decision = Literal["accept", "acceptForSession", "decline", "cancel"]
Decide = Callable[[Event, Decision], None]

TYPED: dict[str, Decision] = {
    "y": "accept", "yes": "accept", "accept": "accept",
    "s": "acceptForSession", "session": "acceptForSession", "acceptforsession": "acceptForSession",
    "accept-for-session": "acceptForSession",
    "n": "decline", "no": "decline", "decline": "decline",
    "c": "cancel", "cancel": "cancel",
}  # fmt: skip
"""What a person may type. Anything else, and an empty line, is no."""

TICK_S = 1.0
"""The countdown moves this often; a verb that has a question open wakes as often."""
LINE_CHARS_MAX = 1_000
NAME_CHARS = 8


def name_of(event: Event) -> str:
    """A short name of a question, the same for every client, that decides nothing."""
    parts = (event["sessionId"], event["turnId"], event["itemId"], event["kind"], str(event["expiresAtMs"]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:NAME_CHARS]


def without_token(event: Event) -> Event:
    """An event for a pipe or a log: the token is for the one who is asked."""
    shown = {name: value for name, value in event.items() if name != "token"}
    return {"id": name_of(event), **shown} if event["event"] == "approvalRequested" else shown


def show(event: Event, screen: Screen, now_ms: int) -> None:
    """What is asked, for a person: kind, name, time left, the words, and the diff of a file change."""
    left = clock_of(event["expiresAtMs"] - now_ms)
    screen.say(f"  asks for approval: {event['kind']} {name_of(event)}, {left} left", "yellow")
    for line in str(event["summary"]).splitlines():
        screen.say(f"    {line}", "bold" if event["kind"] == "command" else "")
    if event.get("diff"):
        screen.diff(event["diff"], "    ")
    if event.get("diffCut"):
        screen.say("    … the diff goes on", "dim")


def clock_of(ms: int) -> str:
    """`4:59`; never below zero."""
    seconds = max(0, ms) // 1000
    return f"{seconds // 60}:{seconds % 60:02}"


class Keyboard:
    """Reads lines of standard input into the inbox, from the first question on; the end of input is a None."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._started = False

    def listen(self) -> None:
        """Begin to read; again changes nothing. The thread ends with the input or with the process."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._read, name="hybrid-capture-keyboard", daemon=True).start()

    def _read(self) -> None:
        while line := sys.stdin.readline(LINE_CHARS_MAX):
            self._inbox.put({"event": "typed", "line": line})
        self._inbox.put({"event": "typed", "line": None})


class Asking:
    """Questions that stand at this terminal, oldest first. Call `tick` at least once in `TICK_S` while `open`."""

    def __init__(self, screen: Screen, keyboard: Keyboard, decide: Decide, wall_ms: Callable[[], int]) -> None:
        self._screen = screen
        self._keyboard = keyboard
        self._decide = decide
        self._wall_ms = wall_ms
        self._standing: list[Event] = []
        self._nobody = False

    @property
    def open(self) -> bool:
        """Whether somebody has to say something."""
        return bool(self._standing)

    def asked(self, event: Event) -> None:
        """A question came. Without a keyboard it is declined."""
        self._standing.append(event)
        if self._nobody:
            self._answer("decline")
            return
        self._keyboard.listen()
        if len(self._standing) == 1:
            self._present()

    def typed(self, line: str | None) -> None:
        """A line was typed, or there will be none any more: then everything that stands is declined."""
        self._screen.answered()
        if line is None:
            self._nobody = True
            while self._standing:
                self._answer("decline")
        elif self._standing:
            self._answer(TYPED.get(line.strip().lower(), "decline"))
            if self._standing:
                self._present()

    def closed(self, token: str, outcome: str) -> None:
        """It was answered elsewhere, or is over."""
        for event in self._standing:
            if event["token"] == token:
                first = event is self._standing[0]
                self._standing.remove(event)
                self._screen.say(f"  {name_of(event)} is over: {outcome}", "yellow")
                if first and self._standing:
                    self._present()
                return

    def decline_all(self) -> None:
        """The person leaves."""
        while self._standing:
            self._answer("decline")

    def tick(self) -> None:
        """Move the countdown on."""
        if self._standing:
            left = clock_of(self._standing[0]["expiresAtMs"] - self._wall_ms())
            more = f" ({len(self._standing) - 1} more wait)" if len(self._standing) > 1 else ""
            # Of constant width, so that it can be drawn again under a half-typed line.
            self._screen.ask(f"  accept? [y]es, for the [s]ession, [n]o, [c]ancel the turn  {left:>5}{more} > ")

    def _present(self) -> None:
        show(self._standing[0], self._screen, self._wall_ms())
        self.tick()

    def _answer(self, decision: Decision) -> None:
        self._decide(self._standing.pop(0), decision)


def submit(client: Any, event: Event, decision: Decision, screen: Screen) -> None:
    """Give the one answer, and say what became of it. A question that is over by now is no error."""
    from hybrid_capture.client import Unanswered
    from hybrid_capture.problems import Problem, result_of

    try:
        result_of(client.do({"command": "submitApproval", "token": event["token"], "decision": decision}))
    except (Problem, Unanswered) as error:
        screen.note(f"the decision came too late: {error}")
    else:
        screen.say(f"  decided: {decision}", "yellow")
