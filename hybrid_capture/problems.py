"""What can go wrong with a verb, as one sentence, one word for programs, and one exit code.

Expected errors never reach a person as a traceback; a bug of ours does, without local values.
"""

from __future__ import annotations

import errno
from typing import Any

DONE = 0
WRONG = 1
USAGE = 2
NOT_RUNNING = 3
TURN_NOT_COMPLETED = 4
TIMED_OUT = 5
UNUSABLE = 6
NO_RUNTIME = 7
INTERRUPTED = 130

EXIT_CODES = {
    DONE: "done",
    WRONG: "refused, failed, or something is wrong (doctor, demo)",
    USAGE: "bad arguments or settings, or a program that is not there",
    NOT_RUNNING: "no runtime is running in the state folder",
    TURN_NOT_COMPLETED: "the turn was interrupted, failed, or was lost",
    TIMED_OUT: "not done in time",
    UNUSABLE: "the state folder or its database is taken or cannot be used",
    NO_RUNTIME: "the runtime could not start, gave up, or does not answer",
    INTERRUPTED: "Ctrl-C",
}
"""Every exit code of every verb; the help text of the command prints this table."""


class Problem(Exception):
    """A verb cannot do what was asked. The text says what to do."""

    def __init__(self, code: str, text: str, exit_code: int = WRONG) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.exit_code = exit_code


def problem_of(error: Exception) -> Problem | None:
    """The problem that an exception stands for; None for a bug of ours.

    Imports here: an error is rare, and `--help` must not pay for it.
    """
    if isinstance(error, Problem):
        return error
    from hybrid_capture.client import Unanswered
    from hybrid_capture.codex_binary import CodexNotFound
    from hybrid_capture.root_process import NotStarted
    from hybrid_capture.settings import BadSettings
    from hybrid_capture.statefolder import FolderTaken, FolderUnusable, NotRunning
    from storage.errors import ConfigConflict, ConfigUnusable, NothingCaptured, StoreError

    known: tuple[tuple[type[Exception], str, int], ...] = (
        (NotRunning, "NOT_RUNNING", NOT_RUNNING),
        (FolderTaken, "FOLDER_TAKEN", UNUSABLE),
        (FolderUnusable, "FOLDER_UNUSABLE", UNUSABLE),
        (NothingCaptured, "NOTHING_CAPTURED", UNUSABLE),
        (ConfigConflict, "CONFLICT", WRONG),
        (ConfigUnusable, "CONFIG_UNUSABLE", UNUSABLE),
        (StoreError, "STORE_UNUSABLE", UNUSABLE),
        (BadSettings, "BAD_SETTINGS", USAGE),
        (CodexNotFound, "CODEX_NOT_FOUND", USAGE),
        (NotStarted, "NOT_STARTED", NO_RUNTIME),
        (Unanswered, "UNANSWERED", NO_RUNTIME),
    )
    for kind, code, exit_code in known:
        if isinstance(error, kind):
            return Problem(code, one_sentence(str(error)), exit_code)
    if isinstance(error, UnicodeError):
        # Python hands bytes that are no text through as half characters, until somebody wants them written.
        return Problem("NOT_TEXT", "an argument, or what came on standard input, is no UTF-8 text", USAGE)
    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        where = f"{error.filename}: " if error.filename else ""
        return Problem("SYSTEM", f"{where}{error.strerror or error}")
    return None


def one_sentence(text: str) -> str:
    """`text` on one line."""
    return " ".join(text.split())


def result_of(answer: dict[str, Any]) -> dict[str, Any]:
    """What a command came to. Errors: Problem when it was refused or failed."""
    if answer.get("answer") == "refused" or answer.get("ok") is False:
        raise Problem(answer.get("code") or "FAILED", answer.get("text") or "the command failed")
    result: dict[str, Any] = answer.get("result", {})
    return result
