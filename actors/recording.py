"""Writes down what machines were asked and what they decided, for `hybrid-capture trace replay`. Only when told to.

A file of JSON lines, mode 0600: a head, then for each machine how it began, then its decisions in order. What is
written has lost its texts (`masking.py`) and kept its sizes. Bounded: at the bound the last line says that it was cut.
Machines that are recorded are those marked with `decides`: supervision, auth, the sidecar's life, courier, stager,
facade. Not recorded: what reads files and bodies of telemetry, which are content through and through, and the store.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from inspect import signature
from operator import attrgetter
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
from cachetools import LRUCache

from actors.machines import decisions
from actors.machines.effects import MachineRefused, Send
from actors.machines.open_questions import shown_token
from actors.masking import Mask
from actors.recorded_values import decode, encode, is_closed
from actors.tracing import named
from messages.base import Message
from messages.calls import ApprovalAsked
from messages.facade import ClientSaid
from messages.lifecycle import Begin

FOLDER = "recordings"
FILE_BYTES_MAX = 64 * 1024 * 1024
FILES_MAX = 64
"""Recordings of a state folder; a new one makes the oldest go."""
QUESTIONS_MAX = 256
VERSION = 1

BEGINNINGS: dict[str, tuple[str, ...]] = {
    "Supervision": ("settings", "pid", "config", "fallback"),
    "Auth": ("choice", "login_deadline_ms"),
    "Life": ("timing",),
    "Courier": ("bytes_max", "resend_ms"),
    "Staging": ("stager", "limits", "timing"),
    "Facade": ("limits",),
}
"""What a machine is made from, by its class. Everything else in it follows from what it was asked."""
STANDS: dict[str, tuple[str, ...]] = {
    "Supervision": ("process.state", "auth", "announced", "stopping", "fallback"),
    "Auth": ("phase",),
    "Life": ("phase",),
    "Courier": ("next_seq", "settled_seq", "full"),
    "Staging": ("generation", "closing_seq", "reading.stage.bytes_count"),
    "Facade": (),
}
"""What is looked at of it after a decision. A facade shows everything at once."""
SHOWN = frozenset({"role", "name", "call", "tag", "signal", "kind"})
"""Fields of effects that hold a word of ours."""
UNDECIDED = frozenset({"LiveLines"})
"""Messages whose text redaction cuts, so that a masked session has others: they are no decision."""


class Recording:
    """A watcher that writes. One file; close it, or let the process end."""

    def __init__(self, path: Path, key: bytes, head: dict[str, Any], bytes_max: int = FILE_BYTES_MAX) -> None:
        """`path` must not be there yet. `key` makes the masks: it is written nowhere. Errors: OSError."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._mask = Mask(key)
        self._left = bytes_max
        self._names: dict[int, str] = {}
        self._held: dict[str, Any] = {}
        """Each machine as it is now: what is held cannot give its place in memory to another."""
        self._questions: LRUCache[str, ApprovalAsked] = LRUCache(QUESTIONS_MAX)
        self._count = 0
        self._write({"recording": VERSION, **head})

    def asked(self, verb: str, given: tuple[Any, ...]) -> Any:
        """Write down what a machine is about to be asked: it may change what it was given."""
        try:
            return self._asked(verb, given)
        except Exception as error:  # noqa: BLE001  a recording that fails must not fail what it records
            self._end(f"it failed: {type(error).__name__}")
            return None

    def decided(self, question: Any, outcome: Any) -> None:
        """Write down what came of it."""
        try:
            if question is not None:
                self._decided(question, outcome)
        except Exception as error:  # noqa: BLE001  the same
            self._end(f"it failed: {type(error).__name__}")

    def _asked(self, verb: str, given: tuple[Any, ...]) -> Any:
        machine, *values = given
        name = self._names.get(id(machine)) or self._begins(machine)
        parameters = list(signature(decisions.DECISIONS[verb]).parameters)[1:]
        asked = [encode(value, self._mask, word) for value, word in zip(values, parameters, strict=False)]
        if values and isinstance(values[0], ApprovalAsked):
            self._questions[values[0].token] = values[0]
        elif values and isinstance(values[0], ClientSaid):
            self._answer(values[0], asked[0]["fields"])
        return name, {"machine": name, "verb": verb, "asked": asked}

    def _answer(self, said: ClientSaid, fields: dict[str, Any]) -> None:
        """A renderer's token is derived from the question's, which is masked: it is derived anew, or it would fit
        nothing."""
        for asked in self._questions.values():
            shown = shown_token(asked, said.client_id)
            if shown in said.body:
                masked = decode(encode(asked, self._mask))
                fields["body"] = fields["body"].replace(self._mask.text(shown), shown_token(masked, said.client_id))

    def _decided(self, question: Any, outcome: Any) -> None:
        name, line = question
        if isinstance(outcome, tuple) and len(outcome) == 2 and type(outcome[0]) is type(self._held[name]):
            self._holds(name, outcome[0])  # a machine that is a value: this one goes on from here
        self._count += 1
        decided = digest(outcome, self._mask.word)
        self._write({"n": self._count, **line, "decided": decided, "stands": stands(self._held[name])})

    def close(self) -> None:
        """No more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begins(self, machine: Any) -> str:
        kind = type(machine).__name__
        name = f"{kind}-{len(self._held) + 1}"
        self._holds(name, machine)
        fields = {field: encode(getattr(machine, field), self._mask, field) for field in BEGINNINGS[kind]}
        self._write({"machine": name, "begins": kind, "fields": fields})
        return name

    def _holds(self, name: str, machine: Any) -> None:
        before = self._held.get(name)
        if before is not machine:
            self._names.pop(id(before), None)
            self._held[name] = machine
            self._names[id(machine)] = name

    def _write(self, line: dict[str, Any]) -> None:
        if self._file < 0:
            return
        raw = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if len(raw) > self._left:
            self._end("it reached its bound")
            return
        self._left -= len(raw)
        try:
            os.write(self._file, raw)
        except OSError:
            self.close()  # a full disk ends the recording, nothing else

    def _end(self, why: str) -> None:
        """Say that what follows is not in it."""
        if self._file >= 0:
            with suppress(OSError):
                os.write(self._file, orjson.dumps({"cut": why}, option=orjson.OPT_APPEND_NEWLINE))
        self.close()


def digest(outcome: Any, word: Callable[[str], str] = str) -> list[Any]:
    """What was decided, without texts: types, receivers, ids, sizes, numbers. `word` hides an id that is no word."""
    if isinstance(outcome, MachineRefused):
        return [["MachineRefused", outcome.phase, outcome.message]]
    if outcome is None:
        return []
    effects = outcome if isinstance(outcome, tuple) else ()
    if len(effects) == 2 and isinstance(effects[1], tuple):
        effects = effects[1]
    return [told for effect in effects if (told := _effect(effect, word)) is not None]


def stands(machine: Any) -> list[Any]:
    """Where a machine stands after a decision, in words and numbers of ours: what it decided may show much later."""
    return [attrgetter(path)(machine) for path in STANDS[type(machine).__name__]]


def _effect(effect: Any, word: Callable[[str], str]) -> list[Any] | None:
    if isinstance(effect, Send):
        message = effect.message
        kind = type(message).__name__
        if kind in UNDECIDED:
            return None
        about = [",".join(map(word, each.split(","))) if isinstance(each, str) else each for each in named(message)]
        return ["Send", effect.to, kind, f"#{crc32(repr(outline(message)).encode()):08x}", *about]
    told: list[Any] = [type(effect).__name__]
    for name in type(effect).__slots__:
        value = getattr(effect, name)
        told.append(word(value) if name in SHOWN and isinstance(value, str) else outline(value))
    return told


def outline(value: Any, closed: bool = False) -> Any:
    """All of a value but its texts: numbers, switches, closed words, how much there is of everything. It is the same
    before and after masking."""
    if value is None or isinstance(value, bool | int | float) or (closed and isinstance(value, str)):
        return value
    if isinstance(value, str):
        return f"{len(value.encode(errors='surrogatepass'))} B"
    if isinstance(value, bytes):
        return f"{len(value)} B"
    if isinstance(value, Message):
        fields = type(value).model_fields
        return [outline(getattr(value, name), is_closed(info.annotation)) for name, info in fields.items()]
    if isinstance(value, Mapping):
        return [[len(value)], *(outline(each) for each in value.values())]
    if isinstance(value, tuple | list):
        return [outline(each, closed) for each in value]
    return type(value).__name__


def record_from(begin: Begin, key: bytes) -> Recording | None:
    """Record what this process decides from now on, below its state folder; None when nothing can be written there."""
    folder = Path(begin.settings.state_dir) / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        made = sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        for old in made[: max(0, len(made) - FILES_MAX + 1)]:
            with suppress(OSError):
                old.unlink()
        name = f"{begin.settings.run_id}-{begin.role}-{begin.incarnation}.jsonl"
        head = {"from": "live", "run_id": begin.settings.run_id, "role": begin.role, "incarnation": begin.incarnation}
        recording = Recording(folder / name, key, head)
    except OSError:
        return None
    decisions.watch(recording)
    return recording
