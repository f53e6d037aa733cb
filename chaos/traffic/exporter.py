"""Exporters as the tools have them: batches in order over one kept connection, with what each does after a failure.

claude sends a batch again after 503 for ten seconds in all, and once more when a kept connection turns out to be dead;
codex sends none twice (both measured). A patient exporter goes on for `PATIENT_S`: for traffic that outlives a host.
"""

from __future__ import annotations

import gzip
import http.client
import queue
import random
import threading
import time
from collections.abc import Iterator, Sequence

from actors.wire.otlp_answers import CONTENT_TYPES
from chaos.traffic.telemetry import Record, encoded
from chaos.traffic.truth import Truth
from messages.otlp import Encoding

GIVE_UP_S = 10.0
PATIENT_S = 120.0
AGAIN_S = 1.0
TIMEOUT_S = 10.0
QUEUE_MAX = 256
"""Batches that wait; then whoever brings the next one waits, too."""
CHUNK_BYTES = 700
"""A piece of a chunked body: small enough that each body has several."""


class Exporter:
    """One process's exporter: its encoding, its packing, its connection. Its thread ends with `stop`."""

    def __init__(
        self, truth: Truth, port: int, token: str, tool: str, encoding: Encoding, packed: bool, seed: int,
        patient: bool = False,
    ) -> None:  # fmt: skip
        self._truth = truth
        self._port, self._token = port, token
        self._encoding, self._packed = encoding, packed
        self._chunked = tool == "claude"  # it never says a length
        self._again_s = PATIENT_S if patient else GIVE_UP_S if tool == "claude" else 0.0
        self._chance = random.Random(seed)
        self._batches: queue.Queue[list[Record] | None] = queue.Queue(QUEUE_MAX)
        self._connection: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Exporter:
        self._thread.start()
        return self

    def put(self, batch: list[Record]) -> None:
        """Hand a batch over: records of one signal."""
        self._batches.put(batch)

    def stop(self) -> None:
        """Send what waits, then end."""
        self._batches.put(None)
        self._thread.join(PATIENT_S + TIMEOUT_S)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            stored = [(record.number, record.owner) for record in batch if record.stored]
            self._truth.answered(stored, kept=False)  # from now on it may be stored
            body = encoded(batch, self._encoding)
            kept = self._export(batch, body)
            self._truth.answered(stored, kept)
            if kept and self._chance.random() < 0.05:
                # The answer was lost on its way: the exporter sends the same bytes again.
                self._truth.repeated += 1
                self._export(batch, body)
        if self._connection is not None:
            self._connection.close()

    def _export(self, batch: Sequence[Record], body: bytes) -> bool:
        until_s = time.monotonic() + self._again_s
        while True:
            reused = self._connection is not None
            try:
                status = self._post(batch[0].signal, body)
            except (OSError, http.client.HTTPException) as error:
                self._truth.answers[type(error).__name__] += 1
                if reused:
                    continue
                if time.monotonic() >= until_s or self._again_s < PATIENT_S:
                    return False
                time.sleep(AGAIN_S)
                continue
            self._truth.answers[str(status)] += 1
            if status == 200:
                return True
            if status not in (429, 503) or time.monotonic() + AGAIN_S > until_s:
                return False
            time.sleep(AGAIN_S)

    def _post(self, signal: str, body: bytes) -> int:
        """The status of one try. Errors: OSError, HTTPException; the connection is closed then."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": CONTENT_TYPES[self._encoding]}
        if self._packed:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        try:
            if self._chunked:
                headers["Transfer-Encoding"] = "chunked"
                self._connection.request("POST", f"/v1/{signal}", _pieces(body), headers, encode_chunked=True)
            else:
                self._connection.request("POST", f"/v1/{signal}", body, headers)
            answer = self._connection.getresponse()
            answer.read()
            if answer.will_close:
                self._connection.close()
                self._connection = None
            return answer.status
        except BaseException:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            raise


def _pieces(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), CHUNK_BYTES):
        yield body[at : at + CHUNK_BYTES]
