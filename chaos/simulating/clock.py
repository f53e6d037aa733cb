"""Virtual time: µs that pass only when the scheduler says so, and a wall clock that may be set to anything."""

from __future__ import annotations

from dataclasses import dataclass

from actors.machines.standing import Now

START_MONO_US = 1_000_000_000
START_WALL_MS = 1_700_000_000_000


@dataclass(slots=True)
class VirtualClock:
    """Both clocks of one simulated machine."""

    us: int = START_MONO_US
    """Monotonic."""
    wall_offset_ms: int = START_WALL_MS - START_MONO_US // 1000

    def now(self) -> Now:
        """What the actors read."""
        mono = self.us // 1000
        return Now(mono=mono, wall=mono + self.wall_offset_ms)

    @property
    def ms(self) -> int:
        """Since the simulation began."""
        return (self.us - START_MONO_US) // 1000

    def set_wall(self, by_ms: int) -> None:
        """Somebody sets the wall clock; the monotonic one does not notice."""
        self.wall_offset_ms += by_ms
