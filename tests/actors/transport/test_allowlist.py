from __future__ import annotations

import importlib
import os
import pickle
import pickletools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.transport.allowlist import (
    SYSTEM_CLASSES,
    AllowList,
    MessageTooLargeError,
    NotOnAllowListError,
    class_names,
)
from actors.transport.seal import MESSAGE_BYTES_MAX, Reason, Reject


@dataclass
class Listed:
    value: object


@dataclass
class Unlisted:
    value: object = None


class Runs:
    def __reduce__(self) -> object:
        return (os.abort, ())


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(message=plain)
def test_plain_data_crosses_without_any_class(message: object) -> None:
    allowed = AllowList()
    assert allowed.loads(allowed.dumps(message)) == message


@given(value=plain)
def test_a_listed_class_crosses_with_its_contents(value: object) -> None:
    allowed = AllowList(class_names([Listed]))
    assert allowed.loads(allowed.dumps(Listed(value))) == Listed(value)


@given(raw=st.binary(max_size=300))
def test_random_bytes_never_raise_and_never_run(raw: bytes) -> None:
    AllowList().loads(raw)


def test_a_class_off_the_list_fails_at_the_sender() -> None:
    with pytest.raises(NotOnAllowListError, match="Unlisted"):
        AllowList(class_names([Listed])).dumps(Unlisted())


def test_a_class_off_the_list_is_refused_at_the_receiver_however_deep() -> None:
    allowed = AllowList(class_names([Listed]))
    for message in (Unlisted(), [Unlisted()], Listed({"a": [Unlisted()]}), Runs(), Listed(Runs())):
        assert allowed.loads(pickle.dumps(message, 5)) == Reject(Reason.FORBIDDEN_CLASS)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80\x05cos\nsystem\n(S'true'\ntR.",
        b"\x80\x05cbuiltins\neval\n(S'1'\ntR.",
        b"\x80\x05\x8c\x07logging\x8c\x0cos.path.join\x93.",
        b"\x80\x05\x8c\x0fthespian.actors\x8c\x05Actor\x93.",
        b"\x80\x05\x8c\x0fthespian.actors\x8c\x0eValidateSource\x93.",
    ],
)
def test_no_opcode_reaches_another_name(raw: bytes) -> None:
    assert AllowList().loads(raw) == Reject(Reason.FORBIDDEN_CLASS)


def test_rubbish_is_unreadable() -> None:
    for raw in (b"", b"\x80\x05", b"not a pickle", b"\x80\x05Q.", b"\x80\x05]" + b"\x94" * 9):
        assert AllowList().loads(raw) == Reject(Reason.UNREADABLE)


def test_a_message_over_the_maximum_fails_at_the_sender() -> None:
    with pytest.raises(MessageTooLargeError):
        AllowList().dumps(b"x" * MESSAGE_BYTES_MAX)


def test_pickles_are_of_protocol_5() -> None:
    opcodes = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(AllowList().dumps({"a": 1}))]
    assert opcodes[0] == ("PROTO", 5)


def test_the_systems_own_list_names_real_classes() -> None:
    for module, name in SYSTEM_CLASSES:
        assert isinstance(getattr(importlib.import_module(module), name), type)
