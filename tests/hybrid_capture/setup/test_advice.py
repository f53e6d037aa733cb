from dataclasses import replace

import pytest

from hybrid_capture.setup import advice
from hybrid_capture.setup.endpoint import Endpoint
from hybrid_capture.setup.wish import Tool, Wish

PLAIN = Wish(endpoint=Endpoint("http://127.0.0.1:4318", remote=False), token="t")


@pytest.mark.parametrize("tool", ["codex", "claude"])
def test_everybody_hears_what_prompts_on_and_off_mean(tool: Tool) -> None:
    on, off = (replace(PLAIN, prompts=prompts) for prompts in (True, False))
    assert advice.PROMPTS[tool][1] in advice.gains(tool, on)
    assert advice.PROMPTS[tool][0] in advice.gives(tool, off)
    assert any("output" in each or "token" in each for each in advice.gives(tool, PLAIN))


def test_a_remote_endpoint_and_a_hook_are_told() -> None:
    away = replace(PLAIN, endpoint=Endpoint("https://o.test", remote=True), hook="x")
    assert any("leaves this machine" in each for each in advice.gives("claude", away))
    assert any("hook" in each for each in advice.gains("claude", away))
