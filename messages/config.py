"""The one setting that a person changes while the runtime runs: the stream kill switch."""

from __future__ import annotations

from messages.base import Message


class SetKillSwitch(Message):
    """Facade → supervisor, which writes it to the config file first; answered by `SupervisionDone`."""

    command_id: str
    on: bool
    expected_revision: int | None = None
    """The config's revision that the person saw; another one by now: nothing changes, code `CONFLICT`."""
