"""Both tools at work while everything but the baseline is down: all of it is stored, none twice, also after recovery.

HYBRID_CAPTURE_TRAFFIC_S says how long the traffic lasts: 10 s in an ordinary run, 600 for the proof.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.drilling import actions, probes
from chaos.drilling.actions import Scene
from chaos.traffic.mixed import Homes, MixedTraffic
from tests.live.house import House
from tests.unhurried import unhurried

TRAFFIC_S = float(os.environ.get("HYBRID_CAPTURE_TRAFFIC_S", "10"))
ENOUGH = int(4 * TRAFFIC_S)
"""Lines of each tool, and records of both."""
CAUGHT_UP_S = 60.0
pytestmark = [pytest.mark.live, pytest.mark.timeout(int(TRAFFIC_S) + 300)]
Build = Callable[..., House]


def caught_up(house: House, traffic: MixedTraffic) -> None:
    """Wait until every line is in the store; what is not by then is told by the judgement."""
    end = time.monotonic() + CAUGHT_UP_S
    while traffic.truth.waiting(house.rows) and time.monotonic() < end:
        house.events.next(0.1)  # a line that is stored is no event


def least(traffic: MixedTraffic) -> int:
    truth = traffic.truth
    return min(truth.lines["rollout"], truth.lines["transcript"], len(truth.kept))


def _restarted(status: dict[str, Any], generation: int) -> bool:
    sidecar = status["sidecar"]
    return bool(sidecar["generation"] > generation and sidecar["state"] == "running")


def test_with_stream_auth_and_sidecar_gone_mixed_traffic_is_stored_once(build: Build, tmp_path: Path) -> None:
    claude, codex = tmp_path / "claude", tmp_path / "codex"
    for folder in (claude / "projects", codex / "sessions", codex / "archived_sessions"):
        folder.mkdir(parents=True)
    with build(
        watch_claude=True,
        watch_codex=True,
        claude_home=claude,
        codex_home=codex,
        otlp_port=0,
        links=False,
        timing=unhurried(otlp_hold_ms=8_000),
    ) as house:
        house.active()
        scene = Scene(house)
        assert actions.log_out(scene), "the login is lost"
        house.until_status(lambda s: s["auth"]["state"] != "authenticated", "nobody logged in")
        for number in range(3):
            generation = house.runtime.status()["sidecar"]["generation"]
            house.kill("codex")
            if number < 2:
                house.until_status(lambda s, old=generation: _restarted(s, old), "the next one")  # type: ignore[misc]
        house.until_status(lambda s: s["sidecar"]["state"] == "crash_loop", "crash_loop")
        token = (house.runtime.state_dir / "otlp.token").read_text().strip()
        port = int(house.runtime.addresses["otlp"].rpartition(":")[2])
        with MixedTraffic(Homes(claude, codex), port, token, seed=7) as traffic:
            end = time.monotonic() + TRAFFIC_S
            # The traffic lasts, and is looked at meanwhile; on a busy machine it lasts until there was enough of it.
            while (left := end - time.monotonic()) > 0 or (least(traffic) < ENOUGH and left > -CAUGHT_UP_S):
                time.sleep(min(max(left, 0.2), 1.0))
                status = house.runtime.status()
                assert (status["mode"], status["sidecar"]["state"]) == ("DEGRADED_STREAMING", "crash_loop")
        truth = traffic.truth
        caught_up(house, traffic)
        assert truth.judge(house.rows) == []
        assert truth.doubtful == {}, "a baseline that works takes every batch at once"
        assert least(traffic) >= ENOUGH
        assert set(truth.answers) == {"200"}

        generation = house.runtime.status()["sidecar"]["generation"]
        assert actions.recover(scene, "restartSidecar")
        house.until_status(lambda s: s["sidecar"]["generation"] > generation, "a new app-server")
        actions.log_in(scene)
        house.active(generation + 1)
        stored = [house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("items", "events")]
        house.turn(house.thread(), "SCN:plain after the recovery")
        problems = truth.judge(house.rows)
        assert [each for each in problems if "twice" in each or "missing" in each or "another" in each] == []
        now = [house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("items", "events")]
        assert now[0] <= stored[0] + 2, "the turn's two items and no others"
        assert now[1] == stored[1]
        assert probes.books_balance(scene)
        print(
            f"{traffic.sessions} sessions, {dict(truth.lines)} lines ({truth.copied} copied, {truth.torn} torn writes),"
            f" {len(truth.kept)} records in {truth.answers['200']} batches, {len(truth.words)} items"
        )
