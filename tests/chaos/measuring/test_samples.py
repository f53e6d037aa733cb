"""Measured samples say when, where and of what they were taken, and carry a seal like those of drills."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from chaos.drilling import report
from chaos.drilling.journal import digest, seal_of
from chaos.measuring.samples import Window, program, write


def test_samples_have_a_window_a_machine_a_version_and_a_seal(tmp_path: Path) -> None:
    window = Window()
    path = write(tmp_path / "out", "ingest-codex", window.head("ingest", 1, tool="codex"), [{"truth": 3, "stored": 2}])
    found = report.read(path)
    assert seal_of(path) == digest(path.read_bytes())
    assert found.rows == ({"truth": 3, "stored": 2},)
    assert {"measure", "tool", "n", "version", "machine", "began", "ended", "seconds"} <= set(found.head)
    assert datetime.fromisoformat(found.head["began"]) <= datetime.fromisoformat(found.head["ended"])


def test_the_measured_program_is_named_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "codex"
    path.write_bytes(b"abc")
    assert program(path) == {"name": "codex", "sha256": digest(b"abc")}
