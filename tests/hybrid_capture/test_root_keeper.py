"""One root after another, on the same sockets, until that happens too often."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from hybrid_capture import root_keeper
from hybrid_capture.client import Unanswered
from hybrid_capture.doorway import Doorway
from hybrid_capture.link import Lines, line_of
from hybrid_capture.root_keeper import Handed, RootKeeper
from hybrid_capture.root_process import NotStarted
from hybrid_capture.settings import Settings
from hybrid_capture.statefolder import StateFolder
from hybrid_capture.subscription import Subscriptions
from messages.settings import Timing

TIMING = Timing(ping_interval_ms=60_000, ping_deadline_ms=180_000, backoff_min_ms=1, backoff_max_ms=1)
"""Nobody is pinged here, and the next root comes at once."""
PATIENCE_S = 60.0


class Root:
    """A root process that is a pair of sockets."""

    made: queue.Queue[Root]
    """Each in turn."""
    every: list[Root]
    ready = True
    """Whether it lives and says so."""

    def __init__(self, python: Path, state_dir: Path, control: int, http: int | None = None) -> None:
        self.inherits = (control, http)
        self.link, self.theirs = socket.socketpair()
        self.theirs.settimeout(PATIENCE_S)
        self.pid = self.theirs.fileno()
        self._lines = Lines()
        self._heard: list[dict[str, Any]] = []
        if self.ready:
            self.theirs.sendall(line_of("ready", pids={"root": self.pid}))
        else:
            self.theirs.close()
        self.every.append(self)
        self.made.put(self)

    def hear(self, op: str) -> dict[str, Any]:
        """The next word of this kind that its host says; it may come before or after others."""
        while True:
            for message in self._heard:
                if message["op"] == op:
                    self._heard.remove(message)
                    return message
            chunk = self.theirs.recv(64 * 1024)
            assert chunk, f"the host hung up before it said {op}"
            self._heard += self._lines.feed(chunk)

    def lives(self) -> bool:
        return True

    def kill(self) -> None:
        self.theirs.close()

    def wait(self, timeout_s: float | None = None) -> bool:
        return True

    def end(self) -> None:
        self.link.close()
        self.theirs.close()


class House:
    """A keeper, and what it hands down."""

    def __init__(self, folder: StateFolder, settings: Settings) -> None:
        self.subscriptions = Subscriptions()
        self.keeper = RootKeeper(settings, self.subscriptions)
        _, token = folder.listen("r", "embedded")
        self.handed = Handed("r", folder, Doorway(None, 0, "no port"), token, "otlp-token", "panel-token")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(Root, "made", queue.Queue(), raising=False)
    monkeypatch.setattr(Root, "every", [], raising=False)
    monkeypatch.setattr(root_keeper, "RootProcess", Root)
    folder = StateFolder(tmp_path / "state")
    folder.take()
    settings = Settings(state_dir=folder.path, otlp=False, watch_codex=False, watch_claude=False, timing=TIMING)
    try:
        yield House(folder, settings)
    finally:
        for root in Root.every:
            root.end()
        folder.release()


def test_a_root_is_told_what_it_needs_and_told_to_stop(house: House) -> None:
    with pytest.raises(Unanswered, match="the runtime is new"):
        house.keeper.reachable()
    house.keeper.begin(house.handed, PATIENCE_S)
    root = Root.made.get(timeout=PATIENCE_S)
    start = root.hear("start")
    tokens = start["token"], start["otlp_token"], start["panel_token"]
    assert tokens == (house.handed.token, "otlp-token", "panel-token")
    assert (start["no_gateway"], start["leaving"]) == ("no port", None)
    assert orjson.loads(start["settings"])["run_id"] == "r.1"
    assert house.keeper.pids == {"root": root.pid}
    house.keeper.stop("enough", PATIENCE_S)
    assert root.theirs.fileno() == -1, "it is ended"
    house.keeper.ended()
    assert house.keeper.over


def test_one_that_ends_is_told_of_and_followed_by_another_on_the_same_sockets(house: House) -> None:
    events = house.subscriptions.add(None, live=True)
    house.keeper.begin(house.handed, PATIENCE_S)
    first = Root.made.get(timeout=PATIENCE_S)
    first.theirs.sendall(line_of("gateway", pid=7, created=1.5) + line_of("failed", text="the supervisor exited"))
    first.theirs.shutdown(socket.SHUT_WR)
    second = Root.made.get(timeout=PATIENCE_S)
    told = events.next(PATIENCE_S)
    assert told is not None
    assert told["status"] == {"mode": "FAILURE", "mode_reason": "the capture tree is down: the supervisor exited"}
    assert second.inherits == first.inherits
    assert second.hear("start")["leaving"] == [7, 1.5], "its gateway hands over to the next one"
    subscribed = orjson.loads(second.hear("say")["body"])
    assert (subscribed["command"], subscribed["live"]) == ("subscribe", True), "nobody has to subscribe again"
    assert house.keeper.pids == {"root": second.pid}
    house.keeper.stop("enough", PATIENCE_S)


def test_after_the_third_end_within_a_minute_there_is_no_next_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Root, "ready", False)
    with pytest.raises(NotStarted, match=r"broke 3 times within a minute and was given up: .* see .*root\.log"):
        house.keeper.begin(house.handed, PATIENCE_S)
    assert house.keeper.given_up.startswith("the tree broke 3 times")
    assert Root.made.qsize() == 3
    house.keeper.abandon()
    assert Root.made.qsize() == 3
