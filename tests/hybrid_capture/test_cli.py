"""The command line as a user meets it: real processes, the scripted app-server, exit codes and shapes of JSON."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from chaos.scripts import PLANTED_SECRETS, ProcessScript
from hybrid_capture.cli import app
from hybrid_capture.problems import EXIT_CODES
from tests.compiled_rules import lay_into
from tests.hybrid_capture.command import PATIENCE_S, Running, Said, Verb, alive, say

ERROR = {"error", "code", "exit"}


def verbs() -> dict[str, Any]:
    """Every verb by its words."""

    def below(command: Any, words: str) -> dict[str, Any]:
        nested = getattr(command, "commands", None)
        if not nested:
            return {words: command}
        found: dict[str, Any] = {}
        for name, each in nested.items():
            found |= below(each, f"{words} {name}".strip())
        return found

    return below(typer.main.get_command(app), "")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One runtime that all tests here speak with."""
    house = Running(tmp_path_factory.mktemp("cli"))
    try:
        yield house.until_mode("HYBRID_ACTIVE")
    finally:
        house.close()


# What it says about itself.


def test_every_verb_takes_a_state_folder_and_json_and_teaches_with_an_example() -> None:
    for words, command in verbs().items():
        options = {option for parameter in command.params for option in parameter.opts}
        bare = (
            words.split()[0] in ("simulate", "drill", "gates") or words == "trace replay"
        )  # they touch no state folder
        needed = {"--json"} if bare else {"--state-dir", "--json"}
        assert needed <= options, words
        assert f"hybrid-capture {words}" in command.help, words
        assert all(getattr(parameter, "help", "x") for parameter in command.params), words


def test_help_lists_the_verbs_and_every_exit_code() -> None:
    told = say("--help")
    assert told.code == 0
    for words in verbs():
        assert words.split()[0] in told.out
    for code, meaning in EXIT_CODES.items():
        assert f"{code}  {meaning}" in told.out


def test_the_version_is_told() -> None:
    assert say("--version").out == "hybrid-capture 0.1.0\n"


def test_an_unknown_verb_is_a_usage_error() -> None:
    told = say("fly")
    assert told.code == 2
    assert "No such command" in told.err


# A runtime, and what can be said to it.


@pytest.mark.live
def test_run_begins_with_where_it_is_and_then_tells_each_transition_in_order(running: Running) -> None:
    lines = [_loads(line) for line in running.verb.out.splitlines()]
    assert lines[0] == {"event": "ready", "pid": running.verb.process.pid, "stateDir": str(running.state)}
    assert set(lines[1]) == {"event", "otlp", "panel"}
    assert lines[1]["event"] == "listening"
    assert re.fullmatch(rf"{lines[1]['otlp']}/#once=[\w-]{{32}}", lines[1]["panel"])
    assert lines[1]["otlp"].startswith("http://127.0.0.1:")
    modes = [line["after"] for line in lines if line.get("what") == "mode"]
    assert modes[-1] == "HYBRID_ACTIVE"
    greetings = [line["after"] for line in lines if line.get("what") == "handshake"]
    assert greetings == ["none", "initialize_sent", "initialized"][-len(greetings) :]
    assert all({"mode", "modeReason", "atMs"} <= set(line) for line in lines[2:])


def status_with_books(running: Running) -> dict[str, Any]:
    """A status for which ingest was too busy has no books: it is asked again."""
    end = time.monotonic() + PATIENCE_S
    while "missing" in (told := running.say("status", "--json").json)["ledger"]:
        assert time.monotonic() < end, told
    return dict(told)


@pytest.mark.live
def test_status_has_every_part_for_programs_and_for_people(running: Running) -> None:
    told = status_with_books(running)
    assert told["mode"] == "HYBRID_ACTIVE"
    assert told["mode_reason"]
    assert {"state", "generation", "pid", "restarts_in_window"} <= set(told["sidecar"])
    assert told["handshake"] == {"initialize_sent": True, "initialized": True}
    assert told["auth"] == {"state": "authenticated", "mode": "chatgpt", "plan": "pro"}
    assert told["stream_healthy"] is True
    assert told["kill_switch"] is False
    assert {"healthy", "reason"} <= set(told["baseline"])
    assert {"name", "pid", "state", "restarts"} == set(told["actors"][0])
    assert {"received", "dispositions", "staged", "balanced"} <= set(told["ledger"])
    assert told["runtime"]["pid"] == running.verb.process.pid
    human = running.say("status")
    assert human.code == 0
    assert "HYBRID_ACTIVE" in human.out
    assert "actor facade" in human.out
    assert "\x1b" not in human.out


