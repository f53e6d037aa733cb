"""What a person changes in the config of a running runtime: the stream kill switch, and choices for the next start."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from messages.base import Message


class SetKillSwitch(Message):
    """Facade → supervisor, which writes it to the config file first; answered by `SupervisionDone`."""

    command_id: str
    on: bool
    expected_revision: int | None = None
    """The config's revision that the person saw; another one by now: nothing changes, code `CONFLICT`."""


class ChangeConfig(Message):
    """Facade → supervisor, which writes it to the config file; `SupervisionDone`. Holds from the next start on."""

    command_id: str
    changes: dict[str, Any] = Field(repr=False)
    """Settings by their names, those of `IngestConfigChanges`; None takes a choice out of the file."""
    expected_revision: int
