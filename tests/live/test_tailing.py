"""Files of the tools are followed on the real tree, whatever happens to them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybrid_capture.settings import Settings
from tests.live.house import House
from tests.unhurried import unhurried

FIXTURES = Path(__file__).parents[1] / "fixtures"
TOOLS = (FIXTURES / "transcripts" / "tools.jsonl").read_bytes()
Build = Callable[..., House]
ITEMS = "SELECT i.item_id FROM items i JOIN turns t ON t.id = i.turn_row JOIN sessions s ON s.id = t.session_row"


@pytest.fixture
def claude(tmp_path: Path) -> Path:
    """A folder of Claude Code's, with one project."""
    (tmp_path / "claude" / "projects" / "-w").mkdir(parents=True)
    return tmp_path / "claude"


def watching(build: Build, claude: Path, **more: Any) -> House:
    return build(watch_claude=True, claude_home=claude, streaming=False, **more)


def offset(house: House, size: int) -> None:
    house.until_rows('SELECT max("offset") FROM files', lambda rows: rows == [(size,)])


def source(status: dict[str, Any], name: str) -> dict[str, Any]:
    """How a status tells of a source; one that was not probed yet is neither healthy nor not."""
    return next((each for each in status["sources"] if each["name"] == name), {"healthy": None, "reason": ""})


def test_a_transcript_is_followed_while_it_grows_torn_lines_and_all(build: Build, claude: Path) -> None:
    file = claude / "projects" / "-w" / "s.jsonl"
    with watching(build, claude) as house:
        half = len(TOOLS) // 2
        file.write_bytes(TOOLS[:half])
        offset(house, TOOLS.rfind(b"\n", 0, half) + 1)
        with file.open("ab") as more:
            more.write(TOOLS[half:])
        offset(house, len(TOOLS))
        assert len(house.rows("SELECT id FROM items")) == 13
        assert house.rows("SELECT DISTINCT status FROM turns") == [("completed",)]
        house.until_status(lambda s: source(s, "transcript")["healthy"] is True, "a healthy source")
        assert house.ledger()["balanced"]


def test_a_deleted_file_loses_nothing_that_was_stored_and_is_noted(build: Build, claude: Path) -> None:
    file = claude / "projects" / "-w" / "s.jsonl"
    file.write_bytes(TOOLS)
    with watching(build, claude) as house:
        offset(house, len(TOOLS))
        stored = house.rows("SELECT item_id, body FROM items ORDER BY item_id")
        file.unlink()  # as the vendor's clean-up after thirty days
        house.until_rows("SELECT kind FROM audit WHERE kind = 'source_files_gone'", bool)
        assert house.rows("SELECT item_id, body FROM items ORDER BY item_id") == stored
        house.until_status(lambda s: s["baseline"]["healthy"], "a baseline that goes on")


def test_renamed_cut_and_replaced_files_are_told_apart(build: Build, claude: Path) -> None:
    folder = claude / "projects" / "-w"
    with watching(build, claude) as house:
        (folder / "a.jsonl").write_bytes(TOOLS)
        offset(house, len(TOOLS))
        (folder / "a.jsonl").rename(folder / "b.jsonl")
        agent = (FIXTURES / "transcripts" / "agent.jsonl").read_bytes()
        (folder / "a.jsonl").write_bytes(agent)
        house.until_rows("SELECT session_id FROM sessions", lambda rows: len(rows) == 2)
        received = "SELECT sum(received) FROM offsets WHERE source = 'transcript'"
        house.until_rows(received, lambda rows: rows == [(TOOLS.count(b"\n") + agent.count(b"\n"),)])
        os.truncate(folder / "b.jsonl", TOOLS.find(b"\n") + 1)
        os.utime(folder / "b.jsonl")
        house.until_rows(received, lambda rows: rows[0][0] > TOOLS.count(b"\n") + agent.count(b"\n"))
        assert len(house.rows(f"{ITEMS} WHERE s.tool = 'claude'")) == 16
        assert house.rows("SELECT max(revision) FROM items") == [(2,)]


