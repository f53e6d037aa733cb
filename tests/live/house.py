"""The house of the live tests: the stage that drills play on."""

from __future__ import annotations

from chaos.drilling.stage import PATIENCE_S, alive, gone, named
from chaos.drilling.stage import Stage as House

__all__ = ["PATIENCE_S", "House", "alive", "gone", "named"]
