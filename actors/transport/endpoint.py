"""What identifies a transport and what it is started with; pickled when a child is started by spawn."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from thespian.actors import ActorAddress
from thespian.system.transport import TransportInit__Base

from actors.transport.allowlist import ClassName
from actors.transport.seal import KEY_BYTES, TOKEN_BYTES


class SealedAddress:
    """Where an actor is reached: eight random bytes, never used twice. Hashable, unlike Thespian's own wrapper."""

    __slots__ = ("token",)

    def __init__(self, token: bytes) -> None:
        self.token = token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealedAddress) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __str__(self) -> str:
        return self.token.hex()

    __repr__ = __str__


def new_address() -> Any:
    """A fresh address in Thespian's wrapper."""
    return ActorAddress(SealedAddress(os.urandom(TOKEN_BYTES)))


@dataclass(frozen=True)
class Settings:
    """One actor system's transport: the same in all of its processes. The key stays in memory: it reaches a forked
    child with the fork and a spawned one through multiprocessing's pipe."""

    folder: str
    """The private folder, absolute; `private_folder.prepare` made it."""
    allowed: frozenset[ClassName] = frozenset()
    """Application classes that may cross."""
    key: bytes = field(default_factory=lambda: os.urandom(KEY_BYTES), repr=False)
    """The run key."""


@dataclass(frozen=True)
class Endpoint(TransportInit__Base):  # type: ignore[misc]  # thespian is untyped
    """What a transport object is made from; `addrInst` is the name Thespian asks for."""

    settings: Settings
    admin: Any
    """Address of the system's admin."""
    parent: Any = None
    """Address of the parent; None outside the system."""
    token: bytes | None = None
    """The address to take; None for a fresh one."""
    addrInst: int | None = None
    """Number of this child at its parent."""
    child: bool = True
    """A process of the system, which may listen to its signals; False for the host's own endpoints."""
