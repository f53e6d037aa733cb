"""The command line with the real codex, offline: run, turn, kill, turn, stop, as a person types it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from chaos.loopback_model import LoopbackModel
from chaos.scripts import PLANTED_SECRETS
from tests.hybrid_capture.command import PATIENCE_S, Verb, say
from tests.live.house import ENDED_S, gone, named

pytestmark = pytest.mark.real


def test_a_person_runs_it_talks_kills_codex_talks_again_and_stops_it(
    tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel
) -> None:
    home = loopback_model.write_codex_home(tmp_path / "home")
    workspace, state = tmp_path / "workspace", tmp_path / "state"
    workspace.mkdir()
    passed_on = {name: value for name, value in loopback_model.codex_env(home).items() if name != "PATH"}
    run = Verb(
        *("run", "--state-dir", state, "--codex", real_codex, "--codex-home", home, "--cwd", workspace, "--json"),
        **passed_on,
    )
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(run.kill)
        active = '"mode":"HYBRID_ACTIVE"'
        run.until(lambda out: active in out, "HYBRID_ACTIVE")

        stored = []
        for prompt in ("SCN:plain hi", "SCN:shell:approve go", "SCN:patch:approve go", "SCN:secret now"):
            turn = say("turn", prompt, "--approve", "accept", "--state-dir", state, "--json")
            assert turn.code == 0, turn.err
            assert (turn.lines[-1]["event"], turn.lines[-1]["status"]) == ("stored", "completed")
            stored.append(turn.lines[-1]["sessionId"])
        assert (workspace / "patched.txt").exists()

        status = say("status", "--state-dir", state, "--json").json
        assert status["mode"] == "HYBRID_ACTIVE"
        degraded = run.out.count('"mode":"DEGRADED_STREAMING"')
        os.kill(status["sidecar"]["pid"], signal.SIGKILL)
        run.until(lambda out: out.count('"mode":"DEGRADED_STREAMING"') > degraded, "DEGRADED_STREAMING")
        run.until(lambda out: out.rindex(active) > out.rindex('"mode":"DEGRADED_STREAMING"'), "HYBRID_ACTIVE again")
        again = say("turn", "SCN:plain again", "--state-dir", state, "--json")
        assert again.code == 0, again.err

        shown = [say("sessions", "show", each, "--state-dir", state, "--json").json for each in stored]
        kinds = [[item["type"] for turn in each["turns"] for item in turn["items"]] for each in shown]
        assert kinds == [
            ["userMessage", "agentMessage"],
            ["userMessage", "commandExecution", "agentMessage"],
            ["userMessage", "fileChange", "agentMessage"],
            ["userMessage", "commandExecution", "agentMessage"],
        ]
        told = json.dumps(shown)
        assert [name for name, secret in PLANTED_SECRETS.items() if secret in told] == []
        # A status for which ingest was too busy has no books: it is asked again.
        end = time.monotonic() + PATIENCE_S
        while "missing" in (ledger := say("status", "--state-dir", state, "--json").json["ledger"]):
            assert time.monotonic() < end, ledger
        assert ledger["balanced"]

        processes = named(state) | set(psutil.Process(run.process.pid).children(recursive=True))
        assert say("stop", "--state-dir", state).code == 0
        assert run.process.wait(60) == 0
        assert gone(processes, ENDED_S)
        assert [path for path in state.rglob("*") if path.is_socket()] == []
