"""What every message has in common: frozen, strict, closed, and silent about its content.

A message prints as its type, its ids and the sizes of the rest. Thespian's own log, tracebacks and traces see
messages before redaction does, so printing content here would be a leak (facts: Thespian logs `str(message)` when a
handler raises).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

ID_CHARS_MAX = 64
"""An id longer than this is cut when printed."""


class Message(BaseModel):
    """A value that one actor tells another. Immutable; unknown fields are an error; content never prints.

    Subclasses register by class name, which must be unique in the project because dispatch is by name.
    Errors: AssertionError at import when a name is taken (ours, never a peer's); pydantic.ValidationError on bad
    fields, with the input hidden.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    REGISTRY: ClassVar[dict[str, type[Message]]] = {}
    """Every concrete message class by its name."""

    BLOB: ClassVar[str | None] = None
    """Name of the one `bytes` field that travels beside the JSON header instead of inside it, if any."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        known = Message.REGISTRY.get(cls.__name__)
        same = known is not None and known.__module__ == cls.__module__
        assert known is None or same, f"two messages are called {cls.__name__}: {known} and {cls}"
        Message.REGISTRY[cls.__name__] = cls

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            # pydantic's own error for a frozen instance shows the value, hidden input or not (2.14).
            raise AttributeError(f"{type(self).__name__} is immutable: make another with model_copy")

    def __repr_args__(self) -> Any:
        for name in type(self).model_fields:
            yield name, _shown(name, getattr(self, name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={shown}' for name, shown in self.__repr_args__())})"

    def __str__(self) -> str:
        return repr(self)


def _shown(name: str, value: object) -> str:
    """What may be printed of one field: numbers, flags, ids; of everything else only its type and size."""
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, str) and (name.endswith("_id") or name in _NAMES):
        return value[:ID_CHARS_MAX]
    if isinstance(value, str | bytes | tuple | list | dict | frozenset):
        return f"<{type(value).__name__} {len(value)}>"
    return f"<{type(value).__name__}>"


_NAMES = frozenset({"role", "state", "mode", "auth_mode", "origin", "kind", "status", "command", "code", "source"})
"""Fields that hold one of our own closed words, safe to print."""
