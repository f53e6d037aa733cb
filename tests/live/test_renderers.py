"""Python renderers on a real tree: what they hear when the gateway or the root dies, and who may decide a question."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hybrid_capture.renderer import Renderer
from tests.live.house import PATIENCE_S, House

pytestmark = pytest.mark.live


async def until(panel: Renderer, event: str, **fields: Any) -> dict[str, Any]:
    """The next event of this name with these fields."""
    async with asyncio.timeout(PATIENCE_S):
        async for told in panel.events():
            if told["event"] == event and all(told.get(name) == value for name, value in fields.items()):
                return told
    raise AssertionError("the renderer was closed")


def test_a_renderer_outlives_the_gateway_and_the_root(house: House) -> None:
    async def story() -> None:
        async with Renderer.of(house.runtime.state_dir) as panel:
            await panel.subscribe()
            await until(panel, "status")
            sessions = [panel.session]
            for victim in ("gateway", "root"):
                await asyncio.to_thread(house.kill, victim)
                await until(panel, "anew")
                await until(panel, "status")
                sessions.append(panel.session)
                await asyncio.to_thread(house.active)
                answer = await panel.ask({"command": "getTransitions", "limit": 5})
                assert len(answer["data"]["transitions"]) == 5
            assert len(set(sessions)) == 3

    asyncio.run(story())


def test_a_question_about_a_file_change_is_decided_once_by_whoever_it_was_shown_to(house: House) -> None:
    async def story() -> None:
        folder = house.runtime.state_dir
        async with Renderer.of(folder) as one, Renderer.of(folder) as two, Renderer.of(folder, "observer") as looks:
            for panel in (one, two, looks):
                await panel.subscribe()
            thread = (await one.do({"command": "startThread"}))["result"]["threadId"]
            await one.do({"command": "startTurn", "threadId": thread, "text": "SCN:patch:approve change it"})
            shown = [await until(panel, "approvalRequested") for panel in (one, two, looks)]
            assert {each["kind"] for each in shown} == {"fileChange"}
            assert all(each["diff"].startswith("--- /dev/null\n+++ ") for each in shown)
            assert len({each["token"] for each in shown}) == 3
            assert shown[2]["token"] == ""

            async def decide(panel: Renderer, token: str) -> dict[str, Any]:
                return await panel.do({"command": "submitApproval", "token": token, "decision": "accept"})

            assert (await decide(two, shown[0]["token"]))["code"] == "UNKNOWN_ID", "it was shown to somebody else"
            assert (await decide(looks, shown[0]["token"]))["code"] == "NOT_ALLOWED"
            assert (await decide(one, shown[0]["token"]))["ok"] is True
            closed = await until(two, "approvalClosed")
            assert (closed["token"], closed["outcome"]) == (shown[1]["token"], "accept")
            assert (await decide(two, shown[1]["token"]))["code"] == "UNKNOWN_ID", "it is over"
            ended = await until(one, "turnStored")
            assert ended["status"] == "completed"
            snapshot = await one.do({"command": "codexAppServerRequestThreadSnapshot", "threadId": thread})
            assert snapshot["ok"], snapshot
            assert snapshot["result"]["session"]["sessionId"] == thread
            assert {each["source"] for each in snapshot["result"]["coverage"]} == {"stream", "pull"}
            # The history is written every other second, behind what was captured.
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    found = await one.ask({"command": "getTrace", "turnId": ended["turnId"]})
                    if found["answer"] == "data":
                        break
                    assert found["code"] in ("UNKNOWN_ID", "TOO_OFTEN"), found
                    await asyncio.sleep(0.2)  # no event tells of it

    asyncio.run(story())
