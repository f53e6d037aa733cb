"""An exporter as both tools have one: batches in order over HTTP, 503 is sent again, anything else is lost."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from tests.actors.wire.otlp_bodies import claude_log, request
from tests.live.house import PATIENCE_S, House

GIVE_UP_S = 30.0
"""Claude Code's exporter gives a batch 10 s in all, tries and waits together (measured). Three times that here: what is
told is whether anything is lost, on a busy machine too. How long nobody answers is measured by the drills."""


@dataclass
class Exporter:
    """Exports numbered records of one session until it is told to stop."""

    house: House
    session: str = "5f0c1f7e-0000-4000-8000-000000000001"
    per_batch: int = 10
    stored: int = 0
    """Records that were answered with 200."""
    lost: int = 0
    """Records that an exporter of the real kind would have given up."""
    answers: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        self.token = (self.house.runtime.state_dir / "otlp.token").read_text().strip()
        self.port = int(self.house.runtime.addresses["otlp"].rpartition(":")[2])
        self._numbers = count()
        self._stop = threading.Event()
        self._told = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._connection: http.client.HTTPConnection | None = None

    def body(self, size: int | None = None) -> bytes:
        """The next batch."""
        numbers = [next(self._numbers) for _ in range(size or self.per_batch)]
        base = 1_795_329_169_000
        logs = [claude_log("tool_result", n, base + n, session__id=self.session, number=str(n)) for n in numbers]
        return orjson.dumps(request("logs", *logs))

    def post(self, body: bytes, timeout_s: float = GIVE_UP_S, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One try; keeps its connection. Errors: OSError, HTTPException."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", **headers}
        begun = time.monotonic()
        try:
            self._connection.request("POST", "/v1/logs", body, given)
            response = self._connection.getresponse()
            said = response.read()
        except BaseException:
            self._connection.close()
            self._connection = None
            raise
        self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        return response.status, {name.lower(): value for name, value in response.getheaders()}, said

    def export(self, body: bytes) -> bool:
        """A batch as the real exporters send one: again after 503 for ten seconds in all, and once more when a
        connection that was kept turns out to be dead before anything was answered."""
        until = time.monotonic() + GIVE_UP_S
        while True:
            kept = self._connection is not None
            try:
                status, headers, _ = self.post(body)
            except (OSError, http.client.HTTPException) as error:
                word = type(error).__name__
                self.answers[word] = self.answers.get(word, 0) + 1
                if kept:
                    continue
                return False
            self.answers[str(status)] = self.answers.get(str(status), 0) + 1
            if status == 200:
                return True
            if status != 503 or time.monotonic() + 1 > until:
                return False
            time.sleep(float(headers["retry-after"]))  # as it was told

    def start(self) -> Exporter:
        self._thread.start()
        return self

    def _run(self) -> None:
        while not self._stop.is_set():
            kept = self.export(self.body())
            with self._told:
                self.stored += self.per_batch if kept else 0
                self.lost += 0 if kept else self.per_batch
                self._told.notify_all()
            time.sleep(0.01)  # its pace

    def until_more(self, batches: int = 5) -> None:
        """Wait until so many more batches are stored."""
        with self._told:
            enough = self.stored + batches * self.per_batch
            assert self._told.wait_for(lambda: self.stored >= enough, PATIENCE_S), f"nothing more: {self.answers}"

    def stop(self) -> Exporter:
        """No more batches; the one on its way is finished."""
        self._stop.set()
        self._thread.join(GIVE_UP_S + 5)
        assert not self._thread.is_alive()
        return self

    def rows(self) -> list[tuple[Any, ...]]:
        """What the store has of this session, in order."""
        return self.house.rows(
            "SELECT e.sequence, count(*) FROM events e JOIN sessions s ON s.id = e.session_row"
            f" WHERE s.session_id = '{self.session}' GROUP BY e.sequence ORDER BY e.sequence"
        )