@pytest.mark.live
def test_a_turn_is_shown_stored_and_found_again_without_its_secrets(running: Running) -> None:
    told = running.say("turn", "SCN:secret what is the token?", "--json")
    assert told.code == 0, told.err
    assert told.lines[0]["event"] == "started"
    assert {"live", "itemStored"} <= {line["event"] for line in told.lines}
    last = told.lines[-1]
    assert (last["event"], last["status"], last["items"]) == ("stored", "completed", 3)
    shown = running.say("sessions", "show", last["sessionId"], "--json").json
    items = shown["turns"][0]["items"]
    assert [item["type"] for item in items] == ["userMessage", "commandExecution", "agentMessage"]
    assert all({"type", "text", "status"} <= set(item) and "body" not in item for item in items)
    human = running.say("sessions", "show", last["sessionId"][:30])
    assert "commandExecution (completed)" in human.out
    assert "[REDACTED:" in human.out
    for secret in PLANTED_SECRETS.values():
        assert secret not in told.out + human.out + str(shown)


@pytest.mark.live
def test_an_approval_is_answered_as_chosen_and_its_token_is_not_shown(running: Running) -> None:
    for choice, outcome in (("accept", "completed"), ("decline", "declined")):
        told = running.say("turn", "SCN:shell:approve", "--approve", choice, "--json")
        asked = [line for line in told.lines if line["event"] == "approvalRequested"]
        assert len(asked) == 1
        assert "touch probe_created_file" in asked[0]["summary"]
        assert "token" not in asked[0]
        session = running.say("sessions", "show", told.lines[-1]["sessionId"], "--json").json
        command = next(item for item in session["turns"][0]["items"] if item["type"] == "commandExecution")
        assert command["status"] == outcome


@pytest.mark.live
def test_a_second_turn_joins_its_thread_and_lists_find_it(running: Running) -> None:
    first = running.say("turn", "hello", "--json").lines[-1]
    assert running.say("turn", "again", "--thread", first["sessionId"]).code == 0
    found = running.say("sessions", "list", "--query", first["sessionId"], "--json").json["sessions"]
    assert [(each["session_id"], each["turn_count"]) for each in found] == [(first["sessionId"], 2)]
    assert first["sessionId"] in running.say("sessions", "list").out
    assert running.say("sessions", "list", "--query", "no such thing").out.startswith("no session is stored")


@pytest.mark.live
def test_transitions_and_audit_are_listed(running: Running) -> None:
    told = running.say("transitions", "--limit", "1000", "--json").json["transitions"]
    assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
    assert "HYBRID_ACTIVE" in running.say("transitions").out
    running.say("turn", "hello", "--thread", "no-such-thread")
    assert isinstance(running.say("audit", "--json").json["audit"], list)
    assert running.say("audit").code == 0


@pytest.mark.live
def test_the_doctor_finds_a_healthy_runtime(running: Running) -> None:
    told = running.say("doctor", "--json")
    wrong = [check for check in told.json["checks"] if check["state"] == "wrong"]
    assert (told.code, wrong) == (0, [])
    assert told.json["ok"] is True


@pytest.mark.live
def test_a_thread_that_is_not_there_is_one_sentence(running: Running) -> None:
    told = running.say("turn", "hello", "--thread", "no-such-thread", "--json")
    assert told.code == 1
    assert set(told.json) == ERROR
    assert running.say("sessions", "show", "no-such-session").code == 1


@pytest.mark.live
def test_recovery_is_one_command_each(running: Running) -> None:
    assert running.say("recover", "auth", "--json").json["done"] == "retryAuth"
    before = running.say("status", "--json").json["sidecar"]["generation"]
    assert running.say("recover", "sidecar").code == 0
    assert running.say("status", "--json").json["sidecar"]["generation"] == before + 1


@pytest.mark.live
def test_a_folder_with_a_living_runtime_is_not_taken_twice(running: Running) -> None:
    told = running.say("run", "--json")
    assert told.code == 6
    assert told.json["code"] == "FOLDER_TAKEN"
    assert str(running.verb.process.pid) in told.err


