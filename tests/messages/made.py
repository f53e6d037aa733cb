"""Messages made from their field types: any of a class, or one with a secret in every field that may hold content."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from messages.base import _NAMES, Message
from messages.facade import StartLogin

SECRET = "sk-planted-secret-0123456789"
TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
CLASSES = [kind for _, kind in sorted(Message.REGISTRY.items())]


def messages_of(kind: type[Message]) -> st.SearchStrategy[Any]:
    """Any message of this class."""
    fields = {name: _of_field(field) for name, field in kind.model_fields.items()}
    if kind is StartLogin:
        # A key or token login has its secret, and a token its account: the class says so itself.
        fields |= {"secret": st.text(min_size=1, max_size=9), "account_id": st.text(min_size=1, max_size=9)}
    return st.builds(lambda **given: kind(**given), **fields)


def with_secrets(kind: type[Message]) -> Message:
    """One message of this class with SECRET in every text, key and blob that is neither an id nor a closed word."""
    return kind(**{name: _secret(name, field.annotation, field.metadata) for name, field in kind.model_fields.items()})


def holds_content(name: str) -> bool:
    """Whether a text field of this name may hold what somebody said, so that it must never print."""
    return not (name.endswith("_id") or name in _NAMES)


def _of_field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _of(field.annotation, field.metadata)


def _bounds(metadata: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in metadata:
        if isinstance(each, FieldInfo):
            found |= _bounds(each.metadata)
        elif isinstance(each, Ge):
            found["ge"] = each.ge
        elif isinstance(each, Gt):
            found["ge"] = each.gt + 1  # type: ignore[operator]  # whole numbers
        elif isinstance(each, Le):
            found["le"] = each.le
        elif isinstance(each, MinLen):
            found["min"] = each.min_length
        elif isinstance(each, MaxLen):
            found["max"] = each.max_length
        elif getattr(each, "pattern", None):
            found["pattern"] = each.pattern
    return found


def _of(kind: Any, metadata: Any = ()) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _of(inner[0], (*metadata, *inner[1:]))
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of(*(_of(each, metadata) for each in inner))
    if origin is tuple:
        return st.lists(_of(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(inner[0]), _of(inner[1]), max_size=3)
    if kind is Any:
        return JSON
    if isinstance(kind, type) and issubclass(kind, Message):
        return messages_of(kind)
    return _scalar(kind, _bounds(metadata))


def _scalar(kind: Any, bounds: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind is bool:
        return st.booleans()
    if kind is int:
        low = bounds.get("ge", -(2**70))
        return st.integers(low, bounds.get("le", max(low, 0) + 2**70))
    if kind is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if kind is bytes:
        return st.binary(max_size=64)
    if kind is type(None):
        return st.none()
    assert kind is str, f"no strategy for {kind}"
    if "pattern" in bounds:
        return st.from_regex(bounds["pattern"], fullmatch=True).filter(lambda text: 0 < len(text) <= bounds["max"])
    return st.text(min_size=bounds.get("min", 0), max_size=bounds.get("min", 0) + 12)


def _secret(name: str, kind: Any, metadata: Any = ()) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _secret(name, inner[0], (*metadata, *inner[1:]))
    if origin is Literal:
        return inner[0]
    if origin in (Union, types.UnionType):
        return _secret(name, inner[0], metadata)
    if origin is tuple:
        return (_secret(name, inner[0]),) * 2
    if origin is dict:
        key = SECRET if inner[0] is str else get_args(inner[0])[0]
        return {key: _secret(name, inner[1])}
    if kind is Any:
        return {SECRET: [SECRET]}
    if kind is str:
        return SECRET if holds_content(name) else "id-1"
    if kind is bytes:
        return SECRET.encode()
    if isinstance(kind, type) and issubclass(kind, Message):
        return with_secrets(kind)
    return {bool: True, int: max(1, _bounds(metadata).get("ge", 1)), float: 1.0}[kind]
