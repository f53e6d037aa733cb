"""The Python renderer on the panel's wire: typed commands, and a session that outlives its connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from hybrid_capture.renderer import Gone, Refused, Renderer
from messages.facade import IngestConfigChanges, Logout, UpdateIngestConfig
from tests.hybrid_capture.panel_house import TOKEN, PanelHouse, accept, run

PATIENCE_S = 30.0


def renderer(house: PanelHouse, **given: Any) -> Renderer:
    return Renderer(f"http://127.0.0.1:{house.port}", **{"token": TOKEN, **given})


async def cut(house: PanelHouse) -> None:
    """Every connection breaks, as when a cable is pulled."""
    for connection in list(house.sockets._speaking.values()):
        connection.end.set()
    while house.sockets.count:
        await asyncio.sleep(0)


def test_a_command_has_its_answer_and_its_effect() -> None:
    async def story(house: PanelHouse) -> None:
        async with renderer(house) as panel:
            assert (await panel.ask(Logout(command_id="c1")))["answer"] == "accepted"
            assert (await panel.do(Logout(command_id="c2")))["ok"] is True
            changes = IngestConfigChanges(links=False)
            await panel.do(UpdateIngestConfig(command_id="c3", changes=changes, expected_revision=1))
            assert '"changes":{"links":false}' in house.said[-1][2], "null would be a choice"

    run(story)


def test_what_is_told_while_it_is_away_is_heard_when_it_is_back() -> None:
    async def story(house: PanelHouse) -> None:
        async with renderer(house) as panel:
            await panel.subscribe()
            session = panel.session
            house.tell([session], {"event": "n", "n": 0})
            first = await panel.next_event(PATIENCE_S)
            await cut(house)
            for number in range(1, 5):
                house.tell([session], {"event": "n", "n": number})
            heard = [await panel.next_event(PATIENCE_S) for _ in range(4)]
            assert [each["n"] for each in (first, *heard) if each is not None] == [0, 1, 2, 3, 4]
            assert (panel.session, panel.reconnects) == (session, 1)

    run(story)


def test_a_command_on_its_way_when_the_connection_breaks_is_said_again_under_its_id() -> None:
    async def story(house: PanelHouse) -> None:
        house.answer = lambda command: []
        async with renderer(house) as panel:
            asking = asyncio.create_task(panel.ask(Logout(command_id="c1")))
            while not house.said:
                await asyncio.sleep(0)
            house.answer = accept
            await cut(house)
            assert (await asking)["answer"] == "accepted"
            assert [text for _, _, text in house.said] == [house.said[0][2]] * 2

    run(story)


def test_a_gateway_that_knows_nothing_is_told_of_and_subscribed_to_again() -> None:
    async def story(house: PanelHouse) -> None:
        async with renderer(house) as panel:
            await panel.subscribe(live=True)
            house.answer = lambda command: []
            asking = asyncio.create_task(panel.do(Logout(command_id="c1")))
            while len(house.said) < 2:
                await asyncio.sleep(0)
            house.answer = accept
            house.hub.sessions.clear()
            await cut(house)
            refused = await asking
            assert (refused["answer"], refused["code"]) == ("refused", "AWAY"), "it may have been done: not said again"
            assert await panel.next_event(PATIENCE_S) == {"event": "anew"}
            while len(house.said) < 3:
                await asyncio.sleep(0)
            assert '"live":true' in house.said[-1][2]

    run(story)


def test_a_wrong_token_is_refused_for_good() -> None:
    async def story(house: PanelHouse) -> None:
        with pytest.raises(Refused, match="4401"):
            async with renderer(house, token="guess"):
                pass

    run(story)


def test_who_is_closed_hears_no_more() -> None:
    async def story(house: PanelHouse) -> None:
        async with renderer(house) as panel:
            house.answer = lambda command: []
            asking = asyncio.create_task(panel.ask(Logout(command_id="c1")))
            while not house.said:
                await asyncio.sleep(0)
        with pytest.raises(Gone):
            await asking
        assert [each async for each in panel.events()] == []

    run(story)


def test_fifty_subscribers_hear_every_event_while_some_come_and_go() -> None:
    async def story(house: PanelHouse) -> None:
        async with contextlib.AsyncExitStack() as stack:
            panels = [await stack.enter_async_context(renderer(house)) for _ in range(50)]
            for panel in panels:
                await panel.subscribe()
            sessions = [panel.session for panel in panels]
            for number in range(100):
                house.tell(sessions, {"event": "n", "n": number})
                if number == 50:
                    await cut(house)
            for panel in panels:
                heard = [await panel.next_event(PATIENCE_S) for _ in range(100)]
                assert [each["n"] for each in heard if each is not None] == list(range(100))
            assert all(panel.reconnects == 1 for panel in panels)

    run(story)
