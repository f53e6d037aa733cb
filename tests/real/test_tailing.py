"""A real codex that another process runs is captured from its rollout file, and is one session with the pull."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.loopback_model import LoopbackModel
from hybrid_capture.settings import Settings
from tests.live.house import House
from tests.unhurried import unhurried

pytestmark = pytest.mark.real
Build = Callable[..., House]


def test_codex_exec_is_captured_from_its_file_and_is_the_same_session_when_the_pull_sees_it_too(
    tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel
) -> None:
    home = loopback_model.write_codex_home(tmp_path / "home")
    (tmp_path / "workspace").mkdir()
    env = loopback_model.codex_env(home)

    def run(*words: str) -> None:
        subprocess.run(
            [real_codex, "exec", *words[:-1], "--skip-git-repo-check", words[-1]],
            cwd=tmp_path / "workspace", env=env, check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    settings = Settings(
        state_dir=tmp_path / "state", codex=real_codex, codex_home=home, cwd=tmp_path / "workspace",
        codex_environment=env, watch_codex=True, otlp=False, streaming=False, timing=unhurried(),
    )  # fmt: skip
    with House(settings) as house:
        run("SCN:shell by exec")
        house.until_rows("SELECT status FROM turns", lambda rows: rows == [("completed",)])
        run("resume", "--last", "SCN:plain and on")
        house.until_rows("SELECT status FROM turns", lambda rows: rows == [("completed",)] * 2)
        assert house.rows("SELECT DISTINCT source FROM items") == [("rollout",)]
        found = house.rows("SELECT item_id, kind, body FROM items ORDER BY id")
        assert [kind for _, kind, _ in found] == [
            "userMessage", "commandExecution", "agentMessage", "userMessage", "agentMessage",
        ]  # fmt: skip
    again = settings.model_copy(update={"streaming": True, "timing": unhurried(catchup_interval_ms=200)})
    with House(again) as house:
        pulled = "SELECT count(DISTINCT item_row) FROM item_sources WHERE source = 'pull'"
        house.until_rows(pulled, lambda rows: rows == [(5,)])
        assert house.rows("SELECT count(*) FROM sessions") == [(1,)]
        assert house.rows("SELECT item_id, kind, body FROM items ORDER BY id") == found
        assert house.ledger()["balanced"]
