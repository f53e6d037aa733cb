"""What people and tools want, word for word of the plan: commands of renderers, exports, and lies."""

from __future__ import annotations

from typing import Any

from chaos.simulating.home import Home
from chaos.simulating.outside import Outside


def wish(outside: Outside, home: Home, what: str, args: tuple[Any, ...]) -> None:
    """Somebody wants something."""
    if what == "forge":
        outside.forge(*args)
        return
    if what == "export":
        outside.exporter.export(*args)
        return
    if what == "export_again":
        outside.exporter.give_up()
        return
    name, *more = args
    person = outside.people[name]
    if what == "repeat":
        outside.repeat(name)
    elif what == "nonsense":
        outside.nonsense(name, more[0])
    elif what == "hang_up":
        outside.hang_up(name)
    elif what == "startTurn":
        threads = person.threads or [*home.threads] or ["th0"]
        outside.wish(name, what, {"threadId": threads[-1 - more[0] % min(3, len(threads))], "text": "go on"})
    elif what == "interruptTurn":
        thread, turn = person.turns[-1] if person.turns else ("th0", "tu0")
        outside.wish(name, what, {"threadId": thread, "turnId": turn})
    elif what == "submitApproval":
        token = person.tokens[0] if person.tokens else "none"
        outside.wish(name, what, {"token": token, "decision": more[0]})
    elif what == "submitStale":
        token = person.used[-1] if person.used else "none"
        outside.wish(name, "submitApproval", {"token": token, "decision": "accept"})
    elif what == "startLogin":
        outside.wish(name, what, _LOGINS[more[0]])
    elif what == "setStreamKillSwitch":
        expected = {} if more[1] else {"expectedRevision": 0}
        outside.wish(name, what, {"on": bool(more[0]), **expected})
    elif what == "look":
        thread = person.threads[-1] if person.threads else "th0"
        outside.wish(name, more[0], {key: thread if value is None else value for key, value in _LOOKS[more[0]].items()})
    elif what == "snapshot":
        threads = person.threads or [*home.threads] or ["th0"]
        outside.wish(name, "codexAppServerRequestThreadSnapshot", {"threadId": threads[-1]})
    elif what == "updateIngestConfig":
        revision = 0 if more[1] == 0 else outside.revision
        outside.wish(name, what, {"changes": {"links": bool(more[0])}, "expectedRevision": revision})
    elif what == "subscribe":
        outside.wish(name, what, {"live": bool(more[0])})
    else:
        outside.wish(name, what)


_LOOKS: dict[str, dict[str, Any]] = {
    "getTransitions": {"after": 2},
    "getSessions": {},
    "getSession": {"sessionId": None},
    "searchSessions": {"text": "go on"},
    "getCodexStreamDedupeLog": {"sessionId": None},
    "getTrace": {"turnId": "tu2"},
    "getIngestConfig": {},
    "getMetrics": {},
}
"""What people read, and what about; None: the thread they had last."""
_LOGINS: tuple[dict[str, Any], ...] = (
    {"kind": "chatgpt"},
    {"kind": "chatgptDeviceCode"},
    {"kind": "apiKey", "secret": "sk-simulated"},
    {"kind": "chatgptAuthTokens", "secret": "token", "accountId": "a1"},
)
