"""Playing a drill: n repetitions on a real tree, each measured, each undone, also when somebody interrupts.

Safe by construction: the state folder, the CODEX_HOME and the working folder are temporary and the drill's own, the
only processes that are signalled are the tree's, the number of repetitions and every wait is bounded.
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

from chaos.drilling import actions, probes
from chaos.drilling.actions import Scene
from chaos.drilling.experiment import Activity, Experiment
from chaos.drilling.phases import NAMES, TIMINGS, NotSeen, Watch, before, logged, now_ms, returned, shows
from chaos.drilling.stage import Stage
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings

SETTLE_S = 30.0
"""How long what a probe looks at may take to come right after a fault: rows are written behind what is shown."""
PATIENCE_S = 120.0
"""What a drill waits for at most: it may share its machine, and what is slow is measured, not failed."""
TURN_S = 180.0
"""How long a turn that runs through a fault may take: the real codex brings a flood slowly when others work."""
LOOK_S = 0.05
PROMPT = "SCN:plain after the drill"


@dataclass
class Repetition:
    """What one repetition came to."""

    number: int
    phases: dict[str, float | None] = field(default_factory=dict)
    """ms from the fault; None is "not observed"."""
    failures: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    """Every activity with its output and time, in Chaos Toolkit's form."""
    rollbacks: list[dict[str, Any]] = field(default_factory=list)
    steady: dict[str, Any] = field(default_factory=dict)
    silent_drops: int | None = None
    completed: int | None = None
    orphans: int | None = None

    def sample(self) -> dict[str, Any]:
        """The raw sample of this repetition."""
        return {
            "n": self.number, "phases": self.phases, "failures": self.failures, "silent_drops": self.silent_drops,
            "completed": self.completed, "orphans": self.orphans,
        }  # fmt: skip


@dataclass
class Played:
    """A drill that was played."""

    name: str
    experiment: Experiment
    server: str
    seed: int
    began: datetime
    ended: datetime | None = None
    repetitions: list[Repetition] = field(default_factory=list)
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        return not self.interrupted and bool(self.repetitions) and not any(each.failures for each in self.repetitions)


def play(
    name: str,
    experiment: Experiment,
    *,
    codex: Path | None,
    repetitions: int | None,
    seed: int,
    told: Callable[[Repetition], None],
) -> Played:
    """Play a drill on the scripted app-server, or on the real codex at `codex`; `told` hears each repetition."""
    chance = random.Random(seed)
    played = Played(name, experiment, "real" if codex else "scripted", seed, datetime.now(UTC))
    count = repetitions or experiment.ours.repetitions
    with ExitStack() as stack:
        stage: Stage | None = None
        try:
            for number in range(1, count + 1):
                if stage is None or experiment.ours.fresh:
                    stack.close()
                    stage = stack.enter_context(staged(experiment, codex))
                time.sleep(chance.uniform(0, 0.05))  # a fault does not wait for a tick of ours
                repetition = _repeat(stage, experiment, number)
                played.repetitions.append(repetition)
                told(repetition)
        except KeyboardInterrupt:
            played.interrupted = True
    played.ended = datetime.now(UTC)
    return played


@contextmanager
def staged(experiment: Experiment, codex: Path | None) -> Iterator[Stage]:
    """A running stage in folders of its own, and nothing left of it afterwards."""
    base = Path(tempfile.mkdtemp(prefix="hc-drill-"))
    timing = TIMINGS[experiment.ours.timing]
    try:
        with ExitStack() as stack:
            work = base / "work"
            work.mkdir()
            home = base / "home"
            given: dict[str, Any] = {}
            if codex is None:
                home.mkdir()
                script = ProcessScript(auth="none" if experiment.ours.part == "login" else "chatgpt")
                binary = write_executable(base / "codex", script=script)
            else:
                model = stack.enter_context(LoopbackModel())
                model.write_codex_home(home)
                binary, given["codex_environment"] = codex, model.codex_env(home)
            settings = Settings(
                state_dir=base / "state", codex=binary, codex_home=home, cwd=work, timing=timing, auth_mode="chatgpt",
                kill_switch=False, streaming=True, watch_codex=False, watch_claude=False, otlp_port=0, **given,
            )  # fmt: skip
            stage = stack.enter_context(Stage(settings, PATIENCE_S))
            if experiment.ours.part == "login" and codex is None:
                stage.until_status(lambda s: s["auth"]["state"] == "needs_login", "needs_login")
                actions.log_in(Scene(stage))
            stage.active()
            stage.turn(stage.thread(), PROMPT)
            yield stage
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _repeat(stage: Stage, experiment: Experiment, number: int) -> Repetition:
    """One repetition. What goes wrong with the system is a failure in the result, never an exception."""
    done, scene, watch = Repetition(number), Scene(stage), Watch()
    done.steady["before"] = _hypothesis(scene, experiment, done, "before")
    with stage.runtime.subscribe(watch.hear):
        was, begun = before(stage), 0.0
        try:
            for activity in experiment.method:
                time.sleep(activity.pauses.before)
                if activity.type == "action" and "fault" in activity.name:
                    begun = now_ms()
                _perform(scene, activity, done, done.events)
                time.sleep(activity.pauses.after)
            _measure(stage, experiment, watch, was, begun or now_ms(), done)
        finally:
            for activity in experiment.rollbacks:
                _perform(scene, activity, done, done.rollbacks)
        _await_turns(scene, done)
    done.steady["after"] = _hypothesis(scene, experiment, done, "after")
    _account(scene, done)
    return done


