"""Other programs' packages that bear our names: those that come first, and those that were installed into ours.

`actors`, `messages`, `storage` and `chaos` are common words. This file imports nothing of those, so that it can still
say what is wrong when they are not ours.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

DISTRIBUTION = "hybrid-capture"
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


def mixed(place: Path) -> str:
    """Which distributions have put files into packages of ours in this folder; empty when none has.

    An installer does not ask before it writes into a folder that is there: who came last has won file by file.
    """
    found = []
    for each in importlib.metadata.distributions(path=[str(place)]):
        name = each.metadata["Name"]
        shared = sorted({file.parts[0] for file in each.files or ()}.intersection(PACKAGES))
        if shared and name != DISTRIBUTION:
            found.append(f"{name} in {', '.join(shared)}")
    return f"not ours alone: {'; '.join(sorted(found))} (in {place})" if found else ""
