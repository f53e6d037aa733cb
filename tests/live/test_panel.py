"""The panel's socket on a real tree: who comes in, what is answered, and what is never lost."""

from __future__ import annotations

import asyncio
import json
import stat
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.house import PATIENCE_S, House

pytestmark = pytest.mark.live


class Page:
    """A renderer that speaks the wire by hand."""

    def __init__(self, house: House) -> None:
        self.base = house.runtime.addresses["otlp"]
        self.port = self.base.rpartition(":")[2]

    def open(self, origin: str | None = "same") -> Any:
        given = f"http://127.0.0.1:{self.port}" if origin == "same" else origin
        return connect(f"ws://127.0.0.1:{self.port}/ws", origin=given, open_timeout=PATIENCE_S)  # type: ignore[arg-type]  # any text

    async def hello(self, socket: ClientConnection, **said: Any) -> dict[str, Any]:
        await socket.send(json.dumps({"op": "hello", **said}))
        return json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))  # type: ignore[no-any-return]  # an object

    async def until(self, socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message that fits, its number included."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = json.loads(await socket.recv())
                if "seq" in told and wanted(told["body"]):
                    return told  # type: ignore[no-any-return]  # an object


def answers(command_id: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: body.get("commandId") == command_id


async def closes(socket: ClientConnection) -> int:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await socket.recv()
            except ConnectionClosed as ended:
                return ended.rcvd.code if ended.rcvd is not None else 1006


def test_an_address_opens_the_panel_once_and_its_session_comes_back_without_loss(house: House) -> None:
    page = Page(house)

    async def story() -> None:
        once = house.runtime.panel_address(timeout_s=PATIENCE_S).partition("#once=")[2]
        async with page.open() as socket:
            welcome = await page.hello(socket, once=once, session=None, after=None)
            assert (welcome["op"], welcome["resumed"], welcome["seq"]) == ("welcome", False, 0)
            await socket.send('{"command":"subscribe","commandId":"c1"}')
            last = await page.until(socket, lambda body: body.get("event") == "status")
        async with page.open() as socket:
            assert await closes_after_hello(page, socket, once=once) == 4401
        said = await asyncio.to_thread(lambda: house.turn(house.thread(), "SCN:plain hello"))
        assert said["status"] == "completed"
        async with page.open() as socket:
            again = await page.hello(socket, token=welcome["token"], session=welcome["session"], after=last["seq"])
            assert (again["resumed"], again["seq"]) == (True, last["seq"])
            seen = last["seq"]
            events = []
            while "turnStored" not in events:
                told = await page.until(socket, lambda body: True)
                assert told["seq"] == seen + 1, "what was told while nobody listened is told now, in order"
                seen, events = told["seq"], [*events, told["body"].get("event")]
            await socket.send('{"command":"getSessions","commandId":"c2"}')
            found = await page.until(socket, answers("c2"))
            assert found["body"]["data"]["sessions"][0]["sources"] == ["stream"]

    asyncio.run(story())


async def closes_after_hello(page: Page, socket: ClientConnection, **said: Any) -> int:
    await socket.send(json.dumps({"op": "hello", **said}))
    return await closes(socket)


def test_tokens_are_private_and_nothing_is_served_to_strangers(house: House) -> None:
    page = Page(house)
    for name in ("panel.token", "panel.url"):
        assert stat.S_IMODE((house.runtime.state_dir / name).stat().st_mode) == 0o600

    async def story() -> None:
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{page.port}"):
            with pytest.raises(InvalidStatus) as refused:
                async with page.open(origin):
                    pass
            assert refused.value.response.status_code == 403
        for said in ({}, {"token": "guess"}, {"once": "guess"}, {"token": 7}, {"token": "s.operator.x.y"}):
            async with page.open(None) as socket:
                assert await closes_after_hello(page, socket, **said) == 4401

    asyncio.run(story())
    for path, code in (("/metrics", 401), ("/panel/../gateway.py", 404), ("/panel/%2e%2e/door.py", 404)):
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(page.base + path, timeout=PATIENCE_S)
        assert answer.value.code == code
    for host in ("evil.example", "evil.example:80"):
        request = urllib.request.Request(f"{page.base}/healthz", headers={"Host": host})
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(request, timeout=PATIENCE_S)
        assert answer.value.code == 400
    assert urllib.request.urlopen(f"{page.base}/readyz", timeout=PATIENCE_S).status == 200
