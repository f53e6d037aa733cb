"""What the scripted gateway tells: invented statuses, sessions, traces and measures, in the renderer's own words.

Statuses are real `TreeStatus` messages, their `actions` are what `actions.py` says for them, and data goes through the
models of `renderer_reads.py`: what the panel is shown here, the runtime could have said.
"""

from __future__ import annotations

from typing import Any

from actors.machines.actions import offered_actions
from messages.status import (
    ActorStatus,
    AuthStatus,
    BaselineStatus,
    ConfigStatus,
    HandshakeStatus,
    SidecarStatus,
    SourceStatus,
    TreeStatus,
)

NOW_MS = 1_790_000_000_000
ROLES = ("sidecar", "auth", "stager", "baseline", "ingest", "facade")
SOURCES = (
    SourceStatus(name="otlp", healthy=True, reason="its probe comes back", address="http://127.0.0.1:4318"),
    SourceStatus(name="transcript", healthy=True, reason="followed", address="/home/ada/.claude/projects"),
    SourceStatus(name="rollout", healthy=True, reason="followed", address="/home/ada/.codex/sessions"),
)
GREETED = HandshakeStatus(initialize_sent=True, initialized=True)
SILENT = HandshakeStatus(initialize_sent=False, initialized=False)
LOGGED_IN = AuthStatus(state="authenticated", mode="chatgpt", plan="pro")
LOGGED_OUT = AuthStatus(state="needs_login", mode=None, plan=None)
RUNNING = SidecarStatus(state="running", generation=3, pid=4211, restarts_in_window=1, last_error="exited by signal 9")
GAVE_UP = SidecarStatus(
    state="crash_loop", generation=3, pid=None, restarts_in_window=2,
    last_error="exited by signal 9; the third restart within 60 s is refused",
)  # fmt: skip
STOPPED = SidecarStatus(state="stopped", generation=3, pid=None, restarts_in_window=0)


def status(**changes: Any) -> dict[str, Any]:
    """A status as it goes over the wire; everything works unless changed. `actions` follow from the rest."""
    actors = tuple(
        ActorStatus(name=role, pid=4_100 + at, state="running", restarts=int(role == "ingest"))  # type: ignore[arg-type]
        for at, role in enumerate(ROLES)
    )
    fields: dict[str, Any] = {
        "revision": 12,
        "mode": "HYBRID_ACTIVE",
        "mode_reason": "the baseline is healthy and the live stream is ready",
        "sidecar": RUNNING,
        "handshake": GREETED,
        "auth": LOGGED_IN,
        "stream_healthy": True,
        "stream_reason": "heard within its deadline",
        "kill_switch": False,
        "config": ConfigStatus(revision=4),
        "baseline": BaselineStatus(healthy=True, reason="a probe committed 2 s ago"),
        "sources": SOURCES,
        "actors": actors,
        "at_ms": NOW_MS,
        **changes,
    }
    made = TreeStatus(**fields)
    return made.model_copy(update={"actions": offered_actions(made)}).model_dump(mode="json")


def degraded(**changes: Any) -> dict[str, Any]:
    """The stream is expected and is not there: the sidecar gave up."""
    return status(
        **{
            "mode": "DEGRADED_STREAMING",
            "mode_reason": "the sidecar gave up after its third exit within 60 s: restart it",
            "sidecar": GAVE_UP, "handshake": SILENT, "auth": LOGGED_OUT,
            "stream_healthy": False, "stream_reason": "no app-server runs", **changes,
        }
    )  # fmt: skip


def needs_login(**changes: Any) -> dict[str, Any]:
    """The sidecar speaks, and nobody is logged in."""
    return degraded(
        **{
            "mode_reason": "nobody is logged in", "sidecar": RUNNING, "handshake": GREETED,
            "stream_reason": "nobody is logged in", **changes,
        }
    )  # fmt: skip


