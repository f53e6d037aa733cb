from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from actors.wire.frames import Control, Delta, Response, RpcError, ServerRequest, ThreadClosed


def test_a_delta_prints_ids_and_size_only():
    assert repr(Delta("t", "u", "i", "secret", "agentMessage")) == "Delta(t, u, i, agentMessage, <6>)"


def test_values_print_no_content():
    assert (
        repr(Response(1, {"a": "secret"}, RpcError(-1, "secret", "secret")))
        == "Response(id=1, error=RpcError(code=-1))"
    )
    assert "secret" not in repr(ServerRequest(0, "m", "t", "u", "i", "secret", {"a": "secret"}))


def test_values_of_different_types_are_never_equal():
    assert ThreadClosed("x") != Control("x")


def test_values_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Control("x").method = "y"  # type: ignore[misc]
