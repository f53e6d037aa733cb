"""Other programs' packages that bear our names and come first: every import of ours would meet them.

`actors`, `messages`, `storage` and `chaos` are common words. This file imports nothing of those, so that it can still
say what is wrong when they are not ours.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGES = ("actors", "chaos", "hybrid_capture", "messages", "storage")
HINT = "install hybrid-capture in a virtual environment of its own, and start it in another folder"


def place_of(package: str) -> Path | None:
    """The folder that an import of this package would take it from."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent.parent


def in_the_way() -> str:
    """What is not ours, and where ours is; empty when all packages come from one place."""
    places = {name: place_of(name) for name in PACKAGES}
    own = places["hybrid_capture"]
    strange = [f"{name} at {place or 'nowhere'}" for name, place in places.items() if place != own]
    return f"not ours: {', '.join(strange)} (ours is in {own})" if strange else ""
