"""What one renderer was answered: who repeats a command hears its first answer and its effect again.

Bounded in number and in bytes for each renderer by itself, so that nobody makes another's commands forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

REMEMBERED_MAX = 256
"""Command ids of one renderer whose first answer is remembered; the oldest is forgotten first."""
REMEMBERED_BYTES_MAX = 2 * 1024 * 1024
"""Of those answers together, so that many large reads are not kept: a read that is forgotten is simply done again."""


@dataclass(slots=True)
class Remembered:
    """The answers of one renderer, by command id."""

    _told: OrderedDict[str, list[str]] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._told

    def __len__(self) -> int:
        return len(self._told)

    def begin(self, command_id: str) -> None:
        """The command is taken; its answer comes later."""
        self._told[command_id] = []
        self._trim()

    def keep(self, command_id: str, body: str) -> None:
        """An answer or an effect; of a command that is forgotten by now it is nothing."""
        told = self._told.get(command_id)
        if told is not None:
            told.append(body)
            self._bytes += len(body)
            self._trim()

    def told(self, command_id: str) -> tuple[str, ...]:
        """Everything that was said to this command, in order; empty while it waits for data."""
        return tuple(self._told[command_id])

    def _trim(self) -> None:
        while len(self._told) > REMEMBERED_MAX or (self._bytes > REMEMBERED_BYTES_MAX and len(self._told) > 1):
            _, forgotten = self._told.popitem(last=False)
            self._bytes -= sum(map(len, forgotten))
