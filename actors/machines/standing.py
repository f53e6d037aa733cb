"""How things stand: what the supervisor knows, and the status, mode and transitions that follow from it.

Everything here is derived anew from `Supervision` after each message; nothing is latched. Who changes `Supervision` is
`supervision.py`, and what it asks: `children.py`, `orders.py`, `restart_orders.py`, `leaving.py`, `transition_log.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from actors.machines import process as life
from actors.machines.actions import offered_actions
from actors.machines.effects import ConfigSeen, Effect
from actors.machines.modes import Facts, mode_of
from actors.machines.restarts import RestartWindow
from actors.tree import BY_ROLE, ROLES
from messages.otlp import SourceName
from messages.settings import TreeSettings
from messages.status import (
    ActorState,
    ActorStatus,
    AuthState,
    AuthStatus,
    BaselineStatus,
    ConfigStatus,
    HandshakeStatus,
    Role,
    SidecarStatus,
    SourceStatus,
    Transition,
    TreeStatus,
)

Handled = tuple[list[Effect], str]
"""What one message led to: effects, and the cause that transitions are told with (empty: the mode's own reason)."""


@dataclass(frozen=True, slots=True)
class Now:
    """Both clocks, in ms: `mono` measures durations, `wall` dates events."""

    mono: int
    wall: int


@dataclass(frozen=True, slots=True)
class Kid:
    """One actor of the tree."""

    state: ActorState = "stopped"
    incarnation: int = 0
    pid: int | None = None
    window: RestartWindow = field(default_factory=RestartWindow)
    epoch: int = 0
    restarts: int = 0
    since_ms: int = 0
    """When it was started, or was last heard (monotonic)."""
    asked_ms: int | None = None
    """When the ping without an answer was sent."""
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """A source of the baseline, as its last probe showed it."""

    healthy: bool
    reason: str
    at_ms: int = 0
    """When (monotonic)."""


NOT_PROBED = Probed(False, "not probed yet")


@dataclass(frozen=True, slots=True)
class Order:
    """Something that a person ordered and that has no answer yet."""

    command_id: str
    kind: Literal["recover", "fallback", "switch"]
    auth_moves: int
    """How often auth had moved by then: only what it says later answers the order."""


@dataclass(slots=True)
class Supervision:
    """The state of the machine. Only `step` changes it."""

    settings: TreeSettings
    pid: int = 0
    """Of the supervisor's own process."""
    kids: dict[Role, Kid] = field(default_factory=lambda: dict.fromkeys(ROLES, Kid()))
    process: life.Process = field(default_factory=life.Process)
    auth: AuthState = "authenticating"
    auth_mode: str | None = None
    auth_plan: str | None = None
    auth_cause: str = "no sidecar yet"
    auth_generation: int = 0
    """The generation that the auth state speaks of; a login proved by an older process proves nothing."""
    store_healthy: bool = False
    store_reason: str = "the store was not probed yet"
    store_at_ms: int = 0
    sources: dict[SourceName, Probed] = field(default_factory=dict)
    """The sources that are switched on. The baseline is healthy when the store commits and all of these work."""
    announced: bool = False
    stopping: bool = False
    leaving: Role | None = None
    """Whose turn it is to leave."""
    leave_asked_ms: int = 0
    """When the actor whose turn it is was asked to leave (monotonic)."""
    stop_clean: bool = True
    pings: int = 0
    ticked_ms: int | None = None
    """When it looked last (monotonic): who was away himself judges nobody."""
    transition_seq: int = 0
    unkept: tuple[Transition, ...] = ()
    sent_through: int = 0
    revision: int = 0
    status: TreeStatus | None = None
    restart_commands: tuple[str, ...] = ()
    """Commands whose effect is the next running sidecar."""
    orders: tuple[Order, ...] = ()
    config: ConfigSeen = field(default_factory=ConfigSeen)
    """What the config file says: this mirrors it, and never decides it."""
    fallback: bool = False
    """A person wants no live stream for now."""
    auth_moves: int = 0
    """How often auth told of a move."""
    sight: tuple[Any, ...] = ()
    """What the last status was made of."""


def stream_expected(machine: Supervision) -> tuple[bool, str]:
    """Whether a live stream is wanted, and if not, why."""
    if machine.config.fault:
        return False, f"the stream kill switch counts as on: {machine.config.fault}"
    if machine.config.kill_switch:
        return False, "the stream kill switch is on: codex.streamKillSwitch in config.toml"
    if machine.settings.kill_switch:
        return False, "the stream kill switch is on: the host's settings hold it"
    if machine.fallback:
        return False, "a person chose OTEL only: recoverHybrid brings the live stream back"
    if not machine.settings.sidecar.enabled:
        return False, "live streaming is switched off in the settings"
    return True, ""


def facts_of(machine: Supervision) -> Facts:
    """What the mode is derived of, of this very moment."""
    expected, why = stream_expected(machine)
    broken = next(
        (
            f"{role} {'crash-loops' if kid.state == 'crash_loop' else 'is ' + kid.state}: {kid.last_error}"
            for role, kid in machine.kids.items()
            if BY_ROLE[role].stream_part and kid.state != "running"
        ),
        "",
    )
    baseline = baseline_of(machine)
    return Facts(
        baseline_healthy=baseline.healthy,
        baseline_working=baseline.working,
        baseline_reason=baseline.reason,
        stream_expected=expected,
        stream_unexpected_reason=why,
        sidecar=machine.process.state,
        sidecar_error=machine.process.last_error,
        initialize_sent=machine.process.initialize_sent,
        initialized=machine.process.initialized,
        auth=machine.auth,
        auth_reason=machine.auth_cause,
        stream_healthy=machine.process.healthy,
        stream_reason=machine.process.health_reason,
        broken_part=broken.rstrip(": "),
    )


def baseline_of(machine: Supervision) -> BaselineStatus:
    """Whether the durable part works, and why not. Without any source switched on the store alone is the baseline."""
    ingest = machine.kids["ingest"]
    if ingest.state == "crash_loop":
        return BaselineStatus(healthy=False, working=False, reason=f"ingest crash-loops: {ingest.last_error}")
    if not machine.store_healthy:
        return BaselineStatus(healthy=False, working=False, reason=machine.store_reason)
    broken = [f"{each.name}: {each.reason}" for each in sources_of(machine) if not each.healthy]
    if broken:
        some = len(broken) < len(machine.sources)
        return BaselineStatus(healthy=False, working=some, reason="; ".join(broken))
    return BaselineStatus(healthy=True, reason=machine.store_reason)


def sources_of(machine: Supervision) -> tuple[SourceStatus, ...]:
    """Every source that is switched on. All of them live in one actor."""
    kid = machine.kids["baseline"]
    away = "" if kid.state == "running" else f"the baseline is {kid.state}"
    if kid.state == "crash_loop":
        away = f"the baseline crash-loops: {kid.last_error}"
    address = machine.settings.otlp.address
    return tuple(
        SourceStatus(
            name=name, healthy=probed.healthy and not away, reason=away or probed.reason,
            address=address if name == "otlp" else "",
        )
        for name, probed in machine.sources.items()
    )  # fmt: skip


TOLD = tuple(name for name in TreeStatus.model_fields if name not in ("revision", "at_ms"))
"""What of a status tells how things stand."""


def sight_of(machine: Supervision, now: Now) -> tuple[Any, ...]:
    """Everything that a status is made of; as long as it is the same, so is the status.

    Most of what the supervisor hears is a pong, which changes nothing: this look costs a tenth of a status.
    """
    return (
        machine.process,
        machine.process.window.recent(now.mono, machine.settings.timing),
        machine.auth, machine.auth_mode, machine.auth_plan, machine.auth_cause,
        machine.store_healthy, machine.store_reason,
        [(name, probed.healthy, probed.reason) for name, probed in machine.sources.items()],
        machine.config, machine.fallback,
        [(kid.state, kid.pid, kid.restarts, kid.last_error) for kid in machine.kids.values()],
    )  # fmt: skip


def status_of(machine: Supervision, now: Now) -> TreeStatus:
    """What is told to everybody: mode with its reason, and how each part stands."""
    mode, reason = mode_of(facts_of(machine))
    process = machine.process
    status = TreeStatus(
        revision=machine.revision,
        mode=mode,
        mode_reason=reason,
        sidecar=SidecarStatus(
            state=process.state,
            generation=process.generation,
            pid=process.pid,
            restarts_in_window=len(process.window.recent(now.mono, machine.settings.timing)),
            last_error=process.last_error or None,
        ),
        handshake=HandshakeStatus(initialize_sent=process.initialize_sent, initialized=process.initialized),
        auth=AuthStatus(state=machine.auth, mode=machine.auth_mode, plan=machine.auth_plan),
        stream_healthy=process.healthy,
        stream_reason=process.health_reason,
        kill_switch=machine.settings.kill_switch or machine.config.kill_switch or bool(machine.config.fault),
        config=ConfigStatus(revision=machine.config.revision, fault=machine.config.fault),
        fallback=machine.fallback,
        stream_expected=stream_expected(machine)[0],
        baseline=baseline_of(machine),
        sources=sources_of(machine),
        actors=tuple(
            ActorStatus(name=role, pid=kid.pid, state=kid.state, restarts=kid.restarts)
            for role, kid in machine.kids.items()
        ),
        at_ms=now.wall,
    )
    return status.model_copy(update={"actions": offered_actions(status)})


def same(before: TreeStatus, after: TreeStatus) -> bool:
    """Whether a person would see the same. Asked at every pong, so nothing is copied for it."""
    return all(getattr(before, name) == getattr(after, name) for name in TOLD)


def changes(before: TreeStatus | None, after: TreeStatus) -> list[tuple[Any, str, str, str]]:
    """What the transition log has to name: (what, who, before, after). The mode comes last, after its causes."""

    def words(status: TreeStatus | None) -> dict[tuple[str, str], str]:
        if status is None:
            return {}
        shake = status.handshake
        greeting = "initialized" if shake.initialized else "initialize_sent" if shake.initialize_sent else "none"
        return {
            **{("actor", each.name): each.state for each in status.actors},
            ("sidecar", "sidecar"): f"{status.sidecar.state} (generation {status.sidecar.generation})",
            ("handshake", "handshake"): greeting,
            ("auth", "auth"): status.auth.state,
            ("stream", "stream"): "healthy" if status.stream_healthy else "not healthy",
            **{("source", each.name): "healthy" if each.healthy else "not healthy" for each in status.sources},
            ("baseline", "baseline"): "healthy" if status.baseline.healthy else "not healthy",
            ("kill_switch", "kill_switch"): "on" if status.kill_switch else "off",
            ("fallback", "fallback"): "on" if status.fallback else "off",
            ("mode", "mode"): status.mode,
        }

    old, new = words(before), words(after)
    return [(what, who, old.get((what, who), ""), word) for (what, who), word in new.items()
            if old.get((what, who)) != word]  # fmt: skip
