"""A release gate passes on fresh, untouched, sufficient samples that meet its bound, and on nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from chaos import gates
from chaos.drilling.experiment import packaged
from chaos.gates import GATES, SCHEMA, BadVerdict, evaluate, read, verify, write
from tests.chaos.drilling.made import NOW, head, put, row

WANTED = gates.EVERY
SOME = tuple((name, server) for name in ("kill-codex", "slow-disk", "torn-store") for server in gates.SERVERS)


@pytest.fixture(autouse=True)
def _few_drills(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were no more of them: a folder of all is 70 sealed files."""
    monkeypatch.setattr(gates, "EVERY", SOME)


def good(folder: Path, began: datetime = NOW) -> None:
    """Everything that a go needs."""
    at = {"began": began.isoformat()}
    for name, server in SOME:
        put(folder, f"{name}-{server}", head(name, server=server, **at), [row(n, None) for n in range(20)])
    put(folder, "kill-ingest-scripted", head("kill-ingest", **at), [row(n) for n in range(20)])
    put(folder, "kill-codex-real", head("kill-codex", server="real", **at), [row(n) for n in range(20)])
    put(folder, "kill-root-scripted", head("kill-root", **at), [row(n) for n in range(20)])
    put(folder, "kill-host-scripted", head("kill-host", **at), [row(n, None) for n in range(20)])
    put(folder, "crash-loop-scripted", head("crash-loop", **at), [row(n, None) for n in range(20)])
    claude = {**head("x", **at), "measure": "ingest", "tool": "claude"}
    del claude["drill"]
    put(folder, "ingest-claude", claude, [{"truth": 40, "stored": 40}] * 20)
    put(folder, "ingest-codex", {**claude, "tool": "codex"}, [{"truth": 6, "stored": 6}] * 20)
    linkage = {**claude, "measure": "linkage"}
    put(folder, "linkage", linkage, [{"eligible": 1, "linked": 1}] * 300)


def gate(verdict: dict[str, Any], metric: str, kind: str = "release") -> dict[str, Any]:
    [found] = [each for each in verdict[kind] if each["metric"] == metric]
    return dict(found)


def test_enough_fresh_samples_that_meet_every_bound_are_a_go(tmp_path: Path) -> None:
    good(tmp_path)
    verdict = evaluate(tmp_path, NOW)
    assert verdict["verdict"] == "go", verdict["reason"]
    mttr = gate(verdict, "MTTR, p95")
    assert (mttr["value"], mttr["n"], mttr["unit"]) == (20.0, 60, "ms")
    assert {each["file"] for each in mttr["samples"]} >= {"kill-ingest-scripted.samples.jsonl"}
    assert mttr["machines"] == ["a machine"]
    assert all(each["verdict"] == "go" for each in verdict["own"])


def test_nothing_measured_is_no_go_and_says_so(tmp_path: Path) -> None:
    verdict = evaluate(tmp_path / "nowhere", NOW)
    assert verdict["verdict"] == "no-go"
    for each in verdict["release"]:
        assert each["reason"] == "no-go: not measured (no samples)"
        assert (each["value"], each["n"], each["samples"]) == (None, 0, [])


@pytest.mark.parametrize(
    "missing", ["kill-codex-real", "slow-disk-real", "ingest-claude", "ingest-codex", "linkage", "crash-loop-scripted"]
)
def test_any_missing_piece_of_the_evidence_is_no_go(tmp_path: Path, missing: str) -> None:
    good(tmp_path)
    (tmp_path / f"{missing}.samples.jsonl").unlink()
    verdict = evaluate(tmp_path, NOW)
    assert verdict["verdict"] == "no-go"
    assert "not measured" in verdict["reason"]


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (timedelta(days=gates.FRESH_DAYS), "go"),
        (timedelta(days=gates.FRESH_DAYS, seconds=1), "no-go"),
        (timedelta(seconds=-1), "no-go"),
    ],
)
def test_old_samples_and_samples_from_the_future_prove_nothing(tmp_path: Path, age: timedelta, verdict: str) -> None:
    good(tmp_path, NOW - age)
    told = evaluate(tmp_path, NOW)
    assert told["verdict"] == verdict
    if verdict == "no-go":
        assert gate(told, "MTTR, p95")["reason"] == "no-go: not measured (only old samples)"


def test_samples_of_another_version_or_without_a_time_prove_nothing(tmp_path: Path) -> None:
    good(tmp_path)
    for name in ("kill-codex", "slow-disk", "torn-store"):
        put(tmp_path, f"{name}-real", head(name, server="real", version="0.0.1"), [row(n) for n in range(20)])
    put(tmp_path, "crash-loop-scripted", head("crash-loop", began="yesterday"), [row(n) for n in range(20)])
    verdict = evaluate(tmp_path, NOW)
    assert gate(verdict, "stored after faults, Codex")["reason"] == "no-go: not measured (only old samples)"
    assert gate(verdict, "crash loops contained")["reason"].startswith("no-go: not measured")


def test_every_drill_of_the_package_is_wanted_on_both_servers() -> None:
    wanted = {(name, server) for name in packaged() for server in ("scripted", "real")}
    assert set(WANTED) == wanted
    assert ("kill-root", "real") in wanted


def test_a_drill_that_nobody_played_on_one_of_the_servers_is_named(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "torn-store-real.samples.jsonl").unlink()
    put(tmp_path, "slow-disk-scripted", head("slow-disk"), [row(n, None) for n in range(19)])
    told = gate(evaluate(tmp_path, NOW), "every drill ends as it says")
    assert told["reason"] == "no-go: not measured (missing: slow-disk scripted 19 of 20, torn-store real 0 of 20)"


