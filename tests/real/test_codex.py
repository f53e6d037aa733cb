"""The real codex, offline against a loopback model: what a user is promised, from start to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.loopback_model import LoopbackModel
from chaos.scripts import PLANTED_SECRETS
from hybrid_capture.client import new_id
from hybrid_capture.settings import Settings
from tests.live.faults import FAULTS, KILLED, fault, report
from tests.live.house import ENDED_S, House, alive, gone
from tests.unhurried import unhurried

pytestmark = pytest.mark.real
Build = Callable[..., House]


@pytest.fixture
def build(tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel) -> Iterator[Build]:
    """`build(auth=…)` → a House on the real codex, not started yet."""
    before = set(psutil.Process().children(recursive=True))

    def make(auth: str = "chatgpt", **settings: Any) -> House:
        home = loopback_model.write_codex_home(tmp_path / "home", auth=auth)  # type: ignore[arg-type]
        workspace = tmp_path / "workspace"
        workspace.mkdir()
        given = {
            "state_dir": tmp_path / "state",
            "codex": real_codex,
            "codex_home": home,
            "cwd": workspace,
            "codex_environment": loopback_model.codex_env(home),
            "otlp_port": 0,
            "timing": unhurried(),
            **settings,
        }
        return House(Settings(**given))

    yield make
    left = alive(set(psutil.Process().children(recursive=True)) - before)
    for process in left:
        process.kill()
    assert not left, f"left alive: {left}"


def test_a_session_is_captured_end_to_end_across_a_killed_codex(build: Build, tmp_path: Path) -> None:
    with build() as house:
        status = house.active()
        assert status["auth"] == {"state": "authenticated", "mode": "chatgpt", "plan": "pro"}
        assert status["handshake"] == {"initialize_sent": True, "initialized": True}
        thread = house.thread()
        assert house.turn(thread, "SCN:plain hello")["status"] == "completed"
        assert house.turn(thread, "SCN:shell:approve run it")["status"] == "completed"
        assert house.turn(thread, "SCN:patch:approve write it")["status"] == "completed"
        assert house.turn(thread, "SCN:secret tell me")["status"] == "completed"
        assert (tmp_path / "workspace" / "patched.txt").exists()  # the decision reached the real program

        house.kill("codex")
        status = house.active(generation=2)
        assert status["auth"]["state"] == "authenticated"
        assert house.turn(house.thread(), "SCN:plain after the kill")["status"] == "completed"

        kinds = [row[3] for row in house.canonical()]
        assert kinds == [
            *("userMessage", "agentMessage"),
            *("userMessage", "commandExecution", "agentMessage"),
            *("userMessage", "fileChange", "agentMessage"),
            *("userMessage", "commandExecution", "agentMessage"),
            *("userMessage", "agentMessage"),
        ]
        assert all(row[1] == "completed" and row[5] == 1 for row in house.canonical())
        assert house.rows("SELECT count(*) FROM items") == [(len(kinds),)]
        [(cwd,)] = set(house.rows("SELECT cwd FROM sessions"))
        assert cwd == str(tmp_path / "workspace")
        ledger = house.ledger()
        assert ledger["balanced"]
        assert ledger["staged"] == 0
        assert not any(name.startswith("dropped") for name in ledger["dispositions"])
        processes = house.everything()
    assert gone(processes, ENDED_S)
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_socket()] == []
    content = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert [name for name, secret in PLANTED_SECRETS.items() if secret.encode() in content] == []


def test_an_api_key_login_is_degraded_until_a_chatgpt_login_on_the_same_connection(
    build: Build, loopback_model: LoopbackModel
) -> None:
    with build(auth="apikey") as house:
        status = house.until_status(
            lambda s: s["auth"]["state"] == "needs_login" and s["baseline"]["healthy"], "needs_login, a probed baseline"
        )
        assert status["mode"] == "DEGRADED_STREAMING"
        assert "apikey" in status["mode_reason"]
        _log_in(house, loopback_model)
        assert house.active()["sidecar"]["generation"] == 1

        done = house.runtime.do({"command": "logout"})
        assert done["ok"], done
        status = house.until_status(lambda s: s["auth"]["state"] == "logged_out", "logged_out")
        assert status["mode"] == "DEGRADED_STREAMING"

        _log_in(house, loopback_model)
        assert house.active()["sidecar"]["generation"] == 1
        assert house.turn(house.thread(), "SCN:plain hello again")["status"] == "completed"


def test_an_expired_login_is_one_clear_needs_login(build: Build, loopback_model: LoopbackModel) -> None:
    loopback_model.refuse_refresh = True
    with build(auth="expired") as house:
        known = house.until_status(lambda s: s["auth"]["state"] != "authenticating", "what the account says")
        if known["auth"]["state"] == "authenticated":
            # codex 0.169 announces an expired login by nothing but a turn that fails.
            assert house.turn(house.thread(), "SCN:plain hello")["status"] == "failed"
        status = house.until_status(
            lambda s: s["auth"]["state"] == "needs_login" and s["baseline"]["healthy"], "needs_login, a probed baseline"
        )
        assert status["mode"] == "DEGRADED_STREAMING"


def test_a_broken_codex_config_says_so_and_the_baseline_carries_on(build: Build, tmp_path: Path) -> None:
    house = build()
    (tmp_path / "home" / "config.toml").write_text("model = [unclosed")
    with house:
        status = house.until_status(
            lambda s: s["sidecar"]["state"] == "crash_loop" and s["baseline"]["healthy"], "crash_loop, a good baseline"
        )
        assert status["mode"] == "DEGRADED_STREAMING"
        assert "config" in (status["sidecar"]["last_error"] or "")


def test_a_codex_that_is_killed_again_and_again_comes_back_every_time(build: Build) -> None:
    with build(timing=KILLED) as house:
        house.active()
        samples = [fault(house, "codex", signal.SIGKILL) for _ in range(FAULTS)]
        ledger = house.ledger()
        assert ledger["balanced"], ledger
        report("real codex", signal.SIGKILL, samples)
        assert [row[3] for row in house.canonical()] == ["userMessage", "agentMessage"] * FAULTS


def _log_in(house: House, model: LoopbackModel) -> None:
    accepted = house.runtime.command({"command": "startLogin", "kind": "chatgpt", "commandId": new_id()})
    assert accepted["answer"] == "accepted", accepted
    progress = house.until(lambda e: e.get("event") == "commandProgress", "the login address")
    model.complete_browser_login(progress["result"]["url"])
    done = house.until(
        lambda e: e.get("event") == "commandDone" and e["commandId"] == progress["commandId"], "the login"
    )
    assert done["ok"], done
