"""Threads that somebody wants read again from their beginning, and the commands that wait for that.

`catchup.py` reads them, in a round over all threads; each command gets one answer here, whatever becomes of its thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.machines.effects import NOTHING, Effects, Send
from messages.calls import CallDone

THREADS_MAX = 16
"""Threads that are wanted again at once; one more is refused."""


@dataclass(slots=True)
class Rereads:
    """What is wanted again."""

    commands: dict[str, list[str]] = field(default_factory=dict)
    """By thread, the commands that want it, in the order in which they came."""
    last_page: str | None = None
    """Which of the threads has its last page on its way to ingest."""

    def want(self, thread_id: str, command_id: str) -> Effects:
        """Note a wish. Over `THREADS_MAX` it is refused, and nothing is noted."""
        if thread_id not in self.commands and len(self.commands) >= THREADS_MAX:
            return (done(command_id, "too many threads are read again already: try again"),)
        self.commands.setdefault(thread_id, []).append(command_id)
        return NOTHING

    def kept(self) -> Effects:
        """Everything that was on its way is durable: whoever wanted the thread whose last page that was is told."""
        if self.last_page is None:
            return NOTHING
        thread, self.last_page = self.last_page, None
        return tuple(done(each, "read again", ok=True) for each in self.commands.pop(thread, ()))

    def failed(self, threads: Iterable[str], why: str) -> Effects:
        """These are not read again: whoever wanted them is told. Threads that nobody wants are passed over."""
        commands = [command for thread in threads for command in self.commands.pop(thread, ())]
        return tuple(done(each, why) for each in commands)

    def ended(self, why: str) -> Effects:
        """None of them is read any more."""
        self.last_page = None
        return self.failed(tuple(self.commands), why)


def done(command_id: str, text: str, *, ok: bool = False) -> Send:
    """The answer to one command."""
    return Send("facade", CallDone(command_id=command_id, ok=ok, text=text))
