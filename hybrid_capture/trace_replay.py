"""The verb `trace replay`: whether machines decide as in a recording. What it does is in `chaos/replaying.py`."""

from __future__ import annotations

from pathlib import Path

from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, USAGE, WRONG, Problem


def show(recording: Path, screen: Screen) -> int:
    """Replay a file. Exit code 1 at the first different decision. Errors: OSError, Problem when it is no recording."""
    from chaos.replaying import NotARecording, replay

    with recording.open("rb") as lines:
        try:
            found = replay(lines)
        except NotARecording as error:
            raise Problem("NOT_A_RECORDING", f"{recording}: {error}", USAGE) from None
    other = found.difference
    told = None if other is None else {
        "n": other.n, "machine": other.machine, "verb": other.verb, "asked": other.heard,
        "expected": other.expected, "got": other.got,
    }  # fmt: skip
    screen.record(
        {"decisions": found.decisions, "machines": found.machines, "cut": found.cut, "same": told is None,
         "difference": told}
    )  # fmt: skip
    if other is not None:
        screen.say(str(other))
        return WRONG
    cut = "; the recording was cut, what followed is not in it" if found.cut else ""
    screen.say(f"the same: {found.decisions:,} decisions of {found.machines} machines{cut}")
    return DONE
