"""A recording of the simulation is asked again: the same code decides the same, and a bug is found where it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from chaos.replaying import NotARecording, replay
from chaos.scripts import PLANTED_SECRETS
from chaos.simulation import plan_of, play
from hybrid_capture.cli import app

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (0, 15, 16)
"""The second has a login and an interrupted turn; the third crosses the whole wire, with its history of messages."""
WITH_A_BUG = """
import json, sys
from chaos.mutating.graft import graft
from chaos.mutating.table import MUTANTS
graft(next(mutant for mutant in MUTANTS if mutant.name == sys.argv[1]))
from chaos.replaying import replay
found = replay(open(sys.argv[2], "rb")).difference
print(json.dumps(found and [found.machine.partition("-")[0], found.verb, str(found)]))
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("recordings")
    made = {seed: folder / f"{seed}.jsonl" for seed in SEEDS}
    for seed, path in made.items():
        assert play(plan_of(seed), record=path).well
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_code_decides_the_same(recordings: dict[int, Path], seed: int) -> None:
    with recordings[seed].open("rb") as lines:
        found = replay(lines)
    assert found.difference is None, str(found.difference)
    assert found.decisions > 200
    assert not found.cut


def test_all_recorded_machines_are_in_it(recordings: dict[int, Path]) -> None:
    begun = {line["begins"] for line in map(orjson.loads, recordings[0].open("rb")) if "begins" in line}
    assert begun == {"Supervision", "Auth", "Life", "Courier", "Staging", "Facade"}


def test_recording_changes_nothing_of_a_simulation(recordings: dict[int, Path]) -> None:
    again = recordings[16].with_suffix(".again")
    assert play(plan_of(16), record=again).trace_hash == play(plan_of(16)).trace_hash
    decided = [[line.get("decided") for line in map(orjson.loads, p.open("rb"))] for p in (again, recordings[16])]
    assert decided[0] == decided[1]


def test_what_turns_said_is_not_in_it(recordings: dict[int, Path]) -> None:
    for path in recordings.values():
        said = path.read_text()
        assert not [secret for secret in PLANTED_SECRETS.values() if secret in said]
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("bug", "seed", "machine", "verb", "heard"),
    [
        ("skip an acknowledgement", 0, "Staging", "staging.Staging.kept", "CheckpointKept"),
        ("allow a third restart", 0, "Supervision", "supervision.step", ""),
        ("never send a batch again", 0, "Courier", "courier.Courier.tick", ""),
        ("authenticate on login/completed", 15, "Auth", "auth.step", "LoginEnded"),
        ("keep an interrupted item open", 15, "Staging", "staging.Staging.batch", "FrameBatch"),
    ],
)
def test_a_bug_differs_in_the_machine_that_has_it(
    recordings: dict[int, Path], bug: str, seed: int, machine: str, verb: str, heard: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITH_A_BUG, bug, str(recordings[seed])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = orjson.loads(ran.stdout)
    assert found is not None, "nobody saw it"
    assert found[:2] == [machine, verb]
    assert f"{verb}({heard}" in found[2]
    assert "expected" in found[2]


def test_the_first_different_decision_is_named_with_what_was_expected(recordings: dict[int, Path]) -> None:
    lines = recordings[0].read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"BatchSettled"' in line)
    changed = orjson.loads(lines[at])
    changed["decided"] = [["Send", "sidecar", "BatchSettled", "#00000000"]]
    lines[at] = orjson.dumps(changed) + b"\n"
    found = replay(lines)
    assert found.difference is not None
    assert found.difference.n == changed["n"]
    assert "expected Send sidecar BatchSettled #00000000" in str(found.difference)


def test_where_a_machine_stands_is_part_of_its_decision_and_an_older_recording_without_it_is_replayed(
    recordings: dict[int, Path],
) -> None:
    lines = recordings[15].read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"auth.step"' in line)
    changed = orjson.loads(lines[at])
    lines[at] = orjson.dumps({**changed, "stands": ["logged_out"]})
    found = replay(lines).difference
    assert found is not None
    assert found.n == changed["n"]
    assert f"and stands at {changed['stands']}" in str(found)
    del changed["stands"]
    lines[at] = orjson.dumps(changed)
    assert replay(lines).difference is None


@pytest.mark.parametrize(
    "lines",
    [[], [b"{}"], [b"no json"], [b'{"recording":2}'], [b'{"recording":1}'],
     [b'{"recording":1}', b'{"machine":"X-1","begins":"Popen","fields":{}}'],
     [b'{"recording":1}', b'{"n":1,"machine":"X-1","verb":"os.system","asked":["true"],"decided":[]}']],
)  # fmt: skip
def test_what_is_no_recording_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(NotARecording):
        replay(lines)


def test_the_command_line_records_a_seed_and_replays_it(tmp_path: Path, recordings: dict[int, Path]) -> None:
    out = tmp_path / "seed.jsonl"
    run = CliRunner().invoke
    assert run(app, ["simulate", "--seed", "3", "--record", str(out), "--json"]).exit_code == 0
    same = run(app, ["trace", "replay", str(out), "--json"])
    assert (same.exit_code, orjson.loads(same.stdout)["same"]) == (0, True)
    assert run(app, ["simulate", "--record", str(tmp_path / "x")]).exit_code == 2
    changed = out.read_bytes().replace(b'"decided":[["Wake"', b'"decided":[["Woke"', 1)
    out.write_bytes(changed)
    other = run(app, ["trace", "replay", str(out)])
    assert other.exit_code == 1
    assert "differs" in other.stdout
    out.write_text("{}")
    assert run(app, ["trace", "replay", str(out)]).exit_code == 2
