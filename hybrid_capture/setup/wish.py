"""What a person wants a tool to be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hybrid_capture.setup.endpoint import Endpoint

Tool = Literal["codex", "claude"]
Signal = Literal["logs", "traces", "metrics"]
SIGNALS: tuple[Signal, ...] = ("logs", "traces", "metrics")


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything that decides what is written."""

    endpoint: Endpoint
    token: str
    signals: tuple[Signal, ...] = ("logs",)
    """Logs carry all that is captured; traces and metrics repeat it and are many times as large."""
    prompts: bool | None = None
    """None: whatever the tool's own configuration says, and off where it says nothing."""
    replace: bool = False
    """Take the place of another receiver."""
    hook: str | None = None
    """The command of the Claude hook; None: no hook."""


class Refused(Exception):
    """The configuration cannot be changed as wanted. The text says what to do, and shows no value."""
