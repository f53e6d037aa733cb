"""What the doctor notices, and that it says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaos.scripted import write_executable
from hybrid_capture import doctor, neighbours
from hybrid_capture.doctor import Check
from storage import redaction
from tests.hybrid_capture.command import say
from tests.storage.story import Stream, open_store, thread


def states(checks: Iterator[Check]) -> dict[str, str]:
    return {check.name: check.state for check in checks}


def test_the_interpreter_and_the_packages_are_ours() -> None:
    assert states(doctor.python(Path())) == {"python": "ok"}
    assert states(doctor.packages(Path())) == {"packages": "ok"}


def test_a_package_of_the_same_name_from_elsewhere_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "place_of", lambda name: tmp_path if name == "actors" else Path("/ours"))
    (check,) = doctor.packages(Path())
    assert check.state == "wrong"
    assert f"actors at {tmp_path}" in check.text
    assert "virtual environment" in check.hint
    assert neighbours.place_of("actors") == tmp_path


def test_a_package_that_another_distribution_wrote_into_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "mixed", lambda place: f"not ours alone: message-kit in messages (in {place})")
    (check,) = doctor.packages(Path())
    assert (check.state, check.hint) == ("wrong", neighbours.HINT)
    assert check.text.startswith("not ours alone: message-kit in messages")


def test_a_package_that_is_not_there_has_no_place() -> None:
    assert neighbours.place_of("no_such_package_here") is None


def test_codex_is_found_by_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    codex = write_executable(tmp_path / "codex")
    checks = {check.name: check for check in doctor.codex_binary(tmp_path, codex)}
    assert checks["codex"].state == "ok"
    assert "0.169.0" in checks["codex"].text
    for wrong in (tmp_path / "none", Path("/bin/true")):
        checks = {check.name: check for check in doctor.codex_binary(tmp_path, wrong)}
        assert checks["codex"].state == "wrong"
        assert "npm install" in checks["codex"].text


def test_settings_that_cannot_be_read_and_choices_worth_a_note_are_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("codex = [")
    checks = {check.name: check for check in doctor.codex_binary(tmp_path, None)}
    assert (checks["config"].state, checks["settings"].state) == ("wrong", "ok"), "capture starts all the same"
    assert "kill switch counts as on" in checks["config"].text
    assert "kill switch" not in checks
    (tmp_path / "config.toml").write_text("streaming = false\n[codex]\nstreamKillSwitch = true\n")
    found = states(doctor.codex_binary(tmp_path, None))
    assert found == {"settings": "ok", "kill switch": "note", "codex": "note"}


def test_redaction_is_proved_and_a_slower_engine_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(doctor.scanner(Path()))["redaction"] in ("ok", "note")
    monkeypatch.setattr(redaction, "warm", lambda: "re2")
    assert states(doctor.scanner(Path())) == {"redaction": "note"}
    monkeypatch.setattr(redaction, "scrub", lambda text: text)
    assert states(doctor.scanner(Path())) == {"redaction": "wrong"}


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
def test_whatever_others_may_read_is_named_with_its_cure(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert states(doctor.permissions(state)) == {"state folder": "note"}
    state.mkdir(mode=0o700)
    assert states(doctor.permissions(state)) == {"state folder": "ok"}
    (state / "capture.sqlite3").touch(mode=0o644)
    state.chmod(0o755)
    checks = list(doctor.permissions(state))
    assert [check.state for check in checks] == ["wrong", "wrong"]
    assert [check.hint for check in checks] == [f"chmod 700 {state}", f"chmod 600 {state / 'capture.sqlite3'}"]


def test_the_database_is_opened_and_its_books_are_checked(tmp_path: Path) -> None:
    assert states(doctor.database(tmp_path)) == {"database": "note"}
    with closing(open_store(tmp_path)) as store:
        Stream(store).send(1, sessions=[thread()])
    assert states(doctor.database(tmp_path)) == {"database": "ok", "ledger": "ok"}
    (tmp_path / "capture.sqlite3").write_bytes(b"not a database at all, by far")
    for more in ("-wal", "-shm"):
        (tmp_path / f"capture.sqlite3{more}").unlink(missing_ok=True)
    (check,) = doctor.database(tmp_path)
    assert check.state == "wrong"
    assert check.hint


def test_books_that_do_not_balance_are_wrong(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        Stream(store).send(1, sessions=[thread()])
    with sqlite3.connect(tmp_path / "capture.sqlite3") as database:
        database.execute("UPDATE offsets SET received = received + 1")
    database.close()
    assert states(doctor.database(tmp_path))["ledger"] == "wrong"


def test_the_exit_code_is_1_when_something_is_wrong(tmp_path: Path) -> None:
    told = say("doctor", "--state-dir", tmp_path / "state", "--codex", tmp_path / "none", "--json")
    assert told.code == 1
    assert told.json["ok"] is False
    assert {"name", "state", "text", "hint"} == set(told.json["checks"][0])
    codex = write_executable(tmp_path / "codex")
    fine = say("doctor", "--state-dir", tmp_path / "state", "--codex", codex)
    assert fine.code == 0, fine.out
    assert "nothing is wrong" in fine.out
    assert not (tmp_path / "state").exists()
