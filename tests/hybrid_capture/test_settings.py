"""Where the store is, and that a password in there is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_capture.settings import BadSettings, Settings, load_settings, store_of, tree_settings
from messages.settings import Limits, Timing

DSN = "postgresql://me:hunter2hunter2@db.example/capture"


def test_the_store_is_a_file_in_the_state_folder_unless_told_otherwise(tmp_path: Path) -> None:
    assert store_of(tmp_path) == str(tmp_path / "capture.sqlite3")
    assert Settings(state_dir=tmp_path, database="other.sqlite3").store == str(tmp_path / "other.sqlite3")
    assert Settings(state_dir=tmp_path, database="/elsewhere/c.sqlite3").store == "/elsewhere/c.sqlite3"


def test_environment_and_config_file_can_name_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text(f'database = "{DSN}"\n')
    assert store_of(tmp_path) == DSN
    monkeypatch.setenv("HYBRID_CAPTURE_DATABASE", DSN + "2")
    assert store_of(tmp_path) == DSN + "2"
    assert load_settings(tmp_path, database="x.sqlite3").store == str(tmp_path / "x.sqlite3")


def test_the_environment_can_say_a_limit_or_a_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRID_CAPTURE_TIMING__PING_DEADLINE_MS", "12000")
    monkeypatch.setenv("HYBRID_CAPTURE_LIMITS__LINE_BYTES_MAX", "65536")
    settings = load_settings(tmp_path)
    assert settings.timing == Timing(ping_deadline_ms=12_000)
    assert settings.limits == Limits(line_bytes_max=65_536)
    for wrong in ("three", "-1", "1.5", ""):
        monkeypatch.setenv("HYBRID_CAPTURE_TIMING__PING_DEADLINE_MS", wrong)
        with pytest.raises(BadSettings, match=r"timing\.ping_deadline_ms"):
            load_settings(tmp_path)


def test_no_settings_show_the_password(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, database=DSN, streaming=False)
    told = tree_settings(settings, "r1")
    assert told.database == DSN
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(told), str(told)):
        assert "hunter2" not in shown


@pytest.mark.parametrize("dsn", ["postgresql://me:hunter2@x@db/capture", "mysql://me:hunter2@db/capture"])
def test_a_dsn_that_cannot_be_read_stops_the_start_without_being_shown(tmp_path: Path, dsn: str) -> None:
    with pytest.raises(BadSettings, match=r"database: .*postgresql://USER") as caught:
        load_settings(tmp_path, database=dsn)
    assert "hunter2" not in str(caught.value)


def test_nothing_is_ever_removed_unless_somebody_says_so(tmp_path: Path) -> None:
    assert tree_settings(load_settings(tmp_path, streaming=False), "r1").retention_days is None
    (tmp_path / "config.toml").write_text("retention_days = 30\n")
    assert tree_settings(load_settings(tmp_path, streaming=False), "r1").retention_days == 30
    for broken in ("retention_days = 0", "retention_days = -1", 'retention_days = "30"', "retention_days = 30\nx ="):
        (tmp_path / "config.toml").write_text(broken)
        assert load_settings(tmp_path).retention_days is None, "a file with a fault says nothing"
    with pytest.raises(BadSettings, match="retention_days"):
        load_settings(tmp_path, retention_days=0)
