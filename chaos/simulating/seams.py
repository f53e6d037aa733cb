"""Where the live code touches the world, and what stands there during a simulation. Everything is put back after it.

A table of names: the actors stay the live ones, line for line; only what they would ask of the machine is another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import actors.facade
import actors.ingest
import actors.lifeline
import actors.questions
import actors.shell
import actors.sidecar
import actors.stager
import actors.supervisor
import actors.tracing
from chaos.simulating.hosted import Carried
from chaos.simulating.plain import PLAIN, PlainLive
from chaos.simulating.reads import Reads
from messages.base import Message


def _carried(envelope: Any) -> Message:
    message: Message = envelope.message
    return message


@contextmanager
def seams(world: Any, whole_wire: bool) -> Iterator[None]:
    """Run the actors in this world. `whole_wire`: messages cross as JSON, as they do between processes."""
    table: list[tuple[Any, str, Any]] = [
        (actors.shell, "CLOCKS", world.clock.now),
        (actors.tracing, "NANOS", lambda: world.clock.us * 1_000),
        (actors.shell, "redact", PLAIN.redact),
        (actors.questions, "redact", PLAIN.redact),
        (actors.lifeline, "die_with_parent", lambda *_: False),
        (actors.lifeline, "created_at", lambda _: 1.0),
        (actors.lifeline, "exit_notice", lambda _: None),
        (actors.lifeline, "process_is_gone", lambda *_: False),
        (actors.sidecar, "AppServer", world.spawn),
        (actors.sidecar, "end_app_server", lambda _: None),
        (actors.sidecar, "note", lambda *_: None),
        (actors.sidecar, "writer_locks", lambda *_: world.home.is_held),
        (actors.stager, "LiveSessions", lambda: lambda _session: PlainLive()),
        (actors.ingest, "Store", world.disk.open_store),
        (actors.facade, "StoreReads", partial(Reads, world)),
    ]
    if not whole_wire:
        table += [
            (actors.shell, "pack", Carried),
            (actors.shell, "unpack", _carried),
            (actors.supervisor, "unpack", _carried),
        ]
    before = [(module, name, getattr(module, name)) for module, name, _ in table]
    for module, name, stand_in in table:
        setattr(module, name, stand_in)
    try:
        yield
    finally:
        for module, name, real in before:
            setattr(module, name, real)
