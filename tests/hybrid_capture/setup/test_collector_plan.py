import os
from pathlib import Path

import pytest

from hybrid_capture.setup.collector_plan import plan

FIRST, SECOND, NOW = ".codex/otel-collector", ".agents/otel/collector", ".agents/otel-collector"


def put(home: Path, name: str, content: str = "x") -> Path:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_nothing_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert (plan(tmp_path).status, plan(tmp_path).moves) == ("not_started", ())
    put(tmp_path, f"{NOW}/config.yaml")
    assert plan(tmp_path).status == "migrated"


@pytest.mark.parametrize("stub", ["", "README", "deep/er/empty"])
def test_an_empty_stub_at_the_new_place_hides_nothing(tmp_path: Path, stub: str) -> None:
    (tmp_path / NOW / "empty").mkdir(parents=True)
    if stub:
        put(tmp_path, f"{NOW}/{stub}", "")
    put(tmp_path, f"{FIRST}/config.yaml")
    found = plan(tmp_path)
    assert found.status == "not_started"
    assert [move.target for move in found.moves] == [tmp_path / NOW / "config.yaml"]


def test_both_earlier_folders_come_together_and_keep_their_modes(tmp_path: Path) -> None:
    put(tmp_path, f"{FIRST}/config.yaml", "a").chmod(0o600)
    put(tmp_path, f"{SECOND}/data/spool.bin", "bb").chmod(0o640)
    put(tmp_path, f"{NOW}/data/spool.bin", "")
    found = plan(tmp_path)
    assert [(str(move.target.relative_to(tmp_path / NOW)), move.mode, move.size) for move in found.moves] == [
        ("config.yaml", 0o600, 1),
        ("data/spool.bin", 0o640, 2),
    ]
    assert found.stubs == (tmp_path / NOW / "data/spool.bin",)


def test_files_that_differ_are_left_to_a_person_and_equal_ones_stay(tmp_path: Path) -> None:
    same = put(tmp_path, f"{FIRST}/same", "s")
    put(tmp_path, f"{NOW}/same", "s")
    assert (plan(tmp_path).status, plan(tmp_path).left) == ("migrated", (same,))
    put(tmp_path, f"{FIRST}/config.yaml", "hunter2-old")
    put(tmp_path, f"{SECOND}/config.yaml", "hunter2-new")
    found = plan(tmp_path)
    assert found.status == "deferred"
    assert f"{SECOND}/config.yaml" in found.reason
    assert "hunter2" not in found.reason


@pytest.mark.parametrize("link", [FIRST, f"{FIRST}/inside", SECOND, ".agents", NOW, f"{NOW}/x"])
def test_symbolic_links_are_refused_wherever_they_are(tmp_path: Path, link: str) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    put(elsewhere, "config.yaml")
    (home / link).parent.mkdir(parents=True)
    (home / link).symlink_to(elsewhere)
    found = plan(home)
    assert (found.status, found.moves) == ("failed", ())
    assert "symbolic link" in found.reason


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    put(tmp_path, f"{FIRST}/config.yaml")
    os.mkfifo(tmp_path / FIRST / "pipe")
    assert plan(tmp_path).status == "failed"


def test_a_collector_that_runs_defers_it(tmp_path: Path) -> None:
    put(tmp_path, f"{FIRST}/config.yaml")
    found = plan(tmp_path, [f"otelcol --config {tmp_path}/{FIRST}/config.yaml"])
    assert (found.status, found.moves) == ("deferred", ())
    assert "stop it first" in found.reason
