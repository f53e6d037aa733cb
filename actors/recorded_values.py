"""What a machine was given, as JSON and back: messages, small values, clocks. Texts leave through `masking.py`.

Only classes that machines know can come back: a recording is a file that somebody may have written.
"""

from __future__ import annotations

import base64
import dataclasses
import types
from collections.abc import Callable, Iterable
from typing import Any, Literal, Union, get_args, get_origin

from actors.machines import effects, process, sidecar, standing, supervision
from actors.masking import COMMAND_KEYS, Mask
from messages.base import _NAMES, Message

MODULES = (effects, process, sidecar, standing, supervision)
OBJECTS: dict[str, type[Any]] = {
    f"{module.__name__}.{name}": found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, type) and dataclasses.is_dataclass(found) and found.__module__ == module.__name__
}
"""Small values that machines are given, by full name."""
WORDS = _NAMES | {
    "name", "what", "who", "before", "after", "decision", "method", "parties", "actions", "plan", "mode", "tag",
    "outcome", "phase", "choice", "key", "code", "trace",
}  # fmt: skip
"""Fields whose texts are words of ours or ids, beside those with a closed set of words."""
TEXTS = frozenset({"text", "fault", "stderr_tail", "last_error"})
"""Of small values: fields that quote somebody."""
JSON_FIELDS = frozenset({"body", "data"})


class Unreadable(Exception):
    """A recording says something that no machine is ever given."""


def encode(value: Any, mask: Mask, name: str = "", closed: bool = False) -> Any:
    """A value as JSON. `name` is the field it stands in; `closed`: its type allows only certain words."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        if closed:
            return value
        if name in JSON_FIELDS:
            return mask.line(value.encode(), COMMAND_KEYS).decode()
        return mask.word(value) if name in WORDS or name.endswith(("_id", "Id")) else mask.text(value)
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(mask.lines(value)).decode()}
    if isinstance(value, Message):
        kind = type(value)
        fields = {
            field: encode(getattr(value, field), mask, field, is_closed(info.annotation))
            for field, info in kind.model_fields.items()
        }
        return {"message": kind.__name__, "fields": fields}
    if isinstance(value, dict):
        return {"dict": [[mask.word(key), encode(each, mask, key)] for key, each in value.items()]}
    if isinstance(value, tuple | list | frozenset):
        return {type(value).__name__: [encode(each, mask, name, closed) for each in value]}
    full = f"{type(value).__module__}.{type(value).__qualname__}"
    assert full in OBJECTS, f"{full} is nothing that machines are given: see MODULES"
    names = [field.name for field in dataclasses.fields(value)]
    fields = {field: _part(getattr(value, field), mask, field) for field in names}
    return {"object": full, "fields": fields}


def _part(value: Any, mask: Mask, name: str) -> Any:
    """Small values of ours hold words, but for a few texts."""
    if isinstance(value, str):
        return mask.text(value) if name in TEXTS else mask.word(value)
    return encode(value, mask, name)


def decode(value: Any) -> Any:
    """The value again. Errors: Unreadable."""
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise Unreadable("a bare list")
        return value
    try:
        if "message" in value:
            return Message.REGISTRY[value["message"]](**{k: decode(v) for k, v in value["fields"].items()})
        if "object" in value:
            return OBJECTS[value["object"]](**{k: decode(v) for k, v in value["fields"].items()})
        if "bytes" in value:
            return base64.b64decode(value["bytes"])
        if "dict" in value:
            return {key: decode(each) for key, each in value["dict"]}
        for kind in MANY:
            if kind in value:
                return MANY[kind](decode(each) for each in value[kind])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__} in {sorted(value)[:4]}") from None
    raise Unreadable(f"{sorted(value)[:4]}")


MANY: dict[str, Callable[[Iterable[Any]], Any]] = {"tuple": tuple, "list": list, "frozenset": frozenset}


def is_closed(annotation: Any) -> bool:
    """Whether a field takes only certain words."""
    if get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) in (Union, types.UnionType, tuple):
        parts = [each for each in get_args(annotation) if each not in (type(None), ...)]
        return bool(parts) and all(is_closed(each) for each in parts)
    return False
