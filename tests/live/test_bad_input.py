"""Whatever is wrong outside: a clear sentence, a mode that tells the truth, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.scripts import ProcessScript
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import BadSettings, load_settings
from hybrid_capture.statefolder import FolderTaken, FolderUnusable
from messages.settings import Limits
from storage.errors import StoreCorrupt, WrongSchema
from tests.live.house import House
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]


def _program(path: Path, content: bytes, mode: int = 0o755) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def given_up(status: dict[str, Any]) -> bool:
    """Whether the sidecar crash-loops. It may do so before the baseline has proved that it works: that is FAILURE."""
    return bool(status["sidecar"]["state"] == "crash_loop" and status["baseline"]["healthy"])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "codex"),
        ("not executable", "chmod"),
        ("not a program", "codex"),
        ("crashes", "exit code 7"),
    ],
)
def test_a_codex_that_cannot_run_is_named_and_the_baseline_carries_on(
    build: Build, tmp_path: Path, kind: str, said: str
) -> None:
    codex = {
        "missing": lambda: tmp_path / "nowhere" / "codex",
        "not executable": lambda: _program(tmp_path / "c1", b"#!/bin/sh\nexit 0\n", 0o644),
        "not a program": lambda: _program(tmp_path / "c2", b"\x7fELF garbage"),
        "crashes": lambda: _program(tmp_path / "c3", b"#!/bin/sh\necho broken >&2\nexit 7\n"),
    }[kind]()
    with build(codex=codex) as house:
        status = house.until_status(given_up, "crash_loop above a probed baseline")
        assert status["mode"] == "DEGRADED_STREAMING"
        assert said in status["mode_reason"]
        assert status["sidecar"]["restarts_in_window"] == 2
        refused = house.runtime.command({"command": "startThread"})
        assert (refused["answer"], refused["code"]) == ("refused", "NOT_NOW")


@pytest.mark.parametrize(
    ("script", "auth", "reason"),
    [
        (ProcessScript(auth="apikey"), "needs_login", "apikey"),
        (ProcessScript(auth="none"), "needs_login", "no login"),
        (ProcessScript(auth="expired"), "needs_login", "no login"),
        (ProcessScript(auth="somethingNew"), "needs_login", "somethingNew"),
        (ProcessScript(auth="none", requires_openai_auth=False), "needs_login", "appServerAuthMode"),
        (ProcessScript(auth="chatgpt", account_read="error"), "needs_login", ""),
    ],
)
def test_a_login_that_is_not_proved_degrades_and_asks_for_one(
    build: Build, script: ProcessScript, auth: str, reason: str
) -> None:
    with build(script) as house:
        status = house.until_status(
            lambda s: s["auth"]["state"] == auth and s["baseline"]["healthy"], f"{auth} above a probed baseline"
        )
        assert status["mode"] == "DEGRADED_STREAMING"
        assert reason in status["mode_reason"]
        assert status["baseline"]["healthy"]


def test_stored_credentials_without_a_callback_are_proved_by_account_read(build: Build) -> None:
    with build(ProcessScript(auth="chatgpt", auth_callback=False)) as house:
        house.active()
        house.runtime.stop()  # and so every transition is kept
        causes = [cause for (cause,) in house.rows("SELECT cause FROM transitions WHERE after = 'authenticated'")]
        assert causes == ["account confirmed by account_read"]


@pytest.mark.parametrize(
    ("choice", "script"),
    [("apiKey", ProcessScript(auth="apikey")), ("none", ProcessScript(auth="none", requires_openai_auth=False))],
)
def test_other_kinds_of_login_work_when_chosen_openly(build: Build, choice: str, script: ProcessScript) -> None:
    with build(script, auth_mode=choice) as house:
        house.active()


def test_frames_before_the_handshake_change_nothing(build: Build) -> None:
    with build(ProcessScript(auth="chatgpt", frames_before_handshake=5)) as house:
        house.active()
        assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"


@pytest.mark.parametrize("script", [ProcessScript(initialize="hang"), ProcessScript(start="stdout_closed")])
def test_a_process_that_never_greets_is_given_up_in_time(build: Build, script: ProcessScript) -> None:
    timing = unhurried(initialize_deadline_ms=300, stop_grace_ms=200, backoff_min_ms=20)
    with build(script, timing=timing) as house:
        status = house.until_status(given_up, "crash_loop above a probed baseline")
        assert status["mode"] == "DEGRADED_STREAMING"


def test_a_process_that_ignores_every_polite_request_is_still_stopped(build: Build) -> None:
    with build(ProcessScript(auth="chatgpt", ignore_stop=True), timing=unhurried(stop_grace_ms=200)) as house:
        house.active()


def test_exit_code_zero_without_a_request_is_a_crash(build: Build) -> None:
    script = ProcessScript(auth="chatgpt", starts=({"start": "exit", "exit_code": 0}, {}))
    with build(script) as house:
        status = house.active(generation=2)
        assert status["sidecar"]["restarts_in_window"] == 1


def test_a_state_folder_that_cannot_be_made_is_named(build: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FolderUnusable, match="--state-dir"):
        build(state_dir=tmp_path / "file" / "state").runtime.start()


def test_a_folder_with_a_living_runtime_is_not_shared(build: Build) -> None:
    with build() as house:
        house.active()
        with pytest.raises(FolderTaken, match=str(os.getpid())):
            CaptureRuntime(house.settings).start()
        assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"


def test_a_database_of_another_version_is_not_touched(build: Build) -> None:
    house = build()
    with house:
        house.active()
    with sqlite3.connect(house.database) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    before = house.database.read_bytes()
    with pytest.raises(WrongSchema, match="999"):
        CaptureRuntime(house.settings).start()
    assert house.database.read_bytes() == before


def test_a_file_that_is_no_database_is_named_and_kept(build: Build) -> None:
    house = build()
    house.settings.state_dir.mkdir(parents=True, exist_ok=True)
    house.database.write_bytes(b"this is not a database, but somebody may want it" * 100)
    with pytest.raises(StoreCorrupt, match=r"capture\.sqlite3"):
        CaptureRuntime(house.settings).start()
    assert house.database.read_bytes().startswith(b"this is not a database")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[codex\nstreamKillSwitch = false", "is not valid TOML"),
        ("[codex]\nstreamKillSwich = true", "unknown key codex.streamKillSwich"),
        ("surprise = 1", "unknown key surprise"),
        ('[codex]\nappServerAuthMode = "any"', "wrong value at codex.appServerAuthMode"),
        ("", "is empty"),
    ],
)
def test_a_broken_config_file_fails_closed_and_says_so(build: Build, content: str, said: str) -> None:
    house = build()
    house.settings.state_dir.mkdir(mode=0o700, exist_ok=True)
    (house.settings.state_dir / "config.toml").write_text(content)
    assert load_settings(house.settings.state_dir).auth_mode == "chatgpt", "capture starts on the defaults"
    with house:
        status = house.until_status(lambda s: s["mode"] == "OTEL_ONLY", "OTEL_ONLY")
        assert said in status["mode_reason"]
        assert "config.toml" in status["mode_reason"]
        assert "mend it" in status["mode_reason"]
        assert (status["kill_switch"], status["sidecar"]["generation"]) == (True, 0)
        assert status["baseline"]["healthy"]


def test_a_setting_of_the_command_line_or_the_environment_that_is_wrong_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadSettings, match="auth_mode"):
        load_settings(tmp_path, auth_mode="any")
    with pytest.raises(BadSettings, match="surprise"):
        load_settings(tmp_path, surprise=1)
    monkeypatch.setenv("HYBRID_CAPTURE_LIMITS__LINE_BYTES_MAX", "three")
    with pytest.raises(BadSettings, match="line_bytes_max"):
        load_settings(tmp_path)


def test_a_full_disk_is_failure_with_its_reason_and_heals_when_there_is_room(build: Build) -> None:
    with build() as house:
        house.active()
        thread = house.thread()
        house.turn(thread, "SCN:plain before")
        # A limit on its files is what a full disk is to SQLite; the writer's connection takes it over. Not relative to
        # their sizes: a write-ahead log that is begun anew has room below its old end.
        pid = house.pid_of("ingest")
        import resource

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
        turn = house.begin(thread, "SCN:long:20000")
        status = house.until_status(lambda s: s["mode"] == "FAILURE", "FAILURE")
        assert "baseline" in status["mode_reason"]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert house.stored(turn)["status"] == "completed"
        house.active()
        ledger = house.ledger()
        assert ledger["balanced"]
        assert not any(name.startswith("dropped") for name in ledger["dispositions"])


def test_a_process_that_stops_reading_is_replaced_when_too_much_waits_for_it(build: Build) -> None:
    with build(limits=Limits(stdin_bytes_max=1024)) as house:
        house.active()
        thread = house.thread()
        house.begin(thread, "SCN:hang now")
        for _ in range(5):  # a pipe takes 64 KiB of it
            house.runtime.command({"command": "startTurn", "threadId": thread, "text": "x" * 60_000})
        house.active(generation=2)
        query = "SELECT cause FROM transitions WHERE what = 'sidecar'"
        house.until_rows(query, lambda rows: any("does not read its stdin" in cause for (cause,) in rows))
        assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"


def test_a_command_over_the_bound_is_refused_and_the_next_one_works(house: House) -> None:
    bytes_max = house.settings.limits.command_bytes_max
    thread = house.thread()
    refused = house.runtime.command({"command": "startTurn", "threadId": thread, "text": "x" * bytes_max})
    assert (refused["answer"], refused["code"]) == ("refused", "TOO_LARGE")
    assert house.turn(thread, "SCN:plain after")["status"] == "completed"


def test_an_ingest_that_keeps_crashing_is_failure_with_its_reason_and_the_rest_carries_on(house: House) -> None:
    for wanted in ("running", "running", "crash_loop"):
        pid = house.kill("ingest")
        house.until_status(
            lambda s, pid=pid, wanted=wanted: any(
                a["name"] == "ingest" and a["state"] == wanted and a["pid"] != pid for a in s["actors"]
            ),
            f"ingest {wanted}",
        )
    status = house.until_status(lambda s: s["mode"] == "FAILURE", "FAILURE")
    assert "ingest crash-loops" in status["mode_reason"]
    assert {a["name"] for a in status["actors"] if a["state"] == "running"} >= {"stager", "auth", "sidecar", "facade"}
    assert house.runtime.do({"command": "recoverHybrid"}, 70)["ok"]
    house.active()
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