@pytest.mark.live
def test_stop_leaves_no_process_and_no_socket_and_what_is_stored_stays(tmp_path: Path) -> None:
    house = Running(tmp_path).until_mode("HYBRID_ACTIVE")
    try:
        session = house.say("turn", "hello", "--json").lines[-1]["sessionId"]
        below = house.below()
        assert len(below) >= 8
        told = house.say("stop", "--json")
        assert told.code == 0
        assert told.json["stopped"] is True
        ended = house.verb.end()
        assert ended.code == 0
        assert ended.lines[-1] == {"event": "stopped"}
        assert alive(below) == []
        sockets = [each for each in house.state.rglob("*") if stat.S_ISSOCK(each.lstat().st_mode)]
        assert sockets == []
        assert not (house.state / "runtime.json").exists()
        assert house.say("sessions", "show", session).code == 0
        assert house.say("stop").code == 3
        assert house.say("status").code == 3
    finally:
        house.close()


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_run_in_order(tmp_path: Path, number: signal.Signals) -> None:
    verb = Verb("run", "--state-dir", lay_into(tmp_path / "state"))
    try:
        verb.until(lambda out: "Ctrl-C stops it" in out, "that it runs")
        verb.signal(number)
        told = verb.end()
    finally:
        verb.kill()
    assert told.code == 0
    assert told.out.endswith("stopped\n")
    assert told.err == ""


# Bad input. Each: a sentence that says what to do, the right exit code, no traceback.


def test_without_a_runtime_each_verb_that_needs_one_says_so(tmp_path: Path) -> None:
    for words in ("status", "turn hi", "logout", "recover auth", "recover hybrid", "fallback", "login", "stop"):
        told = say(*words.split(), "--state-dir", tmp_path / "none", "--json")
        assert told.code == 3, words
        assert told.json["code"] == "NOT_RUNNING"
        assert "hybrid-capture run" in told.err
        assert "Traceback" not in told.err
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_has_no_sessions(tmp_path: Path) -> None:
    for words in (["sessions", "list"], ["sessions", "show", "x"], ["transitions"], ["audit"]):
        told = say(*words, "--state-dir", tmp_path, "--json")
        assert (told.code, told.json["code"]) == (6, "NOTHING_CAPTURED"), words


@pytest.mark.live
def test_a_broken_config_closes_the_stream_says_so_and_the_baseline_carries_on(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("codex = [")
    verb = Verb("run", "--state-dir", lay_into(tmp_path), "--json")
    try:
        verb.until(lambda out: '"mode":"OTEL_ONLY"' in out, "OTEL_ONLY")
        told = say("status", "--state-dir", tmp_path, "--json").json
        assert told["kill_switch"] is True
        assert "config.toml is not valid TOML" in told["mode_reason"]
        assert say("stop", "--state-dir", tmp_path).code == 0
        assert verb.end().code == 0
    finally:
        verb.kill()


def test_a_setting_that_does_not_fit_is_named_and_nothing_starts(tmp_path: Path) -> None:
    told = say("run", "--state-dir", tmp_path, "--json", HYBRID_CAPTURE_STREAMING="perhaps")
    assert (told.code, told.json["code"]) == (2, "BAD_SETTINGS")
    assert "streaming" in told.err


@pytest.mark.live
def test_the_stream_is_stopped_and_brought_back_by_one_command_each(tmp_path: Path) -> None:
    house = Running(tmp_path).until_mode("HYBRID_ACTIVE")
    try:
        assert house.say("fallback", "--json").json["done"] == "fallbackToOtelOnly"
        assert house.say("status", "--json").json["mode"] == "OTEL_ONLY"
        assert house.say("recover", "auth", "--json").json["code"] == "NOT_NOW"
        assert house.say("recover", "hybrid", "--json").json["text"].startswith("hybrid is active")
        assert house.say("recover", "hybrid", "--json").json["text"] == "already active"
        on = house.say("kill-switch", "on", "--json").json
        assert (on["on"], on["revision"]) == (True, 1)
        assert house.say("status", "--json").json["mode"] == "OTEL_ONLY"
        stale = house.say("kill-switch", "off", "--expected-revision", "0", "--json")
        assert (stale.code, stale.json["code"]) == (1, "CONFLICT")
        assert house.say("kill-switch", "off").code == 0
        assert house.say("recover", "hybrid").code == 0
    finally:
        house.close()


def test_the_kill_switch_works_without_a_runtime(tmp_path: Path) -> None:
    state = tmp_path / "none" / "state"

    def switch(*words: str) -> Said:
        return say("kill-switch", *words, "--state-dir", state, "--json")

    assert switch("status").json["on"] is False
    assert switch("on").json["revision"] == 1
    assert switch("on").json["revision"] == 1, "it is on already"
    assert (switch("status").json["on"], stat.S_IMODE(state.stat().st_mode)) == (True, 0o700)
    stale = switch("off", "--expected-revision", "0")
    assert (stale.code, stale.json["code"]) == (1, "CONFLICT")
    (state / "config.toml").write_text("revision = 1\n")
    broken = switch("status")
    assert (broken.code, broken.json["lastGood"]) == (1, {"on": True, "revision": 1})
    assert (switch("off").code, switch("off").json["code"]) == (6, "CONFIG_UNUSABLE")
    assert switch("restore").json == {"restored": True, "on": True, "revision": 1}
    assert switch("restore").json["restored"] is False
    assert switch("off", "--expected-revision", "1").json["on"] is False
    assert "off" in say("kill-switch", "status", "--state-dir", state).out


def test_a_database_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "capture.sqlite3") as database:
        database.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        database.execute("INSERT INTO meta VALUES ('schema_version', '999')")
    database.close()
    for words in (["run"], ["sessions", "list"]):
        told = say(*words, "--state-dir", tmp_path, "--json")
        assert (told.code, told.json["code"]) == (6, "STORE_UNUSABLE"), words
        assert "999" in told.err
    assert say("doctor", "--state-dir", tmp_path).code == 1
    with sqlite3.connect(tmp_path / "capture.sqlite3") as database:
        assert database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("meta",)]
        assert database.execute("SELECT * FROM meta").fetchall() == [("schema_version", "999")]
    database.close()


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file" / "state", Path("/proc/nobody/state")):
        told = say("run", "--state-dir", place, "--json")
        assert (told.code, told.json["code"]) == (6, "FOLDER_UNUSABLE")
        assert "--state-dir" in told.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_that_is_not_writable_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    told = say("run", "--state-dir", tmp_path / "state")
    tmp_path.chmod(0o700)
    assert told.code == 6


