"""Somebody who works: turns through the live stream, one after another, each timed until it is durable."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass

from chaos.drilling.stage import Stage
from hybrid_capture.client import Unanswered

PROMPTS = ("SCN:plain", "SCN:long:200", "SCN:shell", "SCN:reasoning", "SCN:long:2000")
PAUSE_S = 0.5
TURN_S = 30.0
TURNS_MAX = 100_000
"""Timed turns that are remembered. Over: the oldest are forgotten, and counted still."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn that was begun."""

    at_s: float
    """Since the soak began."""
    took_ms: float
    """Until it was durable."""
    status: str


class LiveTurns:
    """Turns until it is stopped. What a fault does to one is counted, not an error."""

    def __init__(self, stage: Stage, seed: int, begun_s: float, pause_s: float = PAUSE_S) -> None:
        self._stage, self._begun_s, self._pause_s = stage, begun_s, pause_s
        self._chance = random.Random(seed)
        self.turns: deque[Turn] = deque(maxlen=TURNS_MAX)
        self.threads: set[str] = set()
        self.outcomes: Counter[str] = Counter()
        """By the turn's status; `refused` when there was no stream to begin one on, `unseen` when no end was heard."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> LiveTurns:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish the turn that is under way, begin no other."""
        self._over.set()
        self._thread.join(TURN_S + PAUSE_S)

    def _run(self) -> None:
        while not self._over.wait(self._pause_s):
            outcome = self._turn(self._chance.choice(PROMPTS))
            self.outcomes[outcome] += 1

    def _turn(self, prompt: str) -> str:
        stage, begun = self._stage, time.monotonic()
        with stage.runtime.subscribe() as events:
            try:
                thread = stage.thread()
                self.threads.add(thread)
                turn = stage.begin(thread, prompt)
            except (AssertionError, Unanswered, KeyError):
                return "refused"
            while (left := TURN_S - (time.monotonic() - begun)) > 0:
                event = events.next(left)
                if event is not None and event.get("event") == "turnStored" and event["turnId"] == turn:
                    now = time.monotonic()
                    self.turns.append(Turn(round(now - self._begun_s, 1), (now - begun) * 1000, event["status"]))
                    return str(event["status"])
        return "unseen"
