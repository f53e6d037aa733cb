"""Playing a soak: both tools at work, a person at the live stream, a fault every half minute, for as long as wanted.

Everything is bounded: the time, what is remembered, every wait. At its end the load stops and the books must balance.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos.drilling.actions import Scene
from chaos.drilling.completed import STORED, completed_in
from chaos.drilling.phases import FIRST
from chaos.drilling.probes import books_balance, orphans, stored_twice
from chaos.drilling.running import PATIENCE_S
from chaos.drilling.stage import Stage
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from chaos.soaking import faults
from chaos.soaking.faults import Fault
from chaos.soaking.gauges import Gauge, look
from chaos.soaking.load import LiveTurns
from chaos.traffic.mixed import Homes, MixedTraffic
from chaos.traffic.truth import Truth
from hybrid_capture.settings import Settings

GAUGES_MAX = 2_000
"""Looks that are kept: the longer a soak, the further apart they are."""
LOOK_S_MIN = 5.0
FAULT_S = 30.0
"""Between the end of one fault and the next, on average."""
RECORDS_MAX = 200_000
"""What the traffic remembers of itself bounds how fast a long soak may be."""
SETTLE_S = 180.0


@dataclass
class Soaked:
    """What a soak came to."""

    hours: float
    seed: int
    server: str
    began: datetime
    seconds: float = 0.0
    gauges: list[Gauge] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    turns: list[tuple[float, float]] = field(default_factory=list)
    """(s since the beginning, ms until durable) of each live turn that was seen to its end."""
    outcomes: dict[str, int] = field(default_factory=dict)
    traffic: dict[str, Any] = field(default_factory=dict)
    """What the tools wrote and sent, by their own books."""
    failures: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        return not self.failures


def soak(
    hours: float, seed: int, codex: Path | None, told: Callable[[Gauge | Fault], None], fault_s: float = FAULT_S
) -> Soaked:
    """Soak for so many hours on the scripted app-server, or on the real codex; `told` hears each look and each fault.

    Ctrl-C ends it early; what was measured is judged like a whole one. What goes wrong is a failure in the result.
    """
    done = Soaked(hours, seed, "real" if codex else "scripted", datetime.now(UTC))
    with _staged(codex) as (stage, own_home, homes):
        begun_s = time.monotonic()
        pause_s = max(0.02, hours * 3600 / RECORDS_MAX)
        with MixedTraffic(homes, *stage.otlp, seed=seed, pause_s=pause_s, patient=True) as traffic:
            live = LiveTurns(stage, seed, begun_s).start()
            try:
                _play(stage, done, begun_s, random.Random(seed), told, fault_s)
            except KeyboardInterrupt:
                done.interrupted = True
            live.stop()
        done.seconds = time.monotonic() - begun_s
        done.outcomes = dict(live.outcomes)
        done.turns = [(each.at_s, round(each.took_ms, 1)) for each in live.turns]
        done.traffic = _told(traffic)
        _judge(stage, done, traffic.truth, own_home, live.threads)
        done.gauges.append(look(stage, time.monotonic() - begun_s))
    return done


def _play(
    stage: Stage, done: Soaked, begun_s: float, chance: random.Random, told: Callable[[Gauge | Fault], None],
    fault_s: float,
) -> None:  # fmt: skip
    end_s, look_s = done.hours * 3600, max(LOOK_S_MIN, done.hours * 3600 / GAUGES_MAX)
    next_look_s, next_fault_s = 0.0, chance.uniform(0.2, 1) * fault_s
    while (at_s := time.monotonic() - begun_s) < end_s:
        if at_s >= next_look_s:
            done.gauges.append(look(stage, at_s))
            told(done.gauges[-1])
            next_look_s = at_s + look_s
        if at_s >= next_fault_s:
            fault = faults.play(stage, faults.draw(chance), at_s)
            done.faults.append(fault)
            told(fault)
            if fault.healthy_ms is None:
                done.failures.append(f"not healthy again after: {fault.kind}")
            next_fault_s = time.monotonic() - begun_s + chance.uniform(0.5, 1.5) * fault_s
        time.sleep(max(0.01, min(next_look_s, next_fault_s, end_s) - (time.monotonic() - begun_s)))


def _judge(stage: Stage, done: Soaked, truth: Truth, own_home: Path, threads: set[str]) -> None:
    """Everything that was written and said is stored, once, in its place; the books balance; nothing is left over."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        found = stage.rows(query)
        return [row for row in found if len(row) < 3 or row[1] not in threads]  # the live turns are judged below

    scene = Scene(stage)
    looks: dict[str, Callable[[], Any]] = {
        "the books do not balance": lambda: not books_balance(scene),
        "completed items of the live stream are not stored": lambda: len(
            completed_in(own_home) - set(stage.rows(STORED))
        ),
        "items are stored twice": lambda: stored_twice(scene),
        "processes are left over": lambda: orphans(scene),
        "lines are not stored": lambda: truth.waiting(rows),
    }
    end = time.monotonic() + SETTLE_S
    while (wrong := {text: found for text, each in looks.items() if (found := each())}) and time.monotonic() < end:
        time.sleep(0.5)
    done.failures += [f"{text}: {found}" for text, found in wrong.items()]
    done.failures += truth.judge(rows)


def _told(traffic: MixedTraffic) -> dict[str, Any]:
    truth = traffic.truth
    return {
        "sessions": traffic.sessions, "lines": dict(truth.lines), "records": len(truth.kept),
        "unanswered": len(truth.doubtful), "answers": dict(truth.answers), "words": len(truth.words),
        "torn": truth.torn, "repeated": truth.repeated,
    }  # fmt: skip


@contextmanager
def _staged(codex: Path | None) -> Iterator[tuple[Stage, Path, Homes]]:
    """A running stage, the app-server's own home, and the homes of the tools that are watched beside it."""
    base = Path(tempfile.mkdtemp(prefix="hc-soak-"))
    try:
        with ExitStack() as stack:
            own, work = base / "own", base / "work"
            homes = Homes(base / "claude", base / "codex", str(work))
            for folder in (work, homes.claude, homes.codex):
                folder.mkdir()
            if codex is None:
                own.mkdir()
                environment = {"CODEX_HOME": str(own)}
                codex = write_executable(base / "app-server", script=ProcessScript(auth="chatgpt"))
            else:
                model = stack.enter_context(LoopbackModel())
                environment = model.codex_env(model.write_codex_home(own))
            settings = Settings(
                state_dir=base / "state", codex=codex, codex_home=homes.codex, claude_home=homes.claude, cwd=work,
                codex_environment=environment, timing=FIRST, auth_mode="chatgpt", kill_switch=False, streaming=True,
                watch_codex=True, watch_claude=True, otlp_port=0,
            )  # fmt: skip
            stage = stack.enter_context(Stage(settings, PATIENCE_S))
            stage.active()
            yield stage, own, homes
    finally:
        shutil.rmtree(base, ignore_errors=True)
