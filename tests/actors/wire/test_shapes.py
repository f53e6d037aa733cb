from __future__ import annotations

import pytest
from pydantic import ValidationError

from actors.wire import shapes


def refused(shape: type, value: object) -> str:
    with pytest.raises(ValidationError) as problem:
        shapes.adapter(shape).validate_python(value, strict=True)
    return shapes.reason_of(problem.value)


def test_unknown_fields_pass_and_needless_ones_may_be_missing():
    turn = {"threadId": "t", "turn": {"id": "u", "status": "completed", "more": 1}, "new": 2}
    valid = shapes.adapter(shapes.TurnEvent).validate_python(turn, strict=True)
    assert valid["turn"]["id"] == "u"


def test_nothing_is_converted():
    assert refused(shapes.ThreadOnly, {"threadId": 5}) == "threadId: string_type"
    assert refused(shapes.Login, {"success": "true"}) == "success: bool_type"
    assert refused(shapes.Resolved, {"threadId": "t", "requestId": True}).startswith("requestId.int: int_type")


def test_a_reason_is_short_and_names_fields_only():
    assert refused(shapes.ThreadOnly, "secret") == "params: dict_type"
    reason = refused(shapes.UsageEvent, {"tokenUsage": {"last": {}, "total": "secret"}})
    assert "secret" not in reason
    assert len(reason) <= shapes.REASON_CHARS_MAX
