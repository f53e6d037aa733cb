"""The `recover hybrid`, `fallback` and `kill-switch` verbs.

The kill switch works without a runtime, and beside one that does not answer: the file decides, and a runtime that comes
to itself reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from hybrid_capture.client import Unanswered, attach
from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, WRONG, result_of
from hybrid_capture.statefolder import NotRunning
from storage.config import Config, ConfigFile

EFFECT_S = 80.0
"""Longer than the runtime's own deadline for these commands, so that the runtime says what went wrong."""


def command(folder: Path, name: Literal["recoverHybrid", "fallbackToOtelOnly"], screen: Screen) -> int:
    """One command and its effect. Errors: NotRunning, Unanswered, Problem."""
    done = _do(folder, {"command": name})
    result_of(done)
    screen.record({"done": name, "text": done["text"]})
    screen.say(done["text"])
    return DONE


def turn(folder: Path, on: bool, expected_revision: int | None, screen: Screen) -> int:
    """Turn the stream kill switch: by the runtime if one answers, else in the file.

    Errors: Problem and ConfigUnusable when it could not be turned, ConfigConflict for an older `expected_revision`.
    """
    body: dict[str, Any] = {"command": "setStreamKillSwitch", "on": on, "expectedRevision": expected_revision}
    try:
        done = _do(folder, body)
        revision, text = result_of(done)["revision"], done["text"]
    except (NotRunning, Unanswered) as error:
        config = _turn_file(folder, on, expected_revision)
        revision, text = config.revision, f"the stream kill switch is {'on' if on else 'off'} in the config"
        if isinstance(error, Unanswered):
            text = f"{text}; the runtime did not answer ({error}) and reads it when it can"
    screen.record({"on": on, "revision": revision, "text": text})
    screen.say(text)
    return DONE


def status(folder: Path, screen: Screen) -> int:
    """What the file says, runtime or not. The exit code is 1 when the file cannot be trusted."""
    file = ConfigFile(folder)
    config, copy = file.load(), file.last_good()
    known = None if copy is None else {"on": copy.kill_switch, "revision": copy.revision}
    screen.record(
        {"on": config.kill_switch, "revision": config.revision, "fault": config.fault, "path": str(file.path),
         "lastGood": known}
    )  # fmt: skip
    if config.fault:
        screen.say(f"the stream kill switch counts as on: {config.fault}", "red")
        if copy is not None:
            screen.say(f"the last good copy says {'on' if copy.kill_switch else 'off'} (revision {copy.revision})")
        return WRONG
    where = f"{file.path}, revision {config.revision}" if config.revision else f"no {file.path} yet"
    screen.say(f"the stream kill switch is {'on' if config.kill_switch else 'off'} ({where})")
    return DONE


def restore(folder: Path, screen: Screen) -> int:
    """Put the last good copy of the config back. A running runtime sees it by itself. Errors: ConfigUnusable."""
    file = ConfigFile(folder)
    broken = file.load().fault
    config = file.restore()
    word = "on" if config.kill_switch else "off"
    text = f"the last good copy is back: the stream kill switch is {word} (revision {config.revision})"
    screen.record({"restored": bool(broken), "on": config.kill_switch, "revision": config.revision})
    screen.say(text if broken else f"nothing is wrong with {file.path}: it stays as it is")
    return DONE


def _do(folder: Path, body: dict[str, Any]) -> dict[str, Any]:
    with attach(folder) as client:
        answer = client.ask(body)
        return client.effect(answer["commandId"], EFFECT_S) if answer["answer"] == "accepted" else answer


def _turn_file(folder: Path, on: bool, expected_revision: int | None) -> Config:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = ConfigFile(folder)
    config = file.load()
    if not config.fault and config.kill_switch == on and expected_revision in (None, config.revision):
        return config
    return file.change(expected_revision, kill_switch=on)
