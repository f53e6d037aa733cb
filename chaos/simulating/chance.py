"""Chance that a seed decides, and that does not shift when something else is left out.

Each draw belongs to a stream and a number within it: taking a fault out of a plan leaves every other draw as it was,
so a shrunk story is still the same story.
"""

from __future__ import annotations

_MASK = (1 << 64) - 1


def mix(seed: int, stream: int, number: int) -> int:
    """64 well mixed bits of these three (splitmix64's finaliser)."""
    x = (seed * 0x9E3779B97F4A7C15 + stream * 0xBF58476D1CE4E5B9 + number * 0x94D049BB133111EB) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


class Chance:
    """One stream of draws."""

    __slots__ = ("_number", "_seed", "_stream")

    def __init__(self, seed: int, stream: int) -> None:
        self._seed, self._stream, self._number = seed, stream, 0

    def below(self, bound: int) -> int:
        """A number from 0 to `bound - 1`."""
        self._number += 1
        return mix(self._seed, self._stream, self._number) % bound

    def between(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def one_in(self, many: int) -> bool:
        return self.below(many) == 0
