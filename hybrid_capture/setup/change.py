"""Setting up a tool and taking it back, in this order: look, plan, show, note the way back, write."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hybrid_capture.console import Screen
from hybrid_capture.problems import UNUSABLE, Problem
from hybrid_capture.setup import advice, claude_settings, codex_config, edits, hook, journal, tool_file
from hybrid_capture.setup.endpoint import endpoint_of
from hybrid_capture.setup.journal import Journal
from hybrid_capture.setup.tool_file import Found
from hybrid_capture.setup.wish import SIGNALS, Refused, Signal, Tool, Wish
from storage.whole_file import LockBusy, exclusively

LOCK_S = 10.0
KEPT_SIGNS = (codex_config.KEEP, claude_settings.KEEP)
_KEPT_LINE = re.compile(f"({re.escape(codex_config.KEEP)}).*")
_STRING = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^']*')(\s*[:=])?""")
"""A string, and whether it is a key."""
DRY_TOKEN = "0" * 43
"""Stands for the receiver's token where none was made yet and nothing may be written."""


class Format(Protocol):
    """What each tool's file can do: `codex_config.py`, `claude_settings.py`."""

    NAME: str

    def plan(self, old: str, wish: Wish, holds_secret: Callable[[str], bool]) -> list[edits.Edit]: ...
    def kept_in(self, span: str) -> str: ...
    def wanted(self, wish: Wish) -> Mapping[str, Any]: ...
    def values_before(self, old: str, keys: Sequence[str], holds_secret: Callable[[str], bool]) -> dict[str, Any]: ...
    def without(
        self, text: str, values: Mapping[str, Any], ours: Callable[[str, Any], bool], hook: str
    ) -> tuple[str, list[str]]: ...


