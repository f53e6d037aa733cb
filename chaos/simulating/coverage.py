"""What simulations went through: rows of tables, lines of the catalogue, kinds of faults; and what they never did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import actors.facade
import actors.machines.auth
import actors.machines.catchup
import actors.machines.facade
import actors.machines.process
import actors.machines.reading
import actors.machines.sidecar
import actors.machines.supervision
import actors.stager
from chaos.simulating.plan import TABLE
from messages.catalog import CATALOG

TABLES: tuple[tuple[str, Any, str], ...] = (
    ("auth", actors.machines.auth, "TABLE"),
    ("process", actors.machines.process, "TABLE"),
    ("sidecar", actors.machines.sidecar, "TABLE"),
    ("supervision", actors.machines.supervision, "HANDLERS"),
    ("reading", actors.machines.reading, "READERS"),
    ("catchup answered", actors.machines.catchup, "ANSWERED"),
    ("catchup failed", actors.machines.catchup, "FAILED"),
    ("policy", actors.machines.facade, "POLICY"),
    ("facade", actors.facade, "HANDLERS"),
    ("stager", actors.stager, "HANDLERS"),
)
"""The tables that decide, where the code looks them up."""

UNREACHABLE = {
    "message TreeFailed": "said when a handler of the supervisor raises: that is a violation of its own",
    "message ActorFaulted": "said when a handler raises: that is a violation of its own",
    "message Knock": "the root's pulse is kept by the simulation itself",
    "message Knocked": "the same",
    "supervision ActorFaulted": "said when a handler raises: that is a violation of its own",
    "supervision StoreSetAside": "the simulated disk fills up and dies, but damages nothing: tests/live/test_damage.py",
    "message StoreSetAside": "the same",
    "message FilesWanted": "no folder is watched here: tests/actors/machines/test_tailing.py and its live one",
    "message FilesTold": "the same",
    **{
        f"process {state} × Wanted": "wanted is said only of a stopped process; the row makes a repetition nothing"
        for state in ("starting", "running", "backing_off", "stopping", "crash_loop")
    },
    **{
        f"process {state} × Unwanted": "unwanted is said only of a process that may run; the same"
        for state in ("stopped", "stopping", "crash_loop")
    },
}
"""What no simulation can reach, and why."""

_CROSSES = "only when the app-server goes while the command is on its way: the policy lets it pass while it runs"
_TWICE = "only when it is asked to stop a second time before it has stopped"
_ANSWERS = "only when the answer to the greeting crosses the order to stop"
RARE = {
    **{f"auth {state} × NotReachable": _CROSSES for state in ("needs_login", "authenticated", "logged_out")},
    **{
        f"auth {state} × NoLogin": "only when the login ends while its cancellation is on its way"
        for state in ("needs_login", "authenticated", "logged_out")
    },
    **{f"sidecar {phase} × StopSidecar": _TWICE for phase in ("absent", "closing", "terminating", "killing")},
    **{
        f"sidecar {phase} × {answer}": _ANSWERS
        for phase in ("closing", "terminating", "killing")
        for answer in ("Greeted", "GreetingFailed")
    },
    "sidecar killing × AccountCallback": "only when a login ends in the moment between the last signal and the end",
    "sidecar closing × Hung": "only when a process is found silent just as it is asked to stop",
    "sidecar terminating × Hung": "the same",
    "process stopped × RestartOrdered": "only when the process stops while the order is on its way",
    "process starting × RestartOrdered": "only when it starts while the order is on its way",
    "process starting × StopDone": "only when the end of the one before comes after the next was wanted",
    "process stopping × Crashed": "only when it dies by itself just as it is asked to stop",
}
"""Rows that a thousand seeds may not have, and what it takes. `tests/actors/machines/` has each of them."""


class CountingTable(dict[Any, Any]):
    """The same table, which counts who looks what up."""

    def __init__(self, table: dict[Any, Any], name: str, hits: Counter[str]) -> None:
        super().__init__(table)
        self._words = {key: f"{name} {row_word(key)}" for key in table}
        self._hits = hits

    def get(self, key: Any, default: Any = None) -> Any:
        word = self._words.get(key)
        if word is None:
            return default
        self._hits[word] += 1
        return self[key]

    def __getitem__(self, key: Any) -> Any:
        word = self._words.get(key)
        if word is not None:
            self._hits[word] += 1
        return super().__getitem__(key)


def row_word(key: Any) -> str:
    """A row of a table, in words: its phase and message, or its message."""
    if isinstance(key, tuple):
        return " × ".join(row_word(part) for part in key)
    return key.__name__ if isinstance(key, type) else str(key)


class Coverage:
    """Counts over any number of simulations."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()

    def all(self) -> tuple[str, ...]:
        """Everything that could be counted, in words."""
        rows = [f"{name} {row_word(key)}" for name, module, table in TABLES for key in getattr(module, table)]
        return (*rows, *(f"message {kind.__name__}" for kind in CATALOG), *(f"fault {name}" for name in TABLE))

    def never(self) -> tuple[str, ...]:
        """What was never exercised, without what cannot be."""
        return tuple(word for word in self.all() if not self.hits[word] and word not in UNREACHABLE)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the rows that are looked up meanwhile."""
        before = [(module, table, getattr(module, table)) for _, module, table in TABLES]
        for name, module, table in TABLES:
            setattr(module, table, CountingTable(getattr(module, table), name, self.hits))
        try:
            yield
        finally:
            for module, table, real in before:
                setattr(module, table, real)
