"""The last words of a process, read by the actor that owns it."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.appserver import AppServer
from actors.sidecar import SidecarActor
from messages.settings import SidecarSettings
from messages.sidecar import SidecarExited, StartSidecar
from messages.stream import FrameBatch, GenerationClosed
from tests.actors.actor_house import ActorHouse, settings_in

SPEAKS_AND_ENDS = 'read greeting; read word; echo \'{"method":"last"}\''
PATIENCE_S = 60.0


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ActorHouse]:
    """Of a process that says one line when it is told to, and ends with it."""
    monkeypatch.setattr("actors.lifeline.die_with_parent", lambda *_: False)
    command = SidecarSettings(
        codex_path="/bin/sh", codex_args=("-c", SPEAKS_AND_ENDS), environment={"PATH": os.environ["PATH"]}
    )
    house = ActorHouse(SidecarActor, settings_in(tmp_path, sidecar=command))
    house.hear(StartSidecar(generation=1), "supervisor")
    yield house
    child = house.actor.child  # type: ignore[attr-defined]  # the actor is a sidecar
    if child is not None:
        child.signal("KILL")
        gone(child)
        child.release()


def gone(child: AppServer) -> None:
    """Wait until it has ended; who waits takes nothing from it."""
    assert child.exit_fd is not None
    assert select.select([child.exit_fd], [], [], PATIENCE_S)[0], "it lives on"


def test_what_it_says_between_a_look_at_its_pipe_and_its_end_is_read(
    owner: ActorHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = owner.actor.child  # type: ignore[attr-defined]  # the actor is a sidecar
    read: Callable[[], bytes | None] = child.read

    def read_nothing_just_before_it_speaks() -> bytes | None:
        found = read()
        if found is None:
            child.write(b"now\n")
            gone(child)
        return found

    monkeypatch.setattr(child, "read", read_nothing_just_before_it_speaks)
    owner.ready(child.exit_fd)
    monkeypatch.setattr(child, "read", read)
    if owner.actor.child is not None:  # type: ignore[attr-defined]
        assert child.exit_fd in owner.watched
        owner.ready(child.exit_fd)
    assert [batch.lines for batch in owner.sent(FrameBatch, "stager")] == [b'{"method":"last"}\n']
    assert [closed.last_seq for closed in owner.sent(GenerationClosed, "stager")] == [1]
    assert [exited.exit_code for exited in owner.sent(SidecarExited, "supervisor")] == [0]