def test_sub_agents_belong_to_their_session_and_links_out_of_the_folder_are_not_followed(
    build: Build, claude: Path, tmp_path: Path
) -> None:
    folder = claude / "projects" / "-w"
    side = folder / "s" / "subagents"
    with watching(build, claude) as house:
        (folder / "s.jsonl").write_bytes((FIXTURES / "transcripts" / "agent.jsonl").read_bytes())
        side.mkdir(parents=True)
        shutil.copy(FIXTURES / "transcripts" / "subagent.jsonl", side / "agent-1.jsonl")
        (tmp_path / "outside.jsonl").write_bytes(TOOLS)
        (folder / "link.jsonl").symlink_to(tmp_path / "outside.jsonl")
        house.until_rows("SELECT id FROM items WHERE agent_id IS NOT NULL", lambda rows: len(rows) == 3)
        house.until_rows("SELECT id FROM items WHERE agent_id IS NULL", bool)  # whichever file was read first
        assert len(house.rows("SELECT id FROM sessions")) == 1
        assert len(house.rows("SELECT id FROM turns")) == 1


def test_what_was_written_while_the_runtime_was_off_is_found_and_a_killed_actor_reads_nothing_twice(
    build: Build, claude: Path
) -> None:
    file = claude / "projects" / "-w" / "s.jsonl"
    file.write_bytes(TOOLS[: len(TOOLS) // 3])
    first = watching(build, claude)
    with first as house:
        house.until_rows("SELECT id FROM items", bool)
    file.write_bytes(TOOLS)
    with House(first.settings) as house:
        offset(house, len(TOOLS))
        house.kill("baseline")
        rollout = (FIXTURES / "transcripts" / "compact.jsonl").read_bytes()
        (file.parent / "c.jsonl").write_bytes(rollout)
        house.until_rows('SELECT "offset" FROM files', lambda rows: {(len(rollout),), (len(TOOLS),)} <= set(rows))
        assert len(house.rows("SELECT id FROM sessions")) == 2
        assert len(house.rows("SELECT id FROM items")) == 13 + 9
        assert house.rows("SELECT count(*) FROM dedupe_log WHERE decision = 'duplicate'") == [(0,)]


def test_what_was_written_while_capture_was_switched_off_is_not_stored(build: Build, claude: Path) -> None:
    file = claude / "projects" / "-w" / "s.jsonl"
    shown = watching(build, claude)
    with House(Settings(**{**shown.settings.model_dump(), "watch_claude": False})):
        pass
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()).encode()
    line = b'{"type":"user","uuid":"%s","sessionId":"s","timestamp":"%s.999Z","cwd":"/w","message":{"content":"%s"}}\n'
    file.write_bytes(line % (b"u1", stamp, b"while it was off"))
    time.sleep(1.5)  # a start in the same second would leave the line's time inside or outside by chance
    with House(shown.settings) as house:
        audit = house.until_rows("SELECT text FROM audit WHERE kind = 'capture_off'", bool)
        assert "1 lines" in audit[0][0]
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1)).encode()
        with file.open("ab") as more:
            more.write(line % (b"u2", stamp, b"while it was on"))
        house.until_rows("SELECT text FROM items", lambda rows: rows == [("while it was on",)])
        dropped = "SELECT count FROM ledger WHERE disposition = 'dropped:capture_off'"
        assert house.rows(dropped) == [(1,)]
        assert house.ledger()["balanced"]


def test_a_watched_folder_that_vanished_shows_and_its_return_does(build: Build, claude: Path) -> None:
    with watching(build, claude) as house:
        house.until_status(lambda s: s["baseline"]["healthy"], "healthy sources")
        (claude / "projects").rename(claude / "away")
        status = house.until_status(lambda s: "vanished" in source(s, "transcript")["reason"], "its folder is missed")
        assert source(status, "transcript")["healthy"] is False
        assert not status["baseline"]["healthy"]
        assert status["mode"] != "FAILURE"  # telemetry is still received
        (claude / "away").rename(claude / "projects")
        house.until_status(lambda s: source(s, "transcript")["healthy"] is True, "its return")


def test_a_session_by_stream_pull_and_file_is_one(build: Build) -> None:
    with build(watch_codex=True, timing=unhurried(catchup_interval_ms=200)) as house:
        house.active()
        thread = house.thread()
        for prompt in ("SCN:plain one", "SCN:shell:approve two"):
            house.turn(thread, prompt)
        seen = "SELECT count(DISTINCT item_row) FROM item_sources WHERE source = 'rollout'"
        house.until_rows(seen, lambda rows: rows == [(5,)])
        assert house.rows("SELECT count(*) FROM sessions") == [(1,)]
        assert house.rows("SELECT count(*), max(revision) FROM items") == [(5, 1)]
        assert house.ledger()["balanced"]