@pytest.mark.live
@pytest.mark.parametrize("flaw", ["missing", "not executable", "not codex", "crashing"])
def test_a_codex_that_cannot_run_degrades_capture_and_says_what_to_do(tmp_path: Path, flaw: str) -> None:
    script = ProcessScript(start="exit", exit_code=3, exit_message="boom") if flaw == "crashing" else None
    spoil: dict[str, Callable[[Path], object]] = {
        "missing": Path.unlink,
        "not executable": lambda codex: codex.chmod(0o600),
        "not codex": lambda codex: codex.write_text("#!/bin/sh\nexec cat\n"),
        "crashing": lambda codex: None,
    }
    house = Running(tmp_path, script, spoil=spoil[flaw])
    try:
        house.until_mode("DEGRADED_STREAMING")
        word = {"missing": "does not exist", "not executable": "chmod +x", "crashing": "boom"}.get(flaw)
        if word is not None:
            house.verb.until(lambda out: word in out, word)
        told = house.say("status", "--json")
        assert told.json["mode"] == "DEGRADED_STREAMING"
        assert told.json["baseline"]["healthy"] is True
        refused = house.say("turn", "hi", "--json")
        assert refused.code == 1
        assert refused.json["code"] in ("NOT_NOW", "FAILED")
        assert house.say("stop").code == 0
        assert house.verb.end().code == 0
    finally:
        house.close()


def test_options_that_exclude_each_other_are_a_usage_error(tmp_path: Path) -> None:
    told = say("login", "--device", "--api-key-stdin", "--state-dir", tmp_path, "--json")
    assert (told.code, told.json["code"]) == (2, "BAD_OPTIONS")
    assert say("demo", "--codex", "/bin/true").code == 2
    assert say("run", "--cwd", tmp_path / "none").code == 2
    assert say("run", "--auth-mode", "magic").code == 2


def test_redact_copies_text_without_its_secrets(tmp_path: Path) -> None:
    secret = PLANTED_SECRETS["github-token"]
    (tmp_path / "log").write_text(f"before\nexport TOKEN={secret}\nafter\n")
    told = say("redact", tmp_path / "log", "--findings")
    assert told.code == 0
    assert told.out.startswith("before\n")
    assert told.out.endswith("after\n")
    assert secret not in told.out + told.err
    assert all("rule" in _loads(line) for line in told.err.splitlines())
    piped = say("redact", stdin=f"{secret}\n")
    assert (piped.code, piped.err) == (0, "")
    assert "[REDACTED:" in piped.out


def _loads(line: str) -> Any:
    return json.loads(line)
