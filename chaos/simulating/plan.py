"""What will happen in one simulation: a list of steps at their times, made from a seed. Data, so that it can be shrunk.

A step is a fault of DESIGN 12 or a wish of a person. `faults.py` and `outside.py` do what the words say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from actors.tree import ROLES
from chaos.simulating.chance import Chance

DURATION_MS = (4_000, 22_000)
STEPS = (6, 26)
LONG_ONE_IN = 8
"""So many plans are long enough for the window of the crash-loop rule to move on."""
LONG_MS = 95_000


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens."""

    at_ms: int
    """Since the simulation began."""
    what: str
    args: tuple[int | str, ...] = ()

    def __str__(self) -> str:
        return f"{self.at_ms:>7} ms  {self.what} {' '.join(map(str, self.args))}".rstrip()


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    seed: int
    duration_ms: int
    steps: tuple[Step, ...]

    @property
    def whole_wire(self) -> bool:
        """Messages cross as JSON, as between processes; otherwise as they are, which is faster."""
        return self.seed % 16 == 0

    @property
    def traced(self) -> bool:
        """The history of messages is kept, as it is live; otherwise not, which is faster."""
        return self.seed % 8 == 0


Args = Callable[[Chance], tuple[int | str, ...]]


def _pick(*words: str) -> Callable[[Chance], str]:
    return lambda chance: words[chance.below(len(words))]


_ROLE = _pick(*ROLES)
_LINK = _pick(
    "sidecar>stager", "stager>sidecar", "stager>ingest", "ingest>stager", "sidecar>ingest", "ingest>sidecar",
    "supervisor>ingest", "ingest>supervisor", "auth>supervisor", "sidecar>auth", "sidecar>supervisor", "facade>sidecar",
    "ingest>facade", "supervisor>stager", "baseline>ingest", "ingest>baseline", "root>baseline", "baseline>root",
)  # fmt: skip
_METHOD = _pick(
    "initialize", "account/read", "account/login/start", "account/logout", "account/login/cancel", "turn/start",
    "thread/list", "thread/turns/list", "thread/loaded/list",
)  # fmt: skip
_CLIENT = _pick("r1", "r2")
_LOOK = _pick(
    "getTransitions", "getSessions", "getSession", "searchSessions", "getCodexStreamDedupeLog", "getTrace",
    "getIngestConfig", "getMetrics",
)  # fmt: skip

FAULTS: dict[str, tuple[int, Args]] = {
    "kill": (14, lambda c: (_ROLE(c),)),
    "kill_midway": (12, lambda c: (_ROLE(c), c.below(4))),
    "kill_in_commit": (4, lambda c: ()),
    "kill_supervisor": (3, lambda c: ()),
    "hang": (8, lambda c: (_ROLE(c), c.between(100, 12_000))),
    "hang_supervisor": (1, lambda c: (c.between(100, 5_000),)),
    "delay": (8, lambda c: (_LINK(c), c.between(1, 900))),
    "drop": (10, lambda c: (_LINK(c), c.between(1, 4))),
    "duplicate": (10, lambda c: (_LINK(c), c.between(1, 4))),
    "disk_full": (6, lambda c: (c.between(200, 7_000),)),
    "wall_jump": (4, lambda c: (c.between(-7_200_000, 7_200_000),)),
    "mono_gap": (3, lambda c: ((2_000, 5_100, 61_000)[c.below(3)],)),
    "child_crash": (14, lambda c: (c.below(2),)),
    "child_crash_at_edge": (2, lambda c: ()),
    "child_stall": (10, lambda c: (c.between(100, 18_000),)),
    "child_deaf": (2, lambda c: (c.between(100, 3_000),)),
    "child_mute": (5, lambda c: (_METHOD(c), c.between(500, 6_000))),
    "child_stubborn": (3, lambda c: (c.between(500, 5_000),)),
    "child_garbage": (8, lambda c: (c.below(8),)),
    "child_dies_early": (5, lambda c: (c.between(1, 4),)),
    "no_binary": (2, lambda c: (c.between(100, 4_000),)),
    "late_reply": (3, lambda c: (c.below(4),)),
    "question": (6, lambda c: (c.below(5), c.between(1, 5))),
    "stale_frames": (5, lambda c: ()),
    "auth_loss": (5, lambda c: (c.below(3),)),
    "login_ends": (5, lambda c: (_pick("account", "announced", "failed", "never")(c),)),
    "tokens_expire": (2, lambda c: ()),
    "foreign_turn": (6, lambda c: (c.below(4),)),
    "config_edit": (2, lambda c: (c.below(2),)),
    "config_torn": (2, lambda c: (c.between(500, 4_000),)),
}
"""Fault -> how often, and what it needs to know."""

