"""The process that looks at git for ingest: rounds when it is poked or a repository moves; ends when all is quiet.

`python -m actors.link_rounds`. Standard input: one JSON line that says where the store is, then a line for each poke;
its end is ours. Standard output: verdicts, one JSON line each, and an empty line as a sign of life with each of them
and before each rest. It reads the store and git and writes neither.
"""

from __future__ import annotations

import os
import selectors
import sys
import time
from collections.abc import Mapping

import orjson

from actors import lifeline
from storage.errors import StoreError
from storage.linking.git import Git, GitFailed
from storage.linking.look import Looker
from storage.linking.verdict import lines_of

POLL_MIN_S, POLL_MAX_S = 2.0, 60.0
POLL_SHARE = 1 / 20
"""A repository is asked again after this share of the time since its newest session changed something."""
QUIET_MS = 2 * 3_600_000
"""Without a session that changed something for this long, the process ends; ingest starts it again now and then."""
ALIVE = b"\n"
EXIT_QUIET, EXIT_NO_GIT, EXIT_NO_STORE = 0, 3, 4


def poll_s(watched: Mapping[str, int], now_ms: int) -> float | None:
    """How long until repositories are asked again; None when no session is young enough to wait for."""
    ages = [max(now_ms - last_ms, 0) for last_ms in watched.values() if now_ms - last_ms < QUIET_MS]
    if not ages:
        return None
    return min(max(min(ages) / 1000 * POLL_SHARE, POLL_MIN_S), POLL_MAX_S)


def main() -> int:
    """Rounds until standard input ends or all is quiet; gives the exit code."""
    settings = orjson.loads(_line())
    try:
        git = Git(in_child=lifeline.die_with_parent if sys.platform.startswith("linux") else None)
    except GitFailed:
        return EXIT_NO_GIT
    looker = Looker(settings["database"], git)
    poked = True
    with selectors.DefaultSelector() as waiting:
        waiting.register(0, selectors.EVENT_READ)
        while True:
            try:
                if poked or looker.stirred():
                    for verdicts in looker.round(_now_ms()):
                        _say(lines_of(verdicts) + ALIVE)
            except StoreError:
                return EXIT_NO_STORE  # ingest has the same trouble and tells it
            _say(ALIVE)
            rest_s = poll_s(looker.watched, _now_ms())
            ready = waiting.select(rest_s if rest_s is not None else POLL_MIN_S)
            if ready and not os.read(0, 65_536):
                return EXIT_QUIET
            poked = bool(ready)
            if rest_s is None and not poked:
                return EXIT_QUIET


def _line() -> bytes:
    """The first line of standard input, byte by byte: what follows it stays for the selector to see."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit(EXIT_QUIET)
        line += byte
    return line


def _say(lines: bytes) -> None:
    left = memoryview(lines)
    while left:
        left = left[os.write(1, left) :]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.exit(main())
