"""The kill switch without a runtime, beside one that is stuck, and with one that answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybrid_capture import recovery
from hybrid_capture.client import Unanswered
from hybrid_capture.console import Screen
from hybrid_capture.problems import Problem
from storage.config import ConfigFile
from storage.errors import ConfigConflict


def test_a_runtime_that_does_not_answer_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stuck(folder: Path, body: dict[str, Any]) -> dict[str, Any]:
        raise Unanswered("no answer within 10 s")

    monkeypatch.setattr(recovery, "_do", stuck)
    assert recovery.turn(tmp_path, True, None, Screen(json=False)) == 0
    assert "reads it when it can" in capsys.readouterr().out
    assert ConfigFile(tmp_path).load().kill_switch
    with pytest.raises(ConfigConflict):
        recovery.turn(tmp_path, False, 0, Screen(json=False))


def test_what_the_runtime_refuses_is_not_written_behind_its_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"answer": "refused", "code": "TOO_OFTEN", "text": "wait"}
    monkeypatch.setattr(recovery, "_do", lambda folder, body: refused)
    with pytest.raises(Problem, match="wait"):
        recovery.turn(tmp_path, True, None, Screen(json=False))
    assert not ConfigFile(tmp_path).path.exists()
