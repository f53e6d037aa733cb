"""The supervision tree as data: who there is, in which order they start, what their absence means."""

from __future__ import annotations

from dataclasses import dataclass

from messages.status import Role


@dataclass(frozen=True, slots=True)
class Child:
    """One leaf of the flat tree."""

    role: Role
    module: str
    actor: str
    """Class name inside `module`."""
    stream_part: bool
    """Without it the live stream cannot work; the baseline can."""
    baseline_part: bool
    """Without it nothing can be stored."""
    talks_to: tuple[Role, ...]
    """Whose addresses it is given."""


CHILDREN: tuple[Child, ...] = (
    Child("ingest", "actors.ingest", "IngestActor", True, True, ("baseline", "stager", "sidecar", "facade")),
    Child("baseline", "actors.baseline", "BaselineActor", False, True, ("ingest",)),
    Child("stager", "actors.stager", "StreamStagerActor", True, False, ("sidecar", "ingest", "facade")),
    Child("auth", "actors.auth", "AuthFSMActor", True, False, ("sidecar", "facade")),
    Child("sidecar", "actors.sidecar", "SidecarActor", True, False, ("stager", "auth", "ingest", "baseline", "facade")),
    Child("facade", "actors.facade", "FacadeActor", False, False, ("auth", "sidecar", "stager", "ingest")),
)
"""In start order; they leave in the opposite order."""

BY_ROLE = {child.role: child for child in CHILDREN}
ROLES: tuple[Role, ...] = tuple(child.role for child in CHILDREN)