def otel_only(**changes: Any) -> dict[str, Any]:
    """The kill switch is on."""
    return status(
        **{
            "mode": "OTEL_ONLY", "mode_reason": "the stream kill switch is on", "sidecar": STOPPED, "handshake": SILENT,
            "auth": LOGGED_OUT, "stream_healthy": False, "stream_reason": "the kill switch is on",
            "kill_switch": True, "stream_expected": False, **changes,
        }
    )  # fmt: skip


def fallback(**changes: Any) -> dict[str, Any]:
    """A person stopped the live stream."""
    return otel_only(**{"mode_reason": "a person chose OTEL only", "kill_switch": False, "fallback": True, **changes})


def failing(**changes: Any) -> dict[str, Any]:
    """The store does not commit; the stream lives."""
    reason = "the store cannot commit: no space left on the disk"
    broken = SourceStatus(name="otlp", healthy=False, reason="port 4318 on 127.0.0.1 cannot be opened: free it")
    return status(
        **{
            "mode": "FAILURE", "mode_reason": reason,
            "baseline": BaselineStatus(healthy=False, reason=reason, working=False),
            "sources": (broken, *SOURCES[1:]), **changes,
        }
    )  # fmt: skip


MODES = {
    "HYBRID_ACTIVE": status, "DEGRADED_STREAMING": degraded, "needs_login": needs_login, "OTEL_ONLY": otel_only,
    "fallback": fallback, "FAILURE": failing,
}  # fmt: skip
"""Every way to stand that the panel shows differently."""

LEDGER = {
    "received": 48_213,
    "dispositions": {"stored": 1_204, "merged": 46_310, "control": 688, "duplicate": 9, "dropped:turn_interrupted": 1},
    "staged": 1,
    "balanced": True,
}

TITLES = (
    "Make the parser accept blank lines", "Why does the login test flake?", "Rename Reader.page to Reader.rows",
    "Explain the retry budget", "Add a dark theme to the settings page", "Speed up the import by half",
    "Find out who holds the database lock", "Write the release notes for 2.4", "Port the build to uv",
    "Fix the off-by-one in pagination",
)  # fmt: skip
FOLDERS = ("/home/ada/work/ledger", "/home/ada/work/parser", "/home/ada/play/synth", "/srv/build/site")


def session_line(at: int) -> dict[str, Any]:
    """Session number `at`, newest first."""
    claude = at % 3 == 1
    began = NOW_MS - (at + 1) * 1_900_000
    return {
        "sessionId": f"0199{at:06x}-7a2b-7c11-9d0e-{at:012x}",
        "tool": "claude" if claude else "codex",
        "title": TITLES[at % len(TITLES)] if at < 10 else f"{TITLES[at % len(TITLES)]} ({at})",
        "cwd": FOLDERS[at % 4],
        "branch": ("main", "retry-budget", None)[at % 3],
        "model": "claude-opus-4-5" if claude else "gpt-5.5",
        "startedAtMs": began,
        "lastAtMs": began + 720_000,
        "turns": 1 + at % 5,
        "items": 3 + at % 40,
        "lastStatus": "completed",
        "tokens": 1_800 + at * 37 % 90_000,
        "costUsdMicros": 14_000 + at * 131 % 400_000 if claude else None,
        "links": (1, 0, 2)[at % 3],
        "sources": ["transcript", "otlp"] if claude else ["stream", "rollout"],
    }


def item(turn: str, at: int, kind: str, text: str, sources: list[str], **changes: Any) -> dict[str, Any]:
    return {
        "turnId": turn,
        "itemId": f"item-{at}",
        "kind": kind,
        "status": "completed",
        "text": text,
        "cut": False,
        "startedAtMs": NOW_MS - 900_000 + at * 9_000,
        "completedAtMs": NOW_MS - 895_000 + at * 9_000,
        "revision": 1,
        "sources": sources,
        **changes,
    }


