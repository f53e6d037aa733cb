"""A store with seven sessions in it, and how a renderer reads it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from messages import renderer_reads as say
from messages.renderer_words import Command
from storage.pages import Pages
from tests.storage.story import Stream, message, open_store, thread, turn

BYTES = 512 * 1024


def seven_sessions(place: str) -> Iterator[Pages]:
    """Sessions t0 to t6, each with a turn of three items; closed when the fixture is over."""
    store = open_store(place)
    stream = Stream(store)
    for number in range(7):
        stream.send(
            3,
            sessions=[
                thread(f"t{number}", cwd=f"/work/{number}", title=f"100% of_{number}", created_at_ms=100 + number)
            ],
            turns=[
                turn("completed", turn="u1", session=f"t{number}", completed_at_ms=500, usage={"input": 4, "output": 2})
            ],
            items=[message(f"i{n}", f"hello {n}", turn="u1", session=f"t{number}") for n in range(3)],
        )
    yield (found := Pages(place))
    found.close()
    store.close()


def read(pages: Pages, command: Command, bytes_max: int = BYTES) -> Any:
    data = pages.read(command, time.monotonic() + 60, bytes_max)
    assert isinstance(data, say.READS[type(command)])
    return data
