"""The embedder's example, run as it is written down, with a scripted app-server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from tests.hybrid_capture.command import ROOT, environment

pytestmark = pytest.mark.live


def embed(folder: Path, prompt: str, *more: str, script: ProcessScript) -> subprocess.CompletedProcess[str]:
    codex = write_executable(folder / "codex", script=script)
    (folder / "home").mkdir()
    words = [prompt, "--state-dir", str(folder / "state"), "--cwd", str(folder), "--codex", str(codex)]
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / "embed.py"), *words, "--codex-home", str(folder / "home"), *more],
        capture_output=True, text=True, timeout=240, env=environment(), cwd=folder,
    )  # fmt: skip


def test_a_host_captures_a_turn_decides_an_approval_and_reads_what_was_stored(tmp_path: Path) -> None:
    done = embed(tmp_path, "SCN:shell:approve go", "--allow", script=ProcessScript(auth="chatgpt"))
    assert done.returncode == 0, done.stderr
    assert "[capture is HYBRID_ACTIVE" in done.stdout
    assert "-> accept]" in done.stdout
    stored = done.stdout.split("stored as ")[1]
    assert [line.split()[0] for line in stored.splitlines()[1:-1]] == [
        "userMessage",
        "commandExecution",
        "agentMessage",
    ]
    assert "balanced: True" in stored
    assert "Traceback" not in done.stderr


def test_a_host_without_a_login_is_told_why_there_is_no_live_session(tmp_path: Path) -> None:
    done = embed(tmp_path, "hello", script=ProcessScript())
    assert done.returncode == 1
    assert "no live session: " in done.stderr