def session_data(line: dict[str, Any]) -> dict[str, Any]:
    """One session in full: two turns, a command, a change, a gap in its coverage, links sure and unsure."""
    both = ["stream", "rollout"]
    items = [
        item("turn-a", 1, "userMessage", "The parser stops at a blank line. Make it go on, and show me a test.", both),
        item("turn-a", 2, "reasoning", "Look where lines are cut, then at what ends the loop.", ["stream"]),
        item(
            "turn-a",
            3,
            "commandExecution",
            "rg -n 'blank' src/parser.py\n41:    if not line:  # blank\n42:        break",
            both,
        ),
        item(
            "turn-a",
            4,
            "fileChange",
            "src/parser.py\n-        break\n+        continue\ntests/test_parser.py (new)",
            both,
        ),
        item(
            "turn-a",
            5,
            "agentMessage",
            "A blank line no longer ends the loop; it is skipped. The new test fails before it, and not after.\n"
            "The token in your shell history is hidden: [REDACTED:github-token].",
            both,
        ),
        item("turn-b", 6, "userMessage", "Commit it.", both),
        item(
            "turn-b",
            7,
            "commandExecution",
            "git commit -am 'The parser skips blank lines'\n[main 7c1f0ab] The parser skips blank lines",
            both,
        ),
        item("turn-b", 8, "agentMessage", "Committed as 7c1f0ab.", both),
    ]
    turn = {"status": "completed", "error": None, "costUsdMicros": None, "traceId": None}
    return {
        "session": line,
        "turns": [
            {
                **turn,
                "turnId": "turn-a",
                "startedAtMs": NOW_MS - 900_000,
                "completedAtMs": NOW_MS - 838_000,
                "items": 5,
                "tokens": 21_840,
            },
            {
                **turn,
                "turnId": "turn-b",
                "startedAtMs": NOW_MS - 700_000,
                "completedAtMs": NOW_MS - 689_000,
                "items": 3,
                "tokens": 3_310,
            },
        ],
        "items": items,
        "usage": {
            "input": 22_410,
            "cached": 17_920,
            "output": 2_740,
            "reasoning": 1_088,
            "total": 25_150,
            "costUsdMicros": 61_250,
        },
        "coverage": [{"source": "stream", "seen": 8, "missing": 0}, {"source": "rollout", "seen": 7, "missing": 1}],
        "links": [
            {
                "commit": "7c1f0ab93e5d4f7b8a610c2d3e4f5a6b7c8d9e0f",
                "repository": "/home/ada/work/parser/.git",
                "method": "hunks",
                "score": 0.97,
                "state": "linked",
                "reason": "12 of 12 changed lines",
                "subject": "The parser skips blank lines",
            },
            {
                "commit": "0be51c77aa3f1d2c4b5e6f708192a3b4c5d6e7f8",
                "repository": "/home/ada/work/parser/.git",
                "method": "file",
                "score": 0.41,
                "state": "needs_review",
                "reason": "1 of 2 files",
                "subject": "Parser: tidy imports",
            },
        ],
        "next": None,
    }


def transitions(now_ms: int = NOW_MS) -> list[dict[str, Any]]:
    """A start, a crash loop, and the way out of it, within the last hour."""
    told = [
        (52, "mode", "mode", "", "DEGRADED_STREAMING", "the runtime starts"),
        (52, "sidecar", "sidecar", "stopped", "starting", "the supervisor asked for it"),
        (51, "handshake", "handshake", "none", "initialized", "the app-server answered"),
        (51, "auth", "auth", "needs_login", "authenticated", "account/read returned a ChatGPT account"),
        (51, "mode", "mode", "DEGRADED_STREAMING", "HYBRID_ACTIVE", "the live stream is ready"),
        (31, "sidecar", "sidecar", "running", "backing_off", "the app-server exited by signal 9"),
        (31, "mode", "mode", "HYBRID_ACTIVE", "DEGRADED_STREAMING", "the app-server exited by signal 9"),
        (30, "sidecar", "sidecar", "backing_off", "running", "restart 1 after 250 ms"),
        (30, "mode", "mode", "DEGRADED_STREAMING", "HYBRID_ACTIVE", "the live stream is ready"),
        (22, "sidecar", "sidecar", "running", "crash_loop", "the third exit within 60 s: signal 9"),
        (
            22,
            "mode",
            "mode",
            "HYBRID_ACTIVE",
            "DEGRADED_STREAMING",
            "the sidecar gave up after its third exit within 60 s",
        ),
        (14, "actor", "ingest", "running", "backing_off", "exited by signal 9"),
        (14, "actor", "ingest", "backing_off", "running", "restart 1"),
        (12, "sidecar", "sidecar", "crash_loop", "running", "restartSidecar by a client"),
        (12, "mode", "mode", "DEGRADED_STREAMING", "HYBRID_ACTIVE", "the live stream is ready"),
    ]
    return [
        {
            "n": at + 1,
            "atMs": now_ms - minutes * 60_000 + at,
            "kind": kind,
            "who": who,
            "from": before,
            "to": after,
            "cause": cause,
        }
        for at, (minutes, kind, who, before, after, cause) in enumerate(told)
    ]


