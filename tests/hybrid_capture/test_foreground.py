"""How a change of status becomes lines, and how `run` ends when its tree cannot be kept."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from hybrid_capture.foreground import changes
from tests.compiled_rules import lay_into
from tests.hybrid_capture.command import Verb, alive


def status(**given: Any) -> dict[str, Any]:
    return {
        "mode": "DEGRADED_STREAMING",
        "mode_reason": "sidecar is starting",
        "sidecar": {"state": "starting", "generation": 1, "last_error": None},
        "handshake": {"initialize_sent": False, "initialized": False},
        "auth": {"state": "authenticating", "mode": None},
        "stream_healthy": False,
        "stream_reason": "starting",
        "baseline": {"healthy": True, "reason": "the store commits"},
        "kill_switch": False,
        "config": {"revision": 0, "fault": ""},
        "fallback": False,
        "actors": [{"name": "auth", "state": "running", "restarts": 0}],
        **given,
    }


def test_an_equal_status_is_no_change() -> None:
    assert changes(status(), status(revision=2)) == []


def test_each_change_is_one_transition_with_its_cause() -> None:
    after = status(
        sidecar={"state": "crash_loop", "generation": 1, "last_error": "exit code 3"}, mode_reason="crash loop"
    )
    assert changes(status(), after) == [
        {
            "event": "transition",
            "what": "sidecar",
            "who": "sidecar",
            "before": "starting (generation 1)",
            "after": "crash_loop (generation 1)",
            "cause": "exit code 3",
        }
    ]


def test_the_mode_comes_last_and_the_first_status_is_a_change_from_nothing() -> None:
    first = changes({}, status())
    parts = ["actor", "sidecar", "handshake", "auth", "stream", "baseline", "kill_switch", "fallback", "mode"]
    assert [each["what"] for each in first] == parts
    assert {each["before"] for each in first} == {""}


def test_a_status_without_a_tree_names_the_mode_alone() -> None:
    down = {"mode": "FAILURE", "mode_reason": "the capture tree is down"}
    assert [(each["what"], each["after"]) for each in changes(status(), down)] == [("mode", "FAILURE")]
    assert changes(down, status())[-1]["before"] == "FAILURE"


@pytest.mark.live
def test_a_tree_that_breaks_too_often_is_given_up_with_a_sentence_and_a_code(tmp_path: Path) -> None:
    verb = Verb("run", "--no-stream", "--state-dir", lay_into(tmp_path / "state"), "--json")
    try:
        known: set[int] = set()
        for _ in range(3):
            verb.until(lambda _: bool(fresh_roots(verb, known)), "a new root")
            # Broken while it starts or later: it counts the same. The first must be up, or `run` cannot start.
            if not known:
                verb.until(lambda out: '"mode":"OTEL_ONLY"' in out, "OTEL_ONLY")
            root = fresh_roots(verb, known)[0]
            known.add(root.pid)
            below = root.children(recursive=True)
            os.kill(root.pid, signal.SIGKILL)
            assert alive(below) == []
        told = verb.end()
    finally:
        verb.kill()
    assert told.code == 7
    assert told.lines[-1]["code"] == "GAVE_UP"
    assert "root.log" in told.err
    assert any(line.get("after") == "FAILURE" for line in told.lines)
    assert not (tmp_path / "state" / "runtime.json").exists()


def fresh_roots(verb: Verb, known: set[int]) -> list[psutil.Process]:
    """Root processes below `run` that were not seen before and have begun: a spare one has no children yet, and its
    end counts for nothing."""
    below = [each for each in psutil.Process(verb.process.pid).children() if each.pid not in known]
    return [each for each in below if _has_begun(each)]


def _has_begun(root: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(root.children())
    return False