def test_a_drill_that_fails_once_in_twenty_may_pass_and_one_that_fails_always_never(tmp_path: Path) -> None:
    good(tmp_path)
    bad = {"failures": ["the book does not balance"]}
    put(
        tmp_path, "slow-disk-scripted", head("slow-disk"), [{**row(0, None), **bad}, *[row(n, None) for n in range(19)]]
    )
    assert gate(evaluate(tmp_path, NOW), "every drill ends as it says")["verdict"] == "go"
    put(tmp_path, "slow-disk-scripted", head("slow-disk"), [{**row(n, None), **bad} for n in range(20)])
    assert gate(evaluate(tmp_path, NOW), "every drill ends as it says")["reason"] == "no-go: measured and not met"


def test_one_sample_too_few_is_not_measured(tmp_path: Path) -> None:
    good(tmp_path)
    put(tmp_path, "crash-loop-scripted", head("crash-loop"), [row(n) for n in range(19)])
    told = gate(evaluate(tmp_path, NOW), "crash loops contained")
    assert told["reason"] == "no-go: not measured (19 of 20 samples)"


def test_a_copy_of_a_file_does_not_make_its_samples_more(tmp_path: Path) -> None:
    good(tmp_path)
    put(tmp_path, "crash-loop-scripted", head("crash-loop"), [row(n, None) for n in range(10)])
    for name in ("samples.jsonl", "samples.jsonl.sha256"):
        copy = tmp_path / f"crash-loop-scripted-2.{name}"
        copy.write_bytes((tmp_path / f"crash-loop-scripted.{name}").read_bytes())
    verdict = evaluate(tmp_path, NOW)
    assert gate(verdict, "crash loops contained")["n"] == 10
    assert "crash-loop-scripted.samples.jsonl is a copy of crash-loop-scripted-2.samples.jsonl" in verdict["reason"]


def test_a_bound_that_is_missed_is_measured_and_not_met(tmp_path: Path) -> None:
    good(tmp_path)
    rows = [row(n, silent_drops=int(n == 7)) for n in range(20)]
    put(tmp_path, "kill-stager-scripted", head("kill-stager"), rows)
    told = gate(evaluate(tmp_path, NOW), "silent drops")
    assert (told["value"], told["reason"]) == (1.0, "no-go: measured and not met")


def test_our_own_targets_are_told_and_do_not_decide(tmp_path: Path) -> None:
    good(tmp_path)
    put(tmp_path, "kill-auth-scripted", head("kill-auth"), [row(n, active=400.0) for n in range(20)])
    verdict = evaluate(tmp_path, NOW)
    assert verdict["verdict"] == "go"
    assert gate(verdict, "a leaf caught up, p95", "own")["verdict"] == "no-go"


def test_changing_one_byte_of_one_sample_flips_the_verdict_and_is_named(tmp_path: Path) -> None:
    now = datetime.now(NOW.tzinfo)
    good(tmp_path, now)
    verdict = tmp_path / "reliability-gates.json"
    write(verdict, evaluate(tmp_path))
    assert read(verdict)["verdict"] == "go"
    assert verify(verdict, tmp_path) == []
    for path in sorted(tmp_path.glob("*.samples.jsonl")):
        content = path.read_bytes()
        place = len(content) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert evaluate(tmp_path)["verdict"] == "no-go", path.name
        assert verify(verdict, tmp_path) != [], path.name
        path.write_bytes(content)
    assert verify(verdict, tmp_path) == []


def test_a_verdict_that_was_edited_does_not_follow_from_its_samples(tmp_path: Path) -> None:
    good(tmp_path, datetime.now(NOW.tzinfo))
    path = tmp_path / "reliability-gates.json"
    told = evaluate(tmp_path)
    for change in ({"value": 1.0}, {"n": 10_000}, {"bound": "<= 1"}, {"machines": ["a faster one"]}):
        forged = orjson.loads(orjson.dumps(told))
        forged["release"][4] |= change
        write(path, forged)
        [difference] = verify(path, tmp_path)
        assert next(iter(change)) in difference
    write(path, {**told, "release": told["release"][1:]})
    assert verify(path, tmp_path) == ["release: ingest success, Codex is missing"]


NO_GATES = (
    b'{"schema":"1","verdict":"go","reason":"","version":"1","evaluated_at":"2026-01-01","own":[],"release":["x"]}'
)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"evaluated_at": "x"}', b'{"evaluated_at": "2026-01-01"}', NO_GATES]
)
def test_a_file_that_is_no_verdict_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reliability-gates.json"
    path.write_bytes(content)
    with pytest.raises(BadVerdict, match="no verdict"):
        read(path)
    path.unlink()
    with pytest.raises(BadVerdict, match="gates evaluate"):
        read(path)


def test_every_verdict_keeps_to_the_published_schema(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    good(tmp_path)
    full, empty = evaluate(tmp_path, NOW), evaluate(tmp_path / "nowhere", NOW)
    for verdict in (full, empty):
        validator.validate(orjson.loads(orjson.dumps(verdict)))
    assert set(full) == set(SCHEMA["properties"])
    assert len({(each.metric, each.kind) for each in GATES}) == len(GATES)


@pytest.mark.parametrize(
    "change",
    [{"verdict": "maybe"}, {"surprise": 1}, {"schema": "2"}, {"release": [{"metric": "x"}]}, {"own": {}}],
    ids=lambda change: next(iter(change)),
)
def test_what_is_no_verdict_does_not_keep_to_the_schema(tmp_path: Path, change: dict[str, Any]) -> None:
    verdict = orjson.loads(orjson.dumps(evaluate(tmp_path, NOW)))
    assert not Draft202012Validator(SCHEMA).is_valid({**verdict, **change})
