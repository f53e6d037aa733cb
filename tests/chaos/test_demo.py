"""The demo keeps its promises, and says so when one is broken."""

from __future__ import annotations

import json
import shutil
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos import demo
from chaos.demo import Broken, Listener
from chaos.scripts import PLANTED_SECRETS, ProcessScript
from hybrid_capture.console import Screen
from hybrid_capture.runtime import NotStarted
from hybrid_capture.settings import Settings
from storage.reader import Reader
from tests.hybrid_capture.command import say


def check(document: dict[str, Any], server: str) -> None:
    assert document["ok"] is True
    assert document["broken"] is None
    assert document["server"] == server
    assert document["modes"][-1]["mode"] == "HYBRID_ACTIVE"
    assert [turn["status"] for turn in document["turns"]] == ["completed"] * 3
    assert [turn["approvals"] for turn in document["turns"]] == [0, 1, 0]
    assert 0 < document["kill"]["degraded_ms"] < document["kill"]["hybrid_active_ms"]
    assert document["kill"]["generation"] == 2
    assert document["ledger"]["balanced"] is True
    assert "[REDACTED:" in document["redacted_row"]
    assert document["processes_left"] == 0
    assert document["total_ms"] < 60_000


@pytest.mark.live
def test_the_story_is_told_with_its_milliseconds() -> None:
    told = say("demo")
    assert told.code == 0, told.out + told.err
    for words in ("HYBRID_ACTIVE", "kill -9", "DEGRADED_STREAMING", "again, with no help", "balanced", "Every promise"):
        assert words in told.out
    assert PLANTED_SECRETS["github-token"] not in told.out + told.err


@pytest.mark.live
def test_a_program_gets_the_numbers_and_the_state_folder_can_be_kept(tmp_path: Path) -> None:
    told = say("demo", "--json", "--state-dir", tmp_path / "state")
    assert told.code == 0, told.out + told.err
    check(told.json, "scripted")
    with Reader(tmp_path / "state" / "capture.sqlite3") as reader:
        assert len(reader.sessions()) == 3
        assert reader.ledger()["balanced"] is True


@pytest.mark.real
def test_the_same_with_the_real_codex(real_codex: Path) -> None:
    told = say("demo", "--real", "--codex", real_codex, "--json")
    assert told.code == 0, told.out + told.err
    check(told.json, "real")
    assert told.json["codex_version"]
    assert told.json["other_hosts_asked"] == 0


def test_the_real_one_without_codex_says_what_to_install() -> None:
    told = say("demo", "--real", "--json")
    assert (told.code, told.json["code"]) == (2, "CODEX_NOT_FOUND")
    assert "npm install" in told.err


@pytest.mark.live
def test_a_broken_promise_is_named_and_nothing_is_left_running(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exits = ProcessScript(start="exit", exit_code=3)
    written = demo.write_executable
    monkeypatch.setattr(demo, "write_executable", lambda path: written(path, script=exits))
    monkeypatch.setattr(demo, "ACTIVE_S", 4.0)
    before = set(psutil.Process().children(recursive=True))
    assert demo.show(real=False, codex=None, state_dir=None, screen=Screen(True)) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert "HYBRID_ACTIVE was not reached" in document["broken"]
    left = set(psutil.Process().children(recursive=True)) - before
    assert [each for each in left if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.live
def test_a_demo_that_cannot_start_names_a_log_that_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    ends_at_once = partial(Settings, python=Path(shutil.which("false") or ""), otlp=False)
    monkeypatch.setattr(demo, "Settings", ends_at_once)
    with pytest.raises(NotStarted) as caught:
        demo.show(real=False, codex=None, state_dir=None, screen=Screen(True))
    log = Path(str(caught.value).rpartition(": see ")[2])
    assert log.is_file()
    shutil.rmtree(log.parents[2])  # the demo's own folder, which held STATE/logs/root.log


def test_the_listener_gives_what_came_and_names_what_did_not() -> None:
    listener = Listener()
    listener.hear({"event": "a"})
    place = listener.now()
    timer = threading.Timer(0.05, listener.hear, ({"event": "b"},))
    timer.start()
    at, event = listener.wait(place, lambda event: event["event"] == "b", "b", 30)
    timer.join()
    assert event == {"event": "b"}
    assert at <= time.monotonic()
    assert [event for _, event in listener.after(0, time.monotonic())] == [{"event": "a"}, {"event": "b"}]
    with pytest.raises(Broken, match="c did not come within"):
        listener.wait(0, lambda event: event["event"] == "c", "c", 0.05)