FORMATS: dict[Tool, Format] = {"codex": codex_config, "claude": claude_settings}
HOMES: dict[Tool, tuple[str, str]] = {"codex": ("CODEX_HOME", ".codex"), "claude": ("CLAUDE_CONFIG_DIR", ".claude")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person said; None where nothing was said."""

    tool: Tool
    state_dir: Path
    home: Path | None = None
    endpoint: str | None = None
    allow_remote: bool = False
    signals: tuple[Signal, ...] | None = None
    prompts: bool | None = None
    hooks: bool | None = None
    replace: bool = False
    dry_run: bool = False


def set_up(asked: Asked, screen: Screen) -> int:
    """Make the tool send its telemetry to this state folder's receiver. Errors: Problem."""
    with _alone(asked):
        found = tool_file.find(file_of(asked.tool, asked.home))
        old = journal.load(asked.state_dir, asked.tool, found.path)
        wish, remembered = _wish(asked, old)
        try:
            base, existed, _ = _base(asked.tool, found, old)
            new, hunks = edits.apply(base, FORMATS[asked.tool].plan(base, wish, holds_secret))
        except Refused as why:
            raise Problem("SETUP_REFUSED", f"{found.path}: {why}") from None
        changed = new != found.text or found.content is None
        diff = _shown(found, new, wish.token)
        if not asked.dry_run:
            if wish.hook is not None:
                hook.install(asked.state_dir)
            if changed or old is None or old.wish != remembered:
                keys = FORMATS[asked.tool].wanted(wish)
                note = Journal(
                    tool=asked.tool,
                    file=str(found.path),
                    existed=existed,
                    folder_made=old.folder_made if old else not found.path.parent.exists(),
                    before=tool_file.digest(base),
                    after=tool_file.digest(new),
                    hunks=[[hunk.at, hunk.length, hunk.before] for hunk in hunks],
                    values=FORMATS[asked.tool].values_before(base, list(keys), holds_secret),
                    wrote=_wrote(keys, old),
                    wish=remembered,
                    hook=wish.hook or "",
                )
                journal.keep(asked.state_dir, note)
            if changed:
                tool_file.replace(found, new)
            if wish.hook is None and old is not None and old.hook:
                hook.uninstall(asked.state_dir)
        _tell(asked, found, changed, diff, wish, screen)
    return 0


def undo(asked: Asked, screen: Screen) -> int:
    """Give the tool's configuration back as it was. Errors: Problem."""
    with _alone(asked):
        found = tool_file.find(file_of(asked.tool, asked.home))
        old = journal.load(asked.state_dir, asked.tool, found.path)
        if old is None:
            raise Problem("NOT_SET_UP", f"{found.path} was not set up from {asked.state_dir}: nothing to take back")
        try:
            base, existed, others = _base(asked.tool, found, old)
        except Refused as why:
            raise Problem("UNDO_REFUSED", f"{found.path}: {why}") from None
        gone = not existed and base.strip() in ("", "{}")
        changed = found.content is not None and (gone or base != found.text)
        diff = _shown(found, "" if gone else base, "")
        if not asked.dry_run:
            if changed and gone:
                tool_file.remove(found, with_folder=old.folder_made)
            elif changed:
                tool_file.replace(found, base)
            if old.hook:
                hook.uninstall(asked.state_dir)
            journal.forget(asked.state_dir, old)
        exact = found.content is None or tool_file.digest(base) == old.before
        screen.record(
            {
                "tool": asked.tool, "file": str(found.path), "undone": not asked.dry_run, "changed": changed,
                "exact": exact, "left": others, "diff": diff,
            }
        )  # fmt: skip
        for line in diff:
            screen.say(line)
        verb = "would be given back" if asked.dry_run else "is given back"
        screen.say(f"{found.path} {verb}{' exactly as it was' if exact else ' without what setup wrote'}.")
        if others:
            screen.note(f"left alone, because somebody else changed them since: {', '.join(others)}")
    return 0


def file_of(tool: Tool, home: Path | None) -> Path:
    """The configuration file of a tool: in the folder given, in that of its variable, or in its own below the home."""
    variable, name = HOMES[tool]
    if home is None:
        home = Path(os.environ[variable]) if os.environ.get(variable) else Path.home() / name
    return home.absolute() / FORMATS[tool].NAME


def holds_secret(text: str) -> bool:
    """Whether redaction finds anything in it; the rules are compiled only when somebody asks."""
    from storage.redaction import redact

    return redact(text).text != text


@contextlib.contextmanager
def _alone(asked: Asked) -> Iterator[None]:
    """Nobody else sets up from this state folder meanwhile; a dry run takes no lock, since it must make no file."""
    if asked.dry_run:
        yield
        return
    folder = asked.state_dir / journal.FOLDER
    asked.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        with exclusively(folder / "lock", LOCK_S):
            yield
    except LockBusy:
        raise Problem("BUSY", "another setup is under way in this state folder: try again", UNUSABLE) from None


def _wish(asked: Asked, old: Journal | None) -> tuple[Wish, dict[str, Any]]:
    """What is to be written, and what a later setup should still mean: the words of now go before those of then."""
    from hybrid_capture.doorway import PORT, otlp_token, remembered_port

    then = old.wish if old else {}
    allow_remote = asked.allow_remote or bool(then.get("allow_remote"))
    given = asked.endpoint or then.get("endpoint")
    remembered: dict[str, Any] = {
        "endpoint": given,
        "allow_remote": allow_remote,
        "signals": list(asked.signals or then.get("signals") or ("logs",)),
        "prompts": then.get("prompts") if asked.prompts is None else asked.prompts,
        "hooks": then.get("hooks", False) if asked.hooks is None else asked.hooks,
        "replace": asked.replace or then.get("replace", False),
    }
    address = given or f"http://127.0.0.1:{remembered_port(asked.state_dir) or PORT}"
    token_there = (asked.state_dir / "otlp.token").exists()
    wish = Wish(
        endpoint=endpoint_of(address, allow_remote=allow_remote),
        token=otlp_token(asked.state_dir) if token_there or not asked.dry_run else DRY_TOKEN,
        signals=tuple(signal for signal in SIGNALS if signal in remembered["signals"]),
        prompts=remembered["prompts"],
        replace=remembered["replace"],
        hook=hook.command(asked.state_dir) if remembered["hooks"] else None,
    )
    return wish, remembered


def _base(tool: Tool, found: Found, old: Journal | None) -> tuple[str, bool, list[str]]:
    """The content without anything of ours, whether the file was there then, and what of ours somebody else changed.

    Errors: Refused.
    """
    if old is None:
        return found.text, found.content is not None, []
    if found.content is None:
        return "", False, []
    now = tool_file.digest(found.content)
    if now == old.before:
        return found.text, old.existed, []  # the note was written and the file was not: a crash in between
    if now == old.after:
        base = edits.take_back(found.text, old.way_back(), FORMATS[tool].kept_in)
        if tool_file.digest(base) == old.before:
            return base, old.existed, []
    base, others = FORMATS[tool].without(found.text, old.values, old.is_ours, old.hook)
    return base, old.existed, others


def _wrote(keys: Mapping[str, Any], old: Journal | None) -> dict[str, list[str]]:
    before = old.wrote if old else {}
    wrote = {key: [*before.get(key, [])] for key in {**before, **keys}}
    for key, value in keys.items():
        mark = journal.fingerprint(value)
        if mark not in wrote[key]:
            wrote[key] = [*wrote[key], mark][-8:]
    return wrote


def _shown(found: Found, new: str, token: str) -> list[str]:
    """The diff, without secrets: of what was there before and of what is kept for --undo, only the names.

    `token` is in what is written now; empty when nothing of ours is.
    """
    from storage.redaction import scrub

    lines = []
    for line in edits.shown(found.text, new, found.path.name):
        ours = bool(token) and line.startswith("+") and not any(kept in line for kept in KEPT_SIGNS)
        lines.append(line.replace(token, "<token>") if ours else _veiled(line))
    return scrub("\n".join(lines)).split("\n") if lines else []


def _veiled(line: str) -> str:
    """The line with its keys alone."""
    names = _STRING.sub(lambda found: found[0] if found[2] else '"…"', line)
    return _KEPT_LINE.sub(r"\1…", names)


def _tell(asked: Asked, found: Found, changed: bool, diff: list[str], wish: Wish, screen: Screen) -> None:
    gains, gives = advice.gains(asked.tool, wish), advice.gives(asked.tool, wish)
    warnings = []
    if found.content is not None and found.mode & 0o077:
        warnings.append(
            f"{found.path} is readable for others (mode {found.mode:o}) and holds the receiver's token: chmod 600"
        )
    undone_by = f"hybrid-capture setup {asked.tool} --undo"
    screen.record(
        {
            "tool": asked.tool, "file": str(found.path), "changed": changed, "written": changed and not asked.dry_run,
            "endpoint": wish.endpoint.base, "signals": list(wish.signals), "diff": diff, "gains": gains, "gives": gives,
            "warnings": warnings, "undo": undone_by,
        }
    )  # fmt: skip
    for line in diff:
        screen.say(line)
    if not changed:
        screen.say(f"{found.path} says all of this already.")
        return
    screen.say("You gain: " + "; ".join(gains) + ".")
    screen.say("You give: " + "; ".join(gives) + ".")
    for warning in warnings:
        screen.note(warning)
    if asked.dry_run:
        screen.say(f"Nothing was written. Without --dry-run this goes to {found.path}.")
    else:
        screen.say(f"Written to {found.path}. Sessions that run already go on as they were. Back: {undone_by}")
