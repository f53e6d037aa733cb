"""The exact list of classes that may come out of a pickle, and the pickling at both ends.

A pickle names the classes it wants; `find_class` is the only door and it knows a set of (module, name) pairs. All else
in a message must be plain data (numbers, text, bytes, lists, dicts), which needs no class. Thespian's messages for
loading source code, joining other hosts, changing capabilities and reading status are left out on purpose: this system
uses none of them, and the first would run code that a message brought along.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any, Final

from actors.transport.seal import MESSAGE_BYTES_MAX, Reason, Reject

ClassName = tuple[str, str]
"""(module, qualified name)"""

SYSTEM_CLASSES: Final[frozenset[ClassName]] = frozenset(
    {
        ("actors.transport.endpoint", "SealedAddress"),
        ("logging", "LogRecord"),
        ("thespian.actors", "ActorAddress"),
        ("thespian.actors", "ActorExitRequest"),
        ("thespian.actors", "ChildActorExited"),
        ("thespian.actors", "DeadEnvelope"),
        ("thespian.actors", "PoisonMessage"),
        ("thespian.system.logdirector", "LoggerExitRequest"),
        ("thespian.system.messages.admin", "HandleDeadLetters"),
        ("thespian.system.messages.admin", "PendingActor"),
        ("thespian.system.messages.admin", "PendingActorResponse"),
        ("thespian.system.messages.admin", "QueryAck"),
        ("thespian.system.messages.admin", "QueryExists"),
        ("thespian.system.messages.admin", "SystemShutdown"),
        ("thespian.system.messages.admin", "SystemShutdownCompleted"),
        ("thespian.system.messages.multiproc", "EndpointConnected"),
        ("thespian.system.messages.multiproc", "LoggerConnected"),
    }
)
"""What Thespian 4.0.1 itself sends between the processes of one system."""

_PLAIN: Final = (type(None), bool, int, float, str, bytes, bytearray, tuple, list, dict, set, frozenset)


class NotOnAllowListError(TypeError):
    """Raised where a message is sent, so that a forgotten class fails there and not silently at the receiver."""


class MessageTooLargeError(ValueError):
    """Raised where a message over MESSAGE_BYTES_MAX is sent."""


def class_names(classes: Iterable[type]) -> frozenset[ClassName]:
    """The pairs by which a pickle names these classes."""
    return frozenset((cls.__module__, cls.__qualname__) for cls in classes)


class _Forbidden(Exception):
    pass


class AllowList:
    """Pickles and unpickles (protocol 5) with the system's classes and the given ones, and no others."""

    def __init__(self, application: Iterable[ClassName] = ()) -> None:
        self._names = SYSTEM_CLASSES | frozenset(application)
        self._found: dict[ClassName, Any] = {}

    def dumps(self, message: object) -> bytes:
        """The message as bytes.

        Errors: NotOnAllowListError for a class the receiver would refuse (only the outermost is looked at; a forbidden
        class further in is refused at the receiver), MessageTooLargeError, and what pickle raises.
        """
        cls = type(message)
        if cls not in _PLAIN and (cls.__module__, cls.__qualname__) not in self._names:
            raise NotOnAllowListError(f"{cls.__module__}.{cls.__qualname__} is not on the transport's allow-list")
        data = pickle.dumps(message, protocol=5)
        if len(data) > MESSAGE_BYTES_MAX:
            raise MessageTooLargeError(f"{cls.__qualname__} of {len(data)} bytes is over {MESSAGE_BYTES_MAX}")
        return data

    def loads(self, data: bytes) -> object | Reject:
        """The message, or why it was refused: a class that is not on the list, or bytes that are no pickle."""
        unpickler = _ExactUnpickler(io.BytesIO(data))
        unpickler.names = self._names
        unpickler.found = self._found
        try:
            message: object = unpickler.load()
        except _Forbidden:
            return Reject(Reason.FORBIDDEN_CLASS)
        except Exception:  # noqa: BLE001 - damaged pickles raise nearly anything, and none of it may reach the actor
            return Reject(Reason.UNREADABLE)
        return message


class _ExactUnpickler(pickle.Unpickler):
    names: frozenset[ClassName]
    found: dict[ClassName, Any]

    def find_class(self, module: str, name: str, /) -> Any:
        pair = (module, name)
        cls = self.found.get(pair)
        if cls is None:
            if pair not in self.names:
                raise _Forbidden
            cls = self.found[pair] = super().find_class(module, name)
        return cls
