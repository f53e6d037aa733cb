"""What the writer remembers of rows, bounded: to forget costs a read, never a wrong row.

Plain dicts. Storing an item asks its memory some ten times, and a library's caches, which keep an order for every
question and an expiry for every answer, took an eighth of all the time that an import's writer has (measured).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(dict[K, V]):
    """A dict that begins anew at `trim()` when it holds more than `entries_max`.

    Not while a message is stored: what is remembered then may not be in the file yet. So its bound is `entries_max` and
    what one message brings.
    """

    def __init__(self, entries_max: int) -> None:
        super().__init__()
        self._entries_max = entries_max

    def trim(self) -> None:
        """A message is through."""
        if len(self) > self._entries_max:
            self.clear()


class Recent(Generic[K, V]):
    """The last `entries_max` that were put in, each for `ttl_s` of the given timer (s)."""

    def __init__(self, entries_max: int, ttl_s: float, timer: Callable[[], float]) -> None:
        self._entries_max, self._ttl_s, self._timer = entries_max, ttl_s, timer
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """What was put in under this key; None when it is too old, or was pushed out."""
        found = self._entries.get(key)
        if found is None:
            return None
        if self._timer() - found[1] >= self._ttl_s:
            del self._entries[key]
            return None
        return found[0]

    def put(self, key: K, value: V) -> None:
        """Remember it, as the newest; the oldest makes room."""
        if self._entries_max <= 0:
            return
        self._entries[key] = (value, self._timer())
        self._entries.move_to_end(key)
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
