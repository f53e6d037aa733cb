"""The runbook's commands, executed in its order on a real tree: each says what the page promises. Its drills exist."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from chaos.codex_home import ACCOUNT_ID, unsigned_jwt
from chaos.drilling.experiment import packaged
from hybrid_capture.cli import app
from tests.live.house import House
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
PAGE = Path(__file__).parents[2] / "docs" / "runbook.md"
BLOCK = re.compile(r"(?:<!-- given: (?P<given>[^>]+) -->\n)?```sh\n(?P<lines>.*?)```", re.DOTALL)
COMMAND = re.compile(r"^hybrid-capture (?P<words>[^#<]+?)(?: < (?P<file>\S+))?\s*(?:# → (?P<says>.+))?$")
SOON = unhurried(restarts_max=0, probe_interval_ms=200, probe_deadline_ms=600)
"""The first crash is a loop, and a store that is locked shows within a second. Nobody is made to hang here."""
SAYS_S = 30.0


@contextlib.contextmanager
def given(house: House, what: str | None) -> Iterator[None]:
    """What the page's block begins with; undone at its end."""
    held: sqlite3.Connection | None = None
    if what == "a crash loop":
        house.kill("codex")
        house.until_status(lambda s: s["sidecar"]["state"] == "crash_loop", what)
    elif what == "a lost login":
        assert house.runtime.do({"command": "logout"})["ok"]
    elif what == "a locked store":
        held = sqlite3.connect(house.database, isolation_level=None, timeout=10)
        held.execute("BEGIN IMMEDIATE")
    elif what == "a broken config":
        (house.runtime.state_dir / "config.toml").write_text("codex = [\n")
    else:
        assert what is None, f"nobody knows how to bring about {what}"
    yield
    if held is not None:
        held.execute("ROLLBACK")
        held.close()


def test_every_command_of_the_runbook_says_what_the_page_promises(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = orjson.dumps({"accessToken": unsigned_jwt(), "accountId": ACCOUNT_ID}).decode()
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCK.finditer(PAGE.read_text()))
    assert len(blocks) >= 10
    with build(timing=SOON) as house:
        house.active()
        house.turn(house.thread(), "SCN:plain before the incident")
        monkeypatch.setenv("HYBRID_CAPTURE_STATE_DIR", str(house.runtime.state_dir))
        for block in blocks:
            with given(house, block["given"]):
                for line in block["lines"].splitlines():
                    perform(line, {"tokens.json": tokens})
        assert house.turn(house.thread(), "SCN:plain after it")["status"] == "completed"
        assert house.ledger()["balanced"]


def perform(line: str, files: dict[str, str]) -> None:
    """One command; it may be asked again until it says what the page says, as a person would look again."""
    command = COMMAND.match(line)
    assert command, f"not a command of ours: {line}"
    end = time.monotonic() + SAYS_S
    while True:
        done = CliRunner().invoke(app, command["words"].split(), input=files.get(command["file"] or ""))
        expected = command["says"]
        if expected is None:
            assert done.exit_code == 0, f"{line}: {done.output}"
            return
        if expected in done.output:
            return
        assert time.monotonic() < end, f"{line} says: {done.output}"


def test_every_drill_that_the_runbook_names_exists_and_every_drill_is_named() -> None:
    known = set(packaged())
    named = set(
        re.findall(r"\b(?:kill|hang)-[a-z-]+|\b[a-z]+-(?:loop|loss|flood|disk|store|config|jump)\b", PAGE.read_text())
    )
    assert named - {"kill-switch"} == known