WISHES: dict[str, tuple[int, Args]] = {
    "startThread": (10, lambda c: (_CLIENT(c),)),
    "startTurn": (44, lambda c: (_CLIENT(c), c.below(8))),
    "interruptTurn": (5, lambda c: (_CLIENT(c),)),
    "submitApproval": (14, lambda c: (_CLIENT(c), _pick("accept", "acceptForSession", "decline", "cancel")(c))),
    "submitStale": (3, lambda c: (_CLIENT(c),)),
    "startLogin": (7, lambda c: (_CLIENT(c), c.below(4))),
    "cancelLogin": (3, lambda c: (_CLIENT(c),)),
    "logout": (3, lambda c: (_CLIENT(c),)),
    "retryAuth": (4, lambda c: (_CLIENT(c),)),
    "restartSidecar": (5, lambda c: (_CLIENT(c),)),
    "recoverHybrid": (6, lambda c: (_CLIENT(c),)),
    "fallbackToOtelOnly": (3, lambda c: (_CLIENT(c),)),
    "setStreamKillSwitch": (6, lambda c: (_CLIENT(c), c.below(2), c.below(3))),
    "getStatus": (4, lambda c: (_CLIENT(c),)),
    "look": (12, lambda c: (_CLIENT(c), _LOOK(c))),
    "snapshot": (4, lambda c: (_CLIENT(c),)),
    "updateIngestConfig": (4, lambda c: (_CLIENT(c), c.below(2), c.below(3))),
    "export": (16, lambda c: (c.between(1, 5), c.between(1, 3))),
    "export_again": (5, lambda c: ()),
    "subscribe": (3, lambda c: (_CLIENT(c), c.below(2))),
    "repeat": (4, lambda c: (_CLIENT(c),)),
    "nonsense": (3, lambda c: (_CLIENT(c), c.below(5))),
    "hang_up": (2, lambda c: (_CLIENT(c),)),
    "forge": (3, lambda c: (c.below(6), _ROLE(c))),
}
"""What people do, the same way. `forge` is somebody who is nobody."""

TABLE = {**FAULTS, **WISHES}
THEMES: tuple[tuple[str, ...], ...] = (
    (),
    ("startLogin", "cancelLogin", "logout", "retryAuth", "login_ends", "auth_loss", "child_mute", "child_crash"),
    ("restartSidecar", "recoverHybrid", "child_stubborn", "child_crash", "child_dies_early", "kill", "no_binary",
     "child_deaf", "child_mute"),
    ("setStreamKillSwitch", "fallbackToOtelOnly", "recoverHybrid", "restartSidecar", "child_stubborn", "config_edit"),
)  # fmt: skip
"""What a plan has a run of, close together, beside everything else."""
THEME_MS = 2_500
_NAMES = tuple(name for name, (weight, _) in TABLE.items() for _ in range(weight))


def plan_of(seed: int) -> Plan:
    """The plan that belongs to this seed."""
    chance = Chance(seed, 1)
    duration_ms = LONG_MS if chance.one_in(LONG_ONE_IN) else chance.between(*DURATION_MS)
    steps = []
    for _ in range(chance.between(*STEPS)):
        what = _NAMES[chance.below(len(_NAMES))]
        steps.append(Step(chance.between(0, duration_ms), what, TABLE[what][1](chance)))
        if what == "child_crash" and chance.one_in(3):  # troubles come in series
            steps += [Step(steps[-1].at_ms + n * chance.between(300, 6_000), what, (1,)) for n in (1, 2)]
    theme = THEMES[chance.below(len(THEMES))]
    begin_ms = chance.between(500, duration_ms)
    for _ in range(chance.between(4, 12) if theme else 0):
        what = theme[chance.below(len(theme))]
        steps.append(Step(begin_ms + chance.below(THEME_MS), what, TABLE[what][1](chance)))
    if theme[:1] == ("startLogin",):  # who is logged in cannot log in
        steps.append(Step(begin_ms, "auth_loss", (0,)))
        steps.append(Step(begin_ms + 400, "startLogin", (_CLIENT(chance), chance.below(4))))
    # Somebody always works, or there is nothing to lose.
    for number in range(chance.between(1, 6)):
        wish = "startThread" if number == 0 else "startTurn"
        steps.append(Step(chance.between(500, duration_ms), wish, TABLE[wish][1](chance)))
    duration_ms = max(duration_ms, max(step.at_ms for step in steps))
    return Plan(seed, duration_ms, tuple(sorted(steps, key=lambda step: step.at_ms)))
