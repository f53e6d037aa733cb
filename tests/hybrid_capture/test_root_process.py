"""A root process where it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hybrid_capture.problems import NO_RUNTIME, problem_of
from hybrid_capture.root_process import NotStarted, RootProcess


def test_on_windows_it_is_refused_in_words_and_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        with pytest.raises(NotStarted, match="WSL") as refused:
            RootProcess(Path(sys.executable), tmp_path, 0)
    assert list(tmp_path.iterdir()) == []
    problem = problem_of(refused.value)
    assert problem is not None
    assert (problem.code, problem.exit_code) == ("NOT_STARTED", NO_RUNTIME)
