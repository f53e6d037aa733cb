"""A house per test, on the scripted app-server; whatever a test leaves alive is ended by id and fails it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings
from tests.compiled_rules import lay_into
from tests.live.house import House, alive
from tests.unhurried import unhurried

Build = Callable[..., House]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """`build(script=…, **settings)` → a House, not started yet; logged in to ChatGPT unless scripted, and unhurried
    unless timed. Its port is any: two tests at once would take the standard one from each other."""
    before = set(psutil.Process().children(recursive=True))

    def make(script: ProcessScript | None = None, **settings: Any) -> House:
        home = tmp_path / f"home{len(list(tmp_path.glob('home*')))}"
        home.mkdir()
        codex = write_executable(home / "codex", script=script or ProcessScript(auth="chatgpt"))
        given = {
            "state_dir": lay_into(home / "state"), "codex": codex, "codex_home": home, "cwd": home, "otlp_port": 0,
            "timing": unhurried(), **settings,
        }  # fmt: skip
        return House(Settings(**given))

    yield make
    left = {each for each in alive(set(psutil.Process().children(recursive=True)) - before) if not _of_a_server(each)}
    for process in left:
        process.kill()
    assert not left, f"left alive: {left}"


def _of_a_server(process: psutil.Process) -> bool:
    """A PostgreSQL server that was started anew in between belongs to its own fixture."""
    try:
        return process.name() == "postgres"
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def house(build: Build) -> Iterator[House]:
    """A running house in HYBRID_ACTIVE."""
    with build() as running:
        running.active()
        yield running
