from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import rpc
from actors.wire.frames import Response, RpcError
from actors.wire.rpc import Abandoned, Full, Pending, Settled, TimedOut, UnknownReply


def answer(request_id: int | str, value: object = None) -> Response:
    return Response(request_id, value, None)


def test_lines_are_one_line_without_a_jsonrpc_field():
    assert rpc.request(1, "m", {"a": "x\ny"}) == b'{"method":"m","id":1,"params":{"a":"x\\ny"}}\n'
    assert rpc.request("s", "m") == b'{"method":"m","id":"s"}\n'
    assert rpc.notification("initialized") == b'{"method":"initialized"}\n'
    assert rpc.notification("n", {}) == b'{"method":"n","params":{}}\n'
    assert rpc.result(0, {"decision": "accept"}) == b'{"id":0,"result":{"decision":"accept"}}\n'
    assert rpc.error("x", -32601, "no") == b'{"id":"x","error":{"code":-32601,"message":"no"}}\n'
    assert rpc.error(0, 1, "no", [1]) == b'{"id":0,"error":{"code":1,"message":"no","data":[1]}}\n'


def test_a_trace_travels_beside_the_params():
    line = rpc.request(1, "turn/start", {}, "00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    assert orjson.loads(line)["trace"] == {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}


@given(st.text(alphabet=st.characters(), max_size=20))
def test_a_line_is_always_valid_utf8_on_one_line(text):
    line = rpc.request(1, "m", {"a": [text], "b": {text: 1}})
    assert line.count(b"\n") == 1
    line.decode("utf-8")
    assert orjson.loads(line)["params"]["a"] == [text.encode("utf-8", "replace").decode()]


def test_half_a_character_is_replaced_because_it_would_end_codex():
    assert orjson.loads(rpc.notification("n", {"a": ("x\ud800",), "b": 1}))["params"] == {"a": ["x?"], "b": 1}


def test_answers_find_their_requests_in_any_order():
    pending: Pending[str] = Pending(3)
    first, second = pending.issue("a", 0, 10, "one"), pending.issue("b", 0, 10, "two")
    assert (first, second) == (1, 2)
    assert pending.settle(answer(2, "r")) == Settled("two", "b", 2, "r", None)
    refused = RpcError(-32600, "no")
    assert pending.settle(Response(1, None, refused)) == Settled("one", "a", 1, None, refused)
    assert len(pending) == 0


@pytest.mark.parametrize("request_id", [0, 2, "1", -1])
def test_an_answer_to_nothing_is_unknown(request_id):
    pending: Pending[str] = Pending(3)
    pending.issue("a", 0, 10, "one")
    assert pending.settle(answer(request_id)) == UnknownReply(request_id)
    assert len(pending) == 1


def test_the_second_answer_is_unknown():
    pending: Pending[str] = Pending(3)
    pending.issue("a", 0, 10, "one")
    assert isinstance(pending.settle(answer(1)), Settled)
    assert pending.settle(answer(1)) == UnknownReply(1)


def test_no_more_than_allowed_wait():
    pending: Pending[int] = Pending(2)
    assert [pending.issue("a", 0, 10, n) for n in range(3)] == [1, 2, Full(2)]
    pending.settle(answer(1))
    assert pending.issue("a", 0, 10, 4) == 3


def test_a_request_times_out_at_its_deadline_and_its_late_answer_is_unknown():
    pending: Pending[str] = Pending(3)
    pending.issue("a", 100, 10, "one")
    pending.issue("b", 100, 5, "two")
    assert pending.expire(104) == ()
    assert pending.expire(105) == (TimedOut("two", "b", 2),)
    assert pending.settle(answer(2)) == UnknownReply(2)
    assert pending.expire(500) == (TimedOut("one", "a", 1),)


def test_with_its_process_every_request_is_given_up():
    pending: Pending[str] = Pending(3)
    pending.issue("a", 0, 10, "one")
    pending.issue("b", 0, 10, "two")
    assert pending.close_all() == (Abandoned("one", "a", 1), Abandoned("two", "b", 2))
    assert pending.close_all() == ()
    assert pending.settle(answer(1)) == UnknownReply(1)


@given(st.lists(st.tuples(st.sampled_from(["issue", "settle", "expire"]), st.integers(0, 12)), max_size=60))
def test_every_request_ends_exactly_once(steps):
    pending: Pending[int] = Pending(4)
    ended, issued = [], []
    for now, (what, n) in enumerate(steps):
        if what == "issue":
            made = pending.issue("m", now, n, len(issued) + 1)
            issued += [] if isinstance(made, Full) else [made]
        elif what == "settle":
            settled = pending.settle(answer(n))
            ended += [settled.id] if isinstance(settled, Settled) else []
        else:
            ended += [each.id for each in pending.expire(now)]
        assert len(pending) <= 4
    ended += [each.id for each in pending.close_all()]
    assert sorted(ended) == issued
