from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import fields
from actors.wire.frames import Delta
from actors.wire.hot import HOT_METHODS, control_lines, is_hot
from actors.wire.methods import decode


def line(method: str, **params: object) -> bytes:
    return orjson.dumps({"method": method, "params": params, "emittedAtMs": 1})


HOT = [line(method, threadId="t", delta='"},"emittedAtMs":') for method in HOT_METHODS]
COLD = [
    b"",
    b'{"id":1,"result":{}}',
    b'{"method":"item/agentMessage/deltas","params":{}}',
    b'{ "method":"item/agentMessage/delta","params":{}}',
    b'{"method":"item/commandExecution/requestApproval","id":0,"params":{}}',
    b"\xff",
    *(line(method) for method in sorted(fields.NOTIFICATIONS.keys() - set(HOT_METHODS))),
]


@pytest.mark.parametrize("method", HOT_METHODS)
def test_hot_is_what_becomes_a_delta(method):
    params = {"threadId": "t", "turnId": "u", "itemId": "i", "delta": "", "summaryIndex": 0, "contentIndex": 0}
    text = line(method, **params)
    assert is_hot(text)
    assert isinstance(decode(text), Delta)


@pytest.mark.parametrize("cold", COLD, ids=repr)
def test_everything_else_is_not_hot(cold):
    assert not is_hot(cold)


def test_no_data_has_no_lines():
    assert list(control_lines(b"")) == []
    assert list(control_lines(b"", 0)) == []


@given(st.lists(st.sampled_from(HOT) | st.sampled_from(HOT[:1]) | st.sampled_from(COLD)), st.booleans())
def test_control_lines_are_all_lines_that_are_not_hot_in_order(lines, told):
    data = b"".join(each + b"\n" for each in lines)
    expected = [(index, each) for index, each in enumerate(lines) if not is_hot(each)]
    assert list(control_lines(data, len(lines) if told else None)) == expected


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data):
    lines = (data + b"\n").split(b"\n")[:-1]
    assert list(control_lines(data + b"\n")) == [(i, each) for i, each in enumerate(lines) if not is_hot(each)]