def _measure(stage: Stage, experiment: Experiment, watch: Watch, was: Any, begun: float, done: Repetition) -> None:
    """The phases after the fault, by what the drill says of its end."""
    part, ends = experiment.ours.part, experiment.ours.ends
    phases: dict[str, float | None] = dict.fromkeys(NAMES) | done.phases
    try:
        if ends == "unchanged":
            moved = [status["mode"] for at, status in watch.heard if at >= begun and status["mode"] != "HYBRID_ACTIVE"]
            if moved:
                done.failures.append(f"the mode moved to {moved[0]}")
        elif ends == "served":
            lost = (at for at, status in watch.heard if at >= begun and status["mode"] != "HYBRID_ACTIVE")
            phases["visible"] = next((at - begun for at in lost), None)
            stage.active()
            _turn_after(stage, done)
            phases["caught_up"] = now_ms() - begun
        elif ends == "crash_loop":
            phases["visible"] = watch.first(lambda s: s["mode"] != "HYBRID_ACTIVE", begun, "a loss") - begun
            looped = watch.first(lambda s: s.get("sidecar", {}).get("state") == "crash_loop", begun, "crash_loop")
            phases["decided"] = looped - begun
        else:
            visible = watch.first(shows(part, was), begun, f"the loss of {part}")
            active = watch.first(returned(part, was), visible, f"{part} and HYBRID_ACTIVE again")
            phases |= {"visible": visible - begun, "active": active - begun}
            _turn_after(stage, done)
            phases["caught_up"] = now_ms() - begun
        if ends == "HYBRID_ACTIVE":
            phases |= logged(stage, part, begun)
    except NotSeen as missing:
        done.failures.append(str(missing))
    done.phases = phases


def _turn_after(stage: Stage, done: Repetition) -> None:
    try:
        ended = stage.turn(stage.thread(), PROMPT)
    except AssertionError as never:
        done.failures.append(f"the next turn was not captured: {str(never)[:200]}")
        return
    if ended["status"] != "completed":
        done.failures.append(f"the next turn ended as {ended['status']}")


def _await_turns(scene: Scene, done: Repetition) -> None:
    """Turns that ran through the fault end, one way or the other, and are durable."""
    for turn in scene.turns:
        ended = "status IN ('completed', 'interrupted', 'failed')"
        query = f"SELECT status FROM turns WHERE turn_id = '{turn}' AND {ended}"
        try:
            scene.stage.until_rows(query, bool, TURN_S)
        except AssertionError:
            done.failures.append(f"turn {turn} never ended in the store")


def _perform(scene: Scene, activity: Activity, done: Repetition, into: list[dict[str, Any]]) -> None:
    """An action or probe of the method or the rollbacks, with its time and what came of it."""
    began, start = datetime.now(UTC), time.monotonic()
    room = probes if activity.provider.module.endswith("probes") else actions
    function = getattr(room, activity.provider.func, None)
    output: Any = None
    problem = ""
    if function is None or activity.provider.func.startswith("_"):
        problem = f"{activity.provider.module} has no {activity.provider.func}"
    else:
        try:
            output = function(scene, **activity.provider.arguments)
            if isinstance(output, dict) and "phases" in output:
                done.phases |= output["phases"]
        except Exception as error:  # noqa: BLE001 - a drill that cannot act is a failure with a name, not a traceback
            problem = f"{type(error).__name__}: {error}"[:300]
    if not problem and activity.tolerance is not None and output != activity.tolerance:
        problem = f"is {output!r}, not {activity.tolerance!r}"
    if problem:
        done.failures.append(f"{activity.name}: {problem}")
    into.append(
        {
            "activity": activity.model_dump(mode="json", exclude_defaults=True),
            "status": "failed" if problem else "succeeded",
            "output": output,
            "start": began.isoformat(),
            "end": datetime.now(UTC).isoformat(),
            "duration": time.monotonic() - start,
            **({"exception": [problem]} if problem else {}),
        }
    )


def _hypothesis(scene: Scene, experiment: Experiment, done: Repetition, when: str) -> dict[str, Any]:
    """Whether the steady state holds; rows may still be on their way, so each probe has a while to come right."""
    found = []
    for probe in experiment.steady_state.probes:
        if when == "after" and experiment.ours.ends == "crash_loop" and probe.provider.func == "mode":
            continue  # that it does not come back by itself is the point
        look = getattr(probes, probe.provider.func)
        end, value, problem = time.monotonic() + SETTLE_S, None, ""
        while True:
            try:
                value, problem = look(scene, **probe.provider.arguments), ""
            except Exception as error:  # noqa: BLE001 - see _perform
                problem = f"{type(error).__name__}: {error}"[:300]
            if (not problem and value == probe.tolerance) or time.monotonic() >= end:
                break
            time.sleep(LOOK_S)
        met = not problem and value == probe.tolerance
        if not met:
            said = problem or f"is {value!r}, not {probe.tolerance!r}"
            done.failures.append(f"steady state {when}: {probe.name} {said}")
        found.append({"name": probe.name, "output": value, "tolerance_met": met})
    return {"steady_state_met": all(each["tolerance_met"] for each in found), "probes": found}


def _account(scene: Scene, done: Repetition) -> None:
    """What the program says it completed, against what is stored; and what is left over."""
    done.completed = len(probes.completed_items(scene))
    done.silent_drops = probes.silent_drops(scene)
    done.orphans = probes.orphans(scene)
    if done.silent_drops:
        done.failures.append(f"{done.silent_drops} completed items are not stored")
    if done.orphans:
        done.failures.append(f"{done.orphans} orphans are left")
