"""Asks machines again what a recording says they were asked, and stops at the first decision that is another.

The machines are those of this code; the recording is a file that may come from elsewhere, so nothing in it is believed:
it names verbs and classes of a closed list, and values that are checked. Read `actors/recording.py` for the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from actors.machines import auth, courier, facade, sidecar, staging, supervision
from actors.machines.auth_words import Auth
from actors.machines.courier import Courier
from actors.machines.decisions import DECISIONS
from actors.machines.facade import Facade
from actors.machines.sidecar import Life
from actors.machines.staging import Staging
from actors.machines.standing import Supervision
from actors.recorded_values import Unreadable, decode
from actors.recording import VERSION, digest, stands
from actors.wire.batch import decode_runs


class NotARecording(Exception):
    """The file cannot be replayed. The text says why and names the line."""


class _Silent:
    """Live text is no decision: nobody watches."""

    def feed(self, delta: str) -> str:
        return ""

    def finish(self) -> str:
        return ""


MACHINES = (auth, courier, facade, sidecar, staging, supervision)
"""Whose verbs may be named: those marked with `decides`, as soon as these are loaded."""
MAKERS: dict[str, Callable[..., Any]] = {
    "Supervision": Supervision,
    "Auth": Auth,
    "Life": Life,
    "Courier": Courier,
    "Staging": lambda **given: Staging(**given, decode=decode_runs, live_lines=lambda _session: _Silent()),
    "Facade": Facade,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a machine decided otherwise."""

    n: int
    """Number of the decision in its recording."""
    machine: str
    verb: str
    heard: str
    """What it was asked, by type and ids."""
    expected: list[Any]
    got: list[Any]

    def __str__(self) -> str:
        return (
            f"decision {self.n} differs: {self.machine} {self.verb}({self.heard})\n"
            f"  expected {_shown(self.expected)}\n  got      {_shown(self.got)}"
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a recording came to."""

    decisions: int
    machines: int
    cut: bool
    """The recording had reached its bound."""
    difference: Difference | None


def replay(lines: Iterable[bytes]) -> Replayed:
    """All decisions, in order, until one differs. Errors: NotARecording."""
    machines: dict[str, Any] = {}
    count = 0
    cut = False
    for number, raw in enumerate(lines, 1):
        line = _line(raw, number)
        if number == 1:
            if line.get("recording") != VERSION:
                raise NotARecording(f"line 1: not a recording of version {VERSION}")
        elif "cut" in line:
            cut = True
        elif "begins" in line:
            machines[str(line.get("machine"))] = _made(line, number)
        else:
            difference = _again(machines, line, number)
            count += 1
            if difference is not None:
                return Replayed(count, len(machines), cut, difference)
    if not count:
        raise NotARecording("no decision is in it")
    return Replayed(count, len(machines), cut, None)


def _line(raw: bytes, number: int) -> dict[str, Any]:
    try:
        line = orjson.loads(raw)
    except orjson.JSONDecodeError:
        line = None
    if not isinstance(line, dict):
        raise NotARecording(f"line {number}: not a JSON object")
    return line


def _made(line: dict[str, Any], number: int) -> Any:
    try:
        return MAKERS[line["begins"]](**{name: decode(value) for name, value in line["fields"].items()})
    except (KeyError, TypeError, AttributeError, Unreadable) as error:
        raise NotARecording(f"line {number}: no machine can begin like this ({type(error).__name__})") from None


def _again(machines: dict[str, Any], line: dict[str, Any], number: int) -> Difference | None:
    try:
        name, verb, expected = line["machine"], line["verb"], line["decided"]
        decide, machine = DECISIONS[verb], machines[name]
        asked = [decode(value) for value in line["asked"]]
    except (KeyError, TypeError, Unreadable) as error:
        raise NotARecording(f"line {number}: nothing that a machine is asked ({error})") from None
    try:
        outcome = decide(machine, *asked)
        if isinstance(outcome, tuple) and len(outcome) == 2 and type(outcome[0]) is type(machine):
            machine = machines[name] = outcome[0]
        got = orjson.loads(orjson.dumps(digest(outcome)))
        now = orjson.loads(orjson.dumps(stands(machine)))
    except Exception as error:  # noqa: BLE001  whatever a machine raises is not what it decided then
        got, now = [["raised", type(error).__name__]], None
    then = line.get("stands", now)  # a recording may be older than these
    if got == expected and now == then:
        return None
    if now != then:
        expected, got = [*expected, ["and stands at", then]], [*got, ["and stands at", now]]
    return Difference(int(line.get("n", 0)), str(name), str(verb), ", ".join(map(_word, asked)), expected, got)


def _word(value: Any) -> str:
    """A message prints without its content; of texts and bytes only the size is told."""
    return f"<{len(value)}>" if isinstance(value, str | bytes) else str(value)[:200]


def _shown(decided: list[Any]) -> str:
    return (
        "; ".join(" ".join(str(part) for part in effect if part not in (None, [])) for effect in decided) or "nothing"
    )