def decisions() -> list[dict[str, Any]]:
    kinds = (
        ("accepted", "first complete source"),
        ("duplicate", "the same content is stored already"),
        ("replaced", "the rollout's item is complete, the stream's was cut"),
        ("dropped", "the turn was interrupted"),
    )
    return [
        {
            "n": at,
            "atMs": NOW_MS - (200 - at) * 4_000,
            "source": ("stream", "rollout", "otlp")[at % 3],
            "sessionId": session_line(at % 7)["sessionId"],
            "turnId": f"turn-{at // 4}",
            "itemId": f"item-{at}",
            "decision": kinds[at * 7 % 11 % 4][0],
            "reason": kinds[at * 7 % 11 % 4][1],
        }
        for at in range(200)
    ]


def trace() -> list[dict[str, Any]]:
    """One turn, from the command to the durable row."""
    told = [
        (0, "ClientSaid", "root", "facade", 410, 61),
        (140, "TurnWanted", "facade", "sidecar", 230, 88),
        (520, "CallDone", "sidecar", "facade", 64, 40),
        (610, "ToClient", "facade", "root", 52, 30),
        (8_400, "FrameBatch", "sidecar", "stager", 2_310, 190),
        (9_050, "LiveLines", "stager", "facade", 180, 35),
        (9_220, "ToClient", "facade", "root", 210, 31),
        (14_800, "FrameBatch", "sidecar", "stager", 9_120, 260),
        (15_300, "KeepRecords", "stager", "ingest", 7_450, 1_840),
        (17_400, "RecordsKept", "ingest", "stager", 96, 22),
        (17_460, "ItemStored", "ingest", "facade", 140, 30),
        (17_600, "FramesSettled", "stager", "sidecar", 48, 18),
        (18_020, "StatusChanged", "supervisor", "facade", 1_920, 44),
    ]
    return [
        {
            "n": at + 1,
            "traceId": "t-1",
            "causeId": None,
            "type": name,
            "sender": sender,
            "receiver": receiver,
            "atUs": after,
            "queuedUs": 90 + at * 7,
            "handledUs": handled,
            "size": size,
            "outcome": "handled",
        }
        for at, (after, name, sender, receiver, size, handled) in enumerate(told)
    ]


def metrics(now_ms: int = NOW_MS) -> dict[str, Any]:
    """Half an hour, one sample in 15 s."""
    samples = [
        {
            "atMs": now_ms - (120 - at) * 15_000,
            "framesPerS": (at * 37 % 90) * 14.0 if at % 40 > 12 else 2.0,
            "recordsPerS": (at * 17 % 50) * 3.0,
            "latencyP50Ms": None if at % 40 < 5 else 2.1 + at % 7 * 0.2,
            "latencyP99Ms": None if at % 40 < 5 else 4.8 + at % 11 * 0.7,
            "restarts": 0 if at < 20 else 1 if at < 60 else 4,
        }
        for at in range(121)
    ]
    recoveries = [
        {"child": child, "faultAtMs": now_ms - minutes * 60_000, "healthyAtMs": now_ms - minutes * 60_000 + took}
        for child, minutes, took in (
            ("sidecar", 31, 720),
            ("sidecar", 22, 611_000),
            ("ingest", 14, 21),
            ("facade", 9, 14),
        )
    ]
    return {"samples": samples, "recoveries": recoveries}
