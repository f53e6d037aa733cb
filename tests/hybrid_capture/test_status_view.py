"""A status as a table; what it holds is told in test_cli.py."""

from __future__ import annotations

from typing import Any

from hybrid_capture.status_view import _status_rows


def told(**given: Any) -> dict[str, Any]:
    return {
        "sidecar": {"state": "running", "generation": 2, "pid": 7, "restarts_in_window": 1, "last_error": None},
        "handshake": {"initialize_sent": True, "initialized": True},
        "auth": {"state": "authenticated", "mode": "chatgpt", "plan": None},
        "stream_healthy": True,
        "stream_reason": "answers",
        "kill_switch": False,
        "config": {"revision": 0, "fault": ""},
        "fallback": False,
        "actions": ["retryAuth", "setStreamKillSwitch"],
        "baseline": {"healthy": True, "reason": "the store commits"},
        "ledger": {"received": 3, "dispositions": {"stored": 1, "control": 2}, "staged": 0, "balanced": True},
        "actors": [{"name": "auth", "pid": 8, "state": "running", "restarts": 0}],
        **given,
    }


def row(name: str, **given: Any) -> tuple[str, ...]:
    return next(each for each in _status_rows(told(**given)) if each[0] == name)


def test_each_part_has_a_row() -> None:
    names = [each[0] for each in _status_rows(told())]
    assert names == ["sidecar", "auth", "stream", "kill switch", "baseline", "ledger", "possible now", "actor auth"]
    assert row("ledger") == ("ledger", "balanced", "", "3 frames: 2 control, 1 stored; 0 staged")


def test_a_ledger_that_does_not_balance_or_is_missing_is_said_aloud() -> None:
    bad = {"received": 3, "dispositions": {}, "staged": 0, "balanced": False}
    assert row("ledger", ledger=bad)[1] == "NOT BALANCED"
    assert row("ledger", ledger={"missing": "ingest did not answer in time"})[1] == "unknown"


def test_the_switch_says_why_and_the_fallback_has_a_row_only_when_it_holds() -> None:
    fault = {"revision": 0, "fault": "config.toml is empty"}
    assert row("kill switch", kill_switch=True, config=fault) == ("kill switch", "on", "", "config.toml is empty")
    assert "recover hybrid" in row("fallback", fallback=True)[3]
    assert row("possible now")[1] == "retryAuth, setStreamKillSwitch"


def test_the_last_error_of_the_sidecar_is_shown() -> None:
    crashed = {
        "state": "crash_loop",
        "generation": 3,
        "pid": None,
        "restarts_in_window": 2,
        "last_error": "exit code 3",
    }
    assert row("sidecar", sidecar=crashed)[2:] == (
        "", "generation 3, 2 restarts in a minute, initialized; last: exit code 3",
    )  # fmt: skip
