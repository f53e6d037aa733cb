"""`hybrid-capture trace` as a person and a program meet it, on a store that nobody writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_capture import trace_view
from hybrid_capture.cli import app
from hybrid_capture.console import Screen
from hybrid_capture.problems import Problem
from storage.store import Store
from tests.hybrid_capture.command import Said
from tests.storage.story import open_store
from tests.storage.test_traces import ANCHOR_US, row, told

NOW_MS = 1_700_000_100_000


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A command, a turn it led to, and a refusal; two rows were lost."""
    folder = tmp_path_factory.mktemp("state")
    store = open_store(folder, "18c2-abc.1")
    fill(store)
    store.close()
    return folder


def fill(store: Store) -> None:
    store.keep_traces(
        [
            ("facade", told(row(1, "ClientSaid", "c-1", hop=0, sender="root"))),
            ("sidecar", told(row(2, "TurnWanted", "c-1", cause_id="sidecar1.1", turn_ids="turn-1"))),
            ("ingest", told(row(3, "KeepCheckpoint", "b-1", turn_ids="turn-1"), row(6, "KeepAudit", "b-2"))),
            ("auth", told(row(7, "AccountUpdated", "a-1", outcome="refused"))),
        ],
        ANCHOR_US,
    )


def trace(state: Path, *words: str) -> Said:
    """The verb, in this process: each start of another would take longer than all of it."""
    ended = CliRunner().invoke(app, ["trace", *words, "--state-dir", str(state)])
    return Said(ended.exit_code, ended.stdout, ended.stderr)


def test_traces_are_listed_and_what_was_lost_is_told(state: Path) -> None:
    listed = trace(state, "list", "--json").json
    assert [each["trace_id"] for each in listed["traces"]] == ["a-1", "b-2", "b-1", "c-1"]
    assert (listed["kept"], listed["missed"]) == (5, {"ingest1": 2})
    shown = trace(state, "list", "--turn", "turn-1")
    assert shown.code == 0
    assert "b-1" in shown.out
    assert "a-1" not in shown.out
    assert "lost on the way" in shown.err


def test_a_turn_is_shown_as_a_story_a_table_and_two_diagrams(state: Path) -> None:
    story = trace(state, "show", "turn")
    assert story.code == 0
    assert "facade >> ClientSaid(64 B)  << sidecar TurnWanted" in story.out
    assert "2 trace(s)" in story.out
    assert "queued µs" in trace(state, "show", "turn-1", "--table").out
    assert "sequenceDiagram" in trace(state, "show", "turn-1", "--mermaid").out
    assert "▶" in trace(state, "show", "turn-1", "--diagram").out


def test_a_trace_that_leads_to_a_turn_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace_view.show(str(state / "capture.sqlite3"), Screen(False), "c-1", "story")
    assert "trace show turn-1" in capsys.readouterr().err


def test_an_id_that_nothing_has_is_told_in_one_sentence(state: Path) -> None:
    lost = trace(state, "show", "nothing", "--json")
    assert (lost.code, lost.json["code"]) == (1, "NOT_FOUND")
    assert trace(state, "show", "turn-1", "--table", "--diagram").code == 2
    assert trace(state, "list", "--since", "yesterday").code == 2


@pytest.mark.parametrize(("word", "ms"), [("90s", 90_000), ("15m", 900_000), ("2h", 7_200_000), ("1d", 86_400_000)])
def test_since_is_so_long_ago(word: str, ms: int) -> None:
    assert trace_view.since_ms(word, NOW_MS) == NOW_MS - ms
    assert trace_view.since_ms(None, NOW_MS) is None


@pytest.mark.parametrize("word", ["", "5", "5w", "-5m", "1.5h", "9999999s"])
def test_a_since_that_cannot_be_read_is_refused(word: str) -> None:
    with pytest.raises(Problem, match="say how long ago"):
        trace_view.since_ms(word, NOW_MS)


def test_an_export_is_a_private_file_that_is_not_replaced_by_chance(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "trace.json"
    assert trace(state, "export", "--format", "chrome", "--out", str(out)).code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert len([e for e in json.loads(out.read_bytes())["traceEvents"] if e["ph"] == "X"]) == 5
    again = trace(state, "export", "--format", "otlp", "--out", str(out))
    assert again.code == 1
    assert "--force" in again.err
    assert trace(state, "export", "turn-1", "--format", "otlp", "--out", str(out), "--force").code == 0
    assert "resourceSpans" in json.loads(out.read_bytes())
    assert [each["type"] for each in trace(state, "export").lines][-1] == "AccountUpdated"


class Watch:
    """A follower's clock; each pause is one more moment, in which `then` happens."""

    def __init__(self, *then: Any) -> None:
        self.now = 0.0
        self.then = list(then)

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.then:
            self.then.pop(0)()


def follow(place: Path, watch: Watch, capsys: pytest.CaptureFixture[str], **caps: Any) -> list[Any]:
    caps = {"rate": 5, "count": 50, "seconds": 10.0, "wanted": lambda row: True, **caps}
    trace_view.follow(str(place / "capture.sqlite3"), Screen(True), timer=watch, pause=watch.pause, **caps)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_who_follows_sees_at_most_so_many_a_second_and_hears_how_many_were_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(tmp_path)
    flood = lambda: store.keep_traces([("stager", told(*(row(n) for n in range(1, 101))))], ANCHOR_US)  # noqa: E731
    *rows, end = follow(tmp_path, Watch(flood), capsys)
    store.close()
    assert len(rows) == 5
    assert (end["shown"], end["left_out"]) == (5, 95)


def test_who_follows_sees_what_fits_from_now_on_and_at_most_so_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(tmp_path)
    fill(store)
    later = [lambda n=n: store.keep_traces([("stager", told(row(n, f"T{n % 2}")))], ANCHOR_US) for n in range(1, 9)]
    *rows, end = follow(tmp_path, Watch(*later), capsys, count=3, wanted=lambda row: row["type"] == "T1")
    store.close()
    assert [each["n"] for each in rows] == [1, 3, 5]
    assert end["left_out"] == 0, "what was not wanted was not left out"


def test_following_ends_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_store(tmp_path).close()
    watch = Watch()
    assert follow(tmp_path, watch, capsys, seconds=3.0) == [{"shown": 0, "left_out": 0, "missed": {}}]
    assert 3.0 <= watch.now < 4.0


def test_an_export_that_replaces_a_file_is_private_and_whole_or_the_old_one_stands(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "trace.json"
    out.write_text("old")
    out.chmod(0o644)
    assert trace(state, "export", "--format", "chrome", "--out", str(out), "--force").code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    link = tmp_path / "link.json"
    link.symlink_to(out)
    assert trace(state, "export", "--format", "otlp", "--out", str(link), "--force").code == 1
    assert "traceEvents" in json.loads(out.read_bytes())
