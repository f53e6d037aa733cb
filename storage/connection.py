"""The seam between the store's verbs and an engine: how a statement runs, and how a write commits or leaves nothing.

SQL is written once, in the words that both engines know, with `?` for each parameter. `sqlite.py` and `postgres.py`
are the engines; `database.py` opens them. Never here: SQL of its own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Literal, Protocol

import peewee
from peewee import IntegrityError, ProgrammingError

from storage.errors import StoreError

BUSY_MS = 1_000
"""How long a write waits for somebody else's lock; well inside the ping deadline of the actor that writes."""
REFUSED_MS = 20
"""How long it waits when the write before it did not get the lock. Several writes that each wait a whole `BUSY_MS` keep
their actor from answering for so long that it counts as hung (seen)."""


class Cursor(Protocol):
    """What a statement gives, on either engine."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Database(peewee.Database):
    """An open database."""

    dialect: ClassVar[Literal["sqlite", "postgres"]]
    errors: ClassVar[tuple[type[Exception], ...]]
    """What a statement may raise: peewee wraps what comes at its beginning, not what comes while rows are fetched."""
    label: str
    """What a person calls it in a sentence: a path, or server and database; never a user or a password."""

    @abstractmethod
    def run(self, sql: str, params: Sequence[Any] = ()) -> Cursor:
        """Run one statement. The driver keeps it prepared: the same text again costs no parsing."""

    @abstractmethod
    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for each row of parameters; gives how many rows of the table that changed in all."""

    @abstractmethod
    def add(self, sql: str, params: Sequence[Any]) -> int | None:
        """Run one INSERT of one row into a table with an `id`; gives that id, or None when the row was there already
        (ON CONFLICT DO NOTHING)."""

    @abstractmethod
    def tables(self) -> set[str]:
        """Names of the tables that are there."""

    @abstractmethod
    def joined(self, column: peewee.Node) -> peewee.Node:
        """The distinct texts of a column in one text, with commas between."""

    @abstractmethod
    def failure(self, error: Exception) -> StoreError:
        """What an error of the driver means to a person; never a stored value or a part of a DSN."""

    @abstractmethod
    def begin_read(self) -> None:
        """Begin a transaction that sees one moment and writes nothing."""

    @abstractmethod
    def begin_write(self) -> None:
        """Begin a transaction that nobody else's write can come between. Waits for a bounded time."""

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several queries that see the same moment. Errors: StoreUnavailable, StoreCorrupt."""
        try:
            self.begin_read()
            try:
                yield
            finally:
                self.rollback()
        except (IntegrityError, ProgrammingError):
            raise
        except self.errors as error:
            self.leave()
            raise self.failure(error) from None

    @abstractmethod
    def give_up_at(self, due_s: float) -> None:
        """From now on a statement that still runs at this moment of the monotonic clock fails."""

    @abstractmethod
    def leave(self) -> None:
        """Get out of a transaction after trouble; the connection is dropped when that is all that is left to do."""


class Writer(Database):
    """The one writing connection of a store. Opened in the process that uses it: it must not be carried over a fork."""

    def look(self) -> None:
        """See that what is stored is still there, as far as a glance can tell. Errors: StoreCorrupt."""

    @abstractmethod
    def unhurried(self) -> AbstractContextManager[None]:
        """Around a write whose loss in a power failure would be no loss: its commit does not wait for the disk. What is
        committed in the ordinary way before and after it is as durable as ever."""

    @abstractmethod
    def indexes(self) -> list[str]:
        """Full-text indexes that are tables of their own and have to be merged, checked and rebuilt by name."""

    @abstractmethod
    def reclaim(self, compact: bool) -> bool:
        """Let nothing of what was deleted stay behind; with `compact`, give its space back to the disk as well.

        False when somebody who reads right now kept some of it: it goes with the next try.
        Errors: StoreUnavailable, StoreCorrupt.
        """

    @contextmanager
    def write(self, undo: Callable[[], None]) -> Iterator[None]:
        """One transaction: commits at the end, or leaves nothing and calls `undo`, so that memory forgets it too.

        Errors: StoreUnavailable when it did not commit (the next call starts fresh), StoreCorrupt when what is stored
        is damaged. Any other exception passes after the rollback. When the connection to a server breaks in the very
        commit it may be stored all the same: every verb recognises its repetition.
        """
        try:
            self.begin_write()
            yield
            self.commit()
        except (IntegrityError, ProgrammingError):
            self._give_up(undo)
            raise  # a mistake of ours: no retry would help, so it must not look like a full disk
        except self.errors as error:
            self._give_up(undo)
            raise self.failure(error) from None  # the driver's own words may quote what no log should hold
        except BaseException:  # whatever the caller raised, half of its rows must not stay
            self._give_up(undo)
            raise

    def _give_up(self, undo: Callable[[], None]) -> None:
        undo()
        self.leave()
