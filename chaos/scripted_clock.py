"""Time and ids of the scripted app-server: real by default, repeatable on request.

The same seed, clock start and start number give the same bytes on stdout for the same input (process ids apart).
"""

from __future__ import annotations

import random
import time


class Clock:
    """Epoch ms: the real clock, or one that ticks 1 ms per reading after `start_ms`."""

    def __init__(self, start_ms: int | None = None) -> None:
        self._last_ms = start_ms

    def __call__(self) -> int:
        if self._last_ms is None:
            return time.time_ns() // 1_000_000
        self._last_ms += 1
        return self._last_ms


class Ids:
    """UUIDs version 7: their time is `clock`, their random part comes from the seed (None: from the system).

    Each is greater than the one before, also within one millisecond and when the clock steps back.
    """

    def __init__(self, seed: str | None, clock: Clock) -> None:
        self._random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)
        self._clock = clock
        self._last = (0, 0)

    def __call__(self) -> str:
        last_ms, last_bits = self._last
        now_ms, bits = self._clock(), self._random.getrandbits(74)
        if now_ms <= last_ms:
            now_ms, bits = last_ms, last_bits + 1 + self._random.getrandbits(32)
        self._last = (now_ms, bits)
        value = now_ms << 80 | 7 << 76 | (bits >> 62 & 0xFFF) << 64 | 2 << 62 | bits & (2**62 - 1)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
