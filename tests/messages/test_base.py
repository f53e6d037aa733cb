"""What every message promises: immutable, strict, closed, uniquely named, and silent about its content."""

from __future__ import annotations

import subprocess
import sys
import traceback
from typing import Any

import pytest
from pydantic import ValidationError

import messages.catalog  # noqa: F401  (registers every message class)
from messages.base import ID_CHARS_MAX, Message
from messages.calls import TurnWanted
from messages.records import FinalItem
from tests.messages.made import CLASSES, SECRET, with_secrets

EVERY = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def wrong(value: Any) -> Any:
    """Something of another type, with the secret inside as a value."""
    return [SECRET] if isinstance(value, str) else SECRET


@EVERY
def test_a_message_cannot_be_changed(kind: type[Message]) -> None:
    message = with_secrets(kind)
    for name in kind.model_fields:
        with pytest.raises(AttributeError, match="immutable") as refused:
            setattr(message, name, SECRET)
        assert SECRET not in str(refused.value)


@EVERY
def test_an_unknown_field_is_an_error(kind: type[Message]) -> None:
    given = {name: getattr(with_secrets(kind), name) for name in kind.model_fields}
    with pytest.raises(ValidationError, match="Extra inputs") as refused:
        kind(**given, nobody_knows=SECRET)
    assert SECRET not in str(refused.value)


@EVERY
def test_a_field_of_another_type_is_an_error_that_does_not_show_the_value(kind: type[Message]) -> None:
    given = {name: getattr(with_secrets(kind), name) for name in kind.model_fields}
    for name, value in given.items():
        if kind.model_fields[name].annotation is str and isinstance(wrong(value), str):
            continue
        with pytest.raises(ValidationError) as refused:
            kind(**{**given, name: wrong(value)})
        told = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
        assert SECRET not in told, f"{kind.__name__}.{name}"


@EVERY
def test_numbers_are_not_made_from_text(kind: type[Message]) -> None:
    given = {name: getattr(with_secrets(kind), name) for name in kind.model_fields}
    for name, value in given.items():
        if isinstance(value, bool | int | float):
            with pytest.raises(ValidationError):
                kind(**{**given, name: "1"})


@EVERY
def test_a_message_prints_no_content(kind: type[Message]) -> None:
    message = with_secrets(kind)
    shown = [str(message), repr(message), f"{message}", f"{message!r}", f"{[message]}", "%s" % message]  # noqa: UP031
    shown += [str(list(message.__rich_repr__())), str(list(message.__pretty__(repr)))]
    try:
        raise RuntimeError(message)
    except RuntimeError as error:
        shown += ["".join(traceback.format_exception(error)), repr(error)]
    for text in shown:
        assert SECRET not in text
    assert str(message).startswith(f"{kind.__name__}(")


def test_a_message_prints_ids_and_sizes() -> None:
    wanted = TurnWanted(command_id="c1", thread_id="t1", text="three")
    assert str(wanted) == "TurnWanted(command_id=c1, thread_id=t1, text=<str 5>)"


def test_an_endless_id_is_cut_when_printed() -> None:
    item = FinalItem(
        session_id="x" * 10_000, turn_id="", item_id="", kind="k", status=None, started_at_ms=None,
        completed_at_ms=None, body="",
    )  # fmt: skip
    assert "x" * ID_CHARS_MAX in str(item)
    assert len(str(item)) < 400


def test_two_messages_cannot_have_one_name() -> None:
    # In a process of its own: a class that was refused would stay behind in the registry.
    text = (
        "import messages.catalog\n"
        "from messages.base import Message\n"
        "try:\n    type('Ping', (Message,), {'__module__': 'elsewhere'})\n"
        "except AssertionError as refused:\n    print(refused)\n"
    )
    told = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "two messages are called Ping" in told


@EVERY
def test_a_message_is_registered_under_its_name(kind: type[Message]) -> None:
    assert Message.REGISTRY[kind.__name__] is kind
    assert kind.__module__.startswith("messages."), "messages live in messages/"
