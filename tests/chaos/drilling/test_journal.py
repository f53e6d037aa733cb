"""A journal is Chaos Toolkit's; raw samples carry what they belong to and are sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from chaos.drilling.experiment import packaged
from chaos.drilling.journal import digest, journal, seal_of, write
from chaos.drilling.report import read
from chaos.drilling.running import Played, Repetition

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def played(*failures: str) -> Played:
    steady = {when: {"steady_state_met": not failures, "probes": []} for when in ("before", "after")}
    one = Repetition(1, phases={"active": 12.5}, failures=list(failures), steady=steady, silent_drops=0, completed=4)
    drill = packaged()["kill-ingest"]
    return Played("kill-ingest", drill, "scripted", 7, BEGAN, BEGAN + timedelta(seconds=3), [one])


def test_a_journal_says_what_was_done_and_how_it_ended() -> None:
    told = journal(played())
    assert (told["status"], told["deviated"], told["duration"]) == ("completed", False, 3.0)
    assert told["steady_states"]["after"]["steady_state_met"]
    assert told["experiment"]["title"] == "SIGKILL of ingest"
    assert told["hybrid-capture"]["samples"][0]["phases"] == {"active": 12.5}
    broken = journal(played("steady state after: the books balance is False, not True"))
    assert (broken["status"], broken["deviated"]) == ("failed", True)
    stopped = played()
    stopped.interrupted = True
    assert journal(stopped)["status"] == "interrupted"


def test_samples_are_written_whole_private_and_sealed(tmp_path: Path) -> None:
    journal_path, samples_path = write(tmp_path / "results", played())
    assert orjson.loads(journal_path.read_bytes())["status"] == "completed"
    assert samples_path.stat().st_mode & 0o777 == 0o600
    assert seal_of(samples_path) == digest(samples_path.read_bytes())
    samples = read(samples_path)
    assert samples.head["drill"] == "kill-ingest"
    assert samples.head["seed"] == 7
    assert samples.phase("active") == [12.5]
    assert seal_of(tmp_path / "none.samples.jsonl") is None
