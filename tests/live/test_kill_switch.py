"""Kill switch, fallback and recovery on the real tree: what a person orders holds, and comes back when asked for."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from actors.machines.actions import ALREADY, OFFERED
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings
from storage.config import ConfigFile
from tests.live.house import ENDED_S, PATIENCE_S, House, gone
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
ROOT = Path(__file__).parents[2]
ACTIONS = ("recoverHybrid", "fallbackToOtelOnly", "retryAuth", "restartSidecar")


def spawns(house: House) -> int:
    """How often the scripted app-server was started on this home."""
    assert house.settings.codex_home is not None
    counted = house.settings.codex_home / "scripted-starts"
    return len(counted.read_text()) if counted.exists() else 0


def switch(house: House, on: bool, expected: int | None = None) -> dict[str, Any]:
    command = {"command": "setStreamKillSwitch", "on": on, "expectedRevision": expected}
    return house.runtime.do(command, 70)


def file_of(house: House) -> ConfigFile:
    return ConfigFile(house.runtime.state_dir)


def settled(house: House) -> int:
    """Frames received, once the books of every app-server are closed: it is gone before its last frames are kept."""
    closed = "SELECT closed FROM offsets WHERE source = 'stream'"
    house.until_rows(closed, lambda rows: bool(rows) and all(closed for (closed,) in rows))
    ledger = house.ledger()
    assert (ledger["balanced"], ledger["staged"]) == (True, 0)
    return int(ledger["received"])


# Scenarios 31 and 33.


def test_the_switch_stops_the_stream_at_once_and_hybrid_resumes_by_itself(build: Build) -> None:
    with build(ProcessScript(auth="chatgpt", starts=({}, {}))) as house:
        house.active()
        process = psutil.Process(house.runtime.status()["sidecar"]["pid"])
        house.begin(house.thread(), "SCN:slow:1000")
        house.until(lambda e: e.get("event") == "itemStored", "the prompt")
        done = switch(house, on=True)
        assert (done["ok"], done["result"]) == (True, {"on": True, "revision": 1})
        assert not process.is_running(), "told only when the process is gone"
        status = house.runtime.status()
        assert (status["mode"], status["kill_switch"], status["sidecar"]["state"]) == ("OTEL_ONLY", True, "stopped")
        assert "codex.streamKillSwitch" in status["mode_reason"]
        assert status["actions"] == ["setStreamKillSwitch"]
        received, started = settled(house), spawns(house)
        assert house.runtime.command({"command": "startThread"})["code"] == "NOT_NOW"
        assert switch(house, on=True)["result"]["revision"] == 1, "a second click is no change"
        assert (settled(house), spawns(house)) == (received, started)
        assert switch(house, on=False)["ok"]
        status = house.active(generation=2)
        assert status["handshake"] == {"initialize_sent": True, "initialized": True}
        assert status["auth"]["state"] == "authenticated"
        assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
        house.runtime.stop()
        moves = house.rows("SELECT before, after, cause FROM transitions WHERE what = 'kill_switch' ORDER BY id")
        assert [move[:2] for move in moves] == [("", "off"), ("off", "on"), ("on", "off")]
        assert "a person turned the stream kill switch on (revision 1)" in moves[1][2]
        audit = house.rows("SELECT subject, text FROM audit WHERE kind IN ('command_accepted', 'command_done')")
        assert ("client host", "setStreamKillSwitch on") in audit
        assert any(text.startswith("setStreamKillSwitch off: done: ") for _, text in audit)


@pytest.fixture
def doomed(tmp_path: Path) -> Callable[[str], tuple[Path, Path, Path]]:
    """`doomed(code)` runs a host that is active, then `code`, and kills everything of it the moment `code` is done."""
    home = tmp_path / "home"
    home.mkdir()
    codex = write_executable(tmp_path / "codex", script=ProcessScript(auth="chatgpt", starts=({}, {})))
    state = tmp_path / "state"

    def run(code: str) -> tuple[Path, Path, Path]:
        text = (
            "import psutil\n"
            "from pathlib import Path\n"
            "from hybrid_capture.runtime import CaptureRuntime\n"
            "from hybrid_capture.settings import Settings\n"
            "from tests.unhurried import unhurried\n"
            f"rt = CaptureRuntime(Settings(state_dir=Path({str(state)!r}), codex=Path({str(codex)!r}),"
            f" codex_home=Path({str(home)!r}), otlp_port=0, timing=unhurried()))\n"
            f"rt.start({PATIENCE_S}); rt.wait_for('HYBRID_ACTIVE', {PATIENCE_S})\n"
            "me = psutil.Process()\n"
            "below = me.children(recursive=True)\n"
            f"{code}\n"
            "import contextlib\n"
            "for each in [*below, me]:\n"
            "    with contextlib.suppress(psutil.NoSuchProcess):\n"
            "        each.kill()\n"
        )
        host = subprocess.Popen(
            [sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        host.wait(2 * PATIENCE_S)
        assert host.returncode == -9, "it came to its end"
        left = {each for each in psutil.process_iter() if str(tmp_path) in " ".join(_command(each))}
        assert gone(left, ENDED_S)
        return state, codex, home

    return run


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


@pytest.mark.parametrize("round_", range(3))
def test_it_is_still_on_after_everything_was_killed_the_moment_the_call_returned(
    doomed: Callable[[str], tuple[Path, Path, Path]], round_: int
) -> None:
    state, codex, home = doomed("assert rt.do({'command': 'setStreamKillSwitch', 'on': True})['ok']")
    started = (home / "scripted-starts").read_text()
    with House(Settings(state_dir=state, codex=codex, codex_home=home, otlp_port=0, timing=unhurried())) as house:
        status = house.until_status(lambda s: s["mode"] == "OTEL_ONLY", "OTEL_ONLY")
        assert (status["kill_switch"], status["sidecar"]["generation"]) == (True, 0)
        for name in ("auth", "stager", "sidecar"):
            pid = house.kill(name)
            house.until_status(
                lambda s, name=name, pid=pid: any(
                    a["name"] == name and a["pid"] not in (None, pid) for a in s["actors"]
                ),
                f"{name} again",
            )
        assert house.runtime.status()["mode"] == "OTEL_ONLY"
        assert (home / "scripted-starts").read_text() == started, "zero spawns"
        assert switch(house, on=False)["ok"]
        house.active()


# Scenario 32.


def test_a_stale_writer_cannot_clear_the_switch(house: House) -> None:
    seen = house.runtime.status()["config"]["revision"]
    assert switch(house, on=True, expected=seen)["ok"]
    refused = switch(house, on=False, expected=seen)
    assert (refused["ok"], refused["code"], refused["result"]) == (False, "CONFLICT", {"on": True, "revision": 1})
    old = file_of(house).path.read_text()
    assert switch(house, on=False)["ok"]
    assert switch(house, on=True)["ok"]
    file_of(house).path.write_text(old.replace("true", "false"))  # an editor that was open since revision 1
    # An editor's file is empty for a moment, which is a fault of its own.
    older = "older than 3 of its last good copy"
    status = house.until_status(lambda s: older in s["config"]["fault"], "the fault")
    assert older in status["mode_reason"]
    assert (status["kill_switch"], status["mode"]) == (True, "OTEL_ONLY")


def test_a_file_that_breaks_while_it_runs_stops_the_stream_and_comes_back_only_when_asked(house: House) -> None:
    assert switch(house, on=True)["ok"]
    assert switch(house, on=False)["ok"]
    house.active(generation=2)
    file = file_of(house)
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[: len(whole) // 2])
    status = house.until_status(lambda s: s["mode"] == "OTEL_ONLY", "OTEL_ONLY")
    assert status["kill_switch"]
    assert str(file.path) in status["mode_reason"]
    assert "kill-switch restore" in status["mode_reason"]
    refused = switch(house, on=False)
    assert (refused["ok"], refused["code"]) == (False, "FAILED")
    assert not file.restore().kill_switch
    house.active(generation=3)
    assert file.path.read_bytes() == whole


def test_an_edit_by_hand_is_noticed_and_counted(house: House) -> None:
    path = file_of(house).path
    path.write_text("# mine\n[codex]\nstreamKillSwitch = true  # until Monday\n")
    # An editor's file is empty for a moment: that closes the stream as well, for another reason.
    status = house.until_status(lambda s: s["kill_switch"] and not s["config"]["fault"], "the switch")
    assert (status["mode"], status["config"]["revision"]) == ("OTEL_ONLY", 1)
    assert switch(house, on=False, expected=0)["code"] == "CONFLICT"
    assert switch(house, on=False, expected=1)["ok"]
    house.active(generation=2)
    text = path.read_text()
    assert "# mine" in text
    assert "# until Monday" in text
    assert tomllib.loads(text)["codex"]["streamKillSwitch"] is False
    assert path.stat().st_mode & 0o777 == 0o600


# Fallback.


def test_the_fallback_holds_until_it_is_recovered_and_ends_with_the_run(build: Build) -> None:
    house = build()
    with house:
        house.active()
        assert house.runtime.do({"command": "fallbackToOtelOnly"}, 70)["ok"]
        status = house.runtime.status()
        assert (status["mode"], status["fallback"], status["kill_switch"]) == ("OTEL_ONLY", True, False)
        assert "recoverHybrid" in status["mode_reason"]
        assert house.runtime.do({"command": "fallbackToOtelOnly"})["text"] == "already on OTEL only"
        started = spawns(house)
        for name, falls in (("sidecar", house.kill), ("supervisor", house.break_spine)):
            falls(name)
            status = house.until_status(lambda s: s["mode"] == "OTEL_ONLY", f"OTEL_ONLY after {name}")
            assert status["fallback"], f"it outlives {name}"
        assert spawns(house) == started
        assert house.runtime.do({"command": "recoverHybrid"}, 70)["text"].startswith("hybrid is active as generation")
        assert house.runtime.do({"command": "recoverHybrid"}, 70)["text"] == "already active"
        assert house.runtime.do({"command": "fallbackToOtelOnly"}, 70)["ok"]
    assert not file_of(house).path.exists(), "it is no kill switch"
    with House(house.settings) as again:
        again.active()


# Recovery.


def test_recover_hybrid_leaves_a_crash_loop_or_says_that_it_came_back(build: Build) -> None:
    crash = {"start": "exit", "exit_code": 7}
    script = ProcessScript(auth="chatgpt", starts=(*[crash] * 6, {}))
    with build(script, timing=unhurried(backoff_min_ms=20, backoff_max_ms=40)) as house:
        house.until_status(lambda s: s["sidecar"]["state"] == "crash_loop", "crash_loop")
        again = house.runtime.do({"command": "recoverHybrid"}, 70)
        assert (again["ok"], again["code"]) == (False, "FAILED")
        assert "exit code 7" in again["text"]
        assert spawns(house) == 6
        assert house.runtime.do({"command": "recoverHybrid"}, 70)["ok"]
        assert house.active()["sidecar"]["restarts_in_window"] == 0


def test_recover_hybrid_brings_back_a_part_that_was_given_up(house: House) -> None:
    for wanted in ("running", "running", "crash_loop"):
        pid = house.kill("stager")
        house.until_status(
            lambda s, pid=pid, wanted=wanted: any(
                a["name"] == "stager" and a["state"] == wanted and a["pid"] != pid for a in s["actors"]
            ),
            f"stager {wanted}",
        )
    assert house.runtime.status()["mode"] == "DEGRADED_STREAMING"
    assert house.runtime.do({"command": "recoverHybrid"}, 70)["ok"]
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"


def test_recover_hybrid_says_that_a_login_is_missing(build: Build) -> None:
    with build(ProcessScript(auth="none")) as house:
        house.until_status(lambda s: s["auth"]["state"] == "needs_login", "needs_login")
        done = house.runtime.do({"command": "recoverHybrid"}, 70)
        assert (done["ok"], done["text"]) == (False, "auth is needs_login: no login")


def test_retry_auth_tells_what_the_account_says_and_never_drops_a_running_turn(house: House) -> None:
    turn = house.begin(house.thread(), "SCN:slow:150")
    house.until(lambda e: e.get("event") == "itemStored", "the prompt")
    for _ in range(3):
        done = house.runtime.do({"command": "retryAuth"})
        assert (done["ok"], done["text"], done["result"]) == (
            True,
            "logged in",
            {"state": "authenticated", "account": "authenticated"},
        )
    assert house.runtime.status()["sidecar"]["generation"] == 1
    ended = house.stored(turn)
    assert (ended["status"], ended["items"]) == ("completed", 2)
    assert not any(name.startswith("dropped") for name in house.ledger()["dispositions"])


def test_a_repeated_id_is_one_command_and_its_effect_is_told_again(house: House) -> None:
    command = {"command": "restartSidecar", "commandId": "same"}
    first = house.runtime.do(command, 70)
    assert first["ok"]
    assert house.runtime.do(command, 70) == first
    assert house.active()["sidecar"]["generation"] == 2


# Scenario 36.


def _house_in(build: Build, standing: str) -> House:
    """A house that comes to this standing by itself or by one command."""
    scripts = {
        "down": ProcessScript(auth="chatgpt", start="exit", exit_code=7),
        "greeted": ProcessScript(auth="none"),
    }
    given: dict[str, Any] = {"disabled": {"streaming": False}}.get(standing, {})
    return build(scripts.get(standing), timing=unhurried(backoff_min_ms=20, backoff_max_ms=40), **given)


def _reach(house: House, standing: str) -> dict[str, Any]:
    if standing == "disabled":
        return house.until_status(lambda s: s["mode"] == "OTEL_ONLY", standing)
    if standing == "down":
        return house.until_status(lambda s: s["sidecar"]["state"] == "crash_loop", standing)
    if standing == "greeted":
        return house.until_status(lambda s: s["auth"]["state"] == "needs_login", standing)
    status = house.runtime.status()
    if status["mode"] == "OTEL_ONLY" and (status["kill_switch"] or status["fallback"]):
        return status  # it is there already
    house.active()
    if standing == "fallback":
        assert house.runtime.do({"command": "fallbackToOtelOnly"}, 70)["ok"]
    elif standing == "killed":
        assert switch(house, on=True)["ok"]
    return house.runtime.status()


@pytest.mark.parametrize("standing", OFFERED)
def test_what_is_offered_works_and_what_is_not_is_refused(build: Build, standing: Any) -> None:
    with _house_in(build, standing) as house:
        for action in ACTIONS:
            status = _reach(house, standing)
            assert tuple(status["actions"]) == OFFERED[standing]
            allowed = action in OFFERED[standing] or (standing, action) in ALREADY
            answer = house.runtime.command({"command": action})
            assert answer["answer"] == ("accepted" if allowed else "refused"), (standing, action, answer)
            if not allowed:
                assert answer["code"] == "NOT_NOW"
                assert answer["text"].startswith("not possible")
                continue
            done = house.runtime._keeper.reachable().effect(answer["commandId"], 70)
            assert done["text"], "success or failure, it says what came of it"
            works = standing not in ("down", "greeted") or action in ("fallbackToOtelOnly",)
            restarted = (standing, action) == ("greeted", "restartSidecar")  # it runs, and still has no login
            assert done["ok"] is (works or restarted), (standing, action, done)
            if house.runtime.status()["fallback"] and standing != "fallback":
                house.runtime.do({"command": "recoverHybrid"}, 70)
        done = switch(house, on=True)
        assert done["ok"]
        assert house.runtime.status()["actions"] == ["setStreamKillSwitch"]


def test_a_host_may_hold_the_switch_on_and_the_file_cannot_clear_that(build: Build) -> None:
    with build(kill_switch=True) as house:
        house.until_status(lambda s: s["mode"] == "OTEL_ONLY", "OTEL_ONLY")
        assert switch(house, on=True)["ok"]
        done = switch(house, on=False)
        assert not done["ok"]
        assert "host's settings" in done["text"]
        assert house.runtime.status()["kill_switch"]
        assert spawns(house) == 0


def test_all_changes_are_in_the_log_in_order_after_a_restart(build: Build) -> None:
    house = build()
    with house:
        house.active()
        assert house.runtime.do({"command": "fallbackToOtelOnly"}, 70)["ok"]
        assert switch(house, on=True)["ok"]
        assert switch(house, on=False)["ok"]
        assert house.runtime.do({"command": "recoverHybrid"}, 70)["ok"]
    runtime = CaptureRuntime(house.settings)
    with runtime:
        runtime.wait_for("HYBRID_ACTIVE", PATIENCE_S)
    rows = house.rows("SELECT run_id, seq, what, before, after FROM transitions ORDER BY id")
    first = [row for row in rows if row[0] == rows[0][0]]
    assert [row[1] for row in first] == list(range(1, len(first) + 1))
    told = [(what, after) for _, _, what, _, after in first if what in ("kill_switch", "fallback", "mode")]
    ours = [each for each in told if each[0] != "mode" or each[1] in ("OTEL_ONLY", "HYBRID_ACTIVE")]
    assert ours == [
        ("kill_switch", "off"), ("fallback", "off"), ("mode", "HYBRID_ACTIVE"),
        ("fallback", "on"), ("mode", "OTEL_ONLY"),
        ("kill_switch", "on"), ("kill_switch", "off"),
        ("fallback", "off"), ("mode", "HYBRID_ACTIVE"),
    ]  # fmt: skip
    last: dict[str, str] = {}
    for _, _, what, before, after in first:
        if what in ("mode", "auth", "handshake", "kill_switch", "fallback"):
            assert last.get(what, "") == before
            last[what] = after
