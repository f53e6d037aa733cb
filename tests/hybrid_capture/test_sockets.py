"""The panel's socket, frame by frame: hello, commands, numbers, and every way to be hung up on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hybrid_capture import sockets
from tests.hybrid_capture.panel_house import TOKEN, PanelHouse, run


async def ended(link: ClientConnection) -> int:
    """The close code, after whatever was said before it."""
    try:
        async with asyncio.timeout(20):
            while True:
                await link.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006


async def told(link: ClientConnection) -> dict[str, Any]:
    while True:
        said = json.loads(await link.recv())
        if "seq" in said:
            return said  # type: ignore[no-any-return]  # an object


def test_commands_go_up_as_they_are_and_answers_come_down_numbered() -> None:
    async def story(house: PanelHouse) -> None:
        async with house.connect() as link:
            welcome = await house.enter(link)
            assert (welcome["op"], welcome["resumed"], welcome["role"], welcome["contract"]) == (
                "welcome", False, "operator", "c1",
            )  # fmt: skip
            command = '{"command":"logout",  "commandId":"c1"}'
            await link.send(command)
            assert [await told(link), await told(link)] == [
                {"seq": 1, "body": {"answer": "accepted", "commandId": "c1"}},
                {"seq": 2, "body": {"event": "commandDone", "commandId": "c1", "ok": True, "result": {}}},
            ]
            assert house.said == [(welcome["session"], "operator", command)]
            await link.send('{"op":"ping"}')
            assert json.loads(await link.recv()) == {"op": "pong"}

    run(story)


def test_a_page_of_another_origin_gets_no_socket() -> None:
    async def story(house: PanelHouse) -> None:
        for origin in ("http://evil.example", "null", f"http://localhost.evil:{house.port}"):
            with pytest.raises(InvalidStatus) as refused:
                await house.connect(origin)
            assert refused.value.response.status_code == 403
        async with house.connect(f"http://127.0.0.1:{house.port}") as link:
            assert (await house.enter(link))["op"] == "welcome"
        assert house.hub.refused["origin"] == 3

    run(story)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("{}", 4401), ("[]", 4401), ("no json", 4401), ('{"op":"hello"}', 4401), ('{"op":"hello","token":null}', 4401),
        ('{"op":"hello","once":"x"}', 4401), ('{"op":"hello","once":"x","token":"' + TOKEN + '"}', 4401),
        ('{"command":"getStatus","commandId":"c1"}', 4401), (b"\x00", 4400), ("x" * 65_537, 4413),
    ],
)  # fmt: skip
def test_who_does_not_begin_with_a_hello_is_hung_up_on(first: str | bytes, code: int) -> None:
    async def story(house: PanelHouse) -> None:
        async with house.connect() as link:
            await link.send(first)
            assert await ended(link) == code
        assert house.said == []

    run(story)


def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HELLO_S", 0.05)

    async def story(house: PanelHouse) -> None:
        async with house.connect() as link:
            assert await ended(link) == 4408

    run(story)


def test_who_gives_no_sign_of_life_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PING_S", 0.05)

    async def story(house: PanelHouse) -> None:
        async with house.connect() as link:
            await house.enter(link)
            assert json.loads(await link.recv()) == {"op": "ping"}
            assert await ended(link) == 4408

    run(story)


@pytest.mark.parametrize(
    ("frame", "code"), [(b"{}", 4400), ('{"op":"become root"}', 4400), ("x" * 65_537, 4413), ("x" * 300_000, 1009)]
)
def test_what_is_no_frame_ends_the_connection(frame: str | bytes, code: int) -> None:
    async def story(house: PanelHouse) -> None:
        async with house.connect() as link:
            await house.enter(link)
            await link.send(frame)
            assert await ended(link) == code

    run(story)


def test_one_client_too_many_is_turned_away_until_one_that_is_gone_makes_room() -> None:
    async def story(house: PanelHouse) -> None:
        async with house.connect() as first, house.connect() as second:
            await house.enter(first)
            await house.enter(second)
            async with house.connect() as third:
                await third.send(json.dumps({"op": "hello", "token": TOKEN}))
                assert await ended(third) == 4409
            await second.close()
            while house.sockets.count > 1:
                await asyncio.sleep(0)
            async with house.connect() as third:
                assert (await house.enter(third))["op"] == "welcome"
        assert [op for op, _ in house.words] == ["left"]

    run(story, sessions_max=2)


def test_a_session_has_one_connection_and_the_newest_has_it() -> None:
    async def story(house: PanelHouse) -> None:
        async with house.connect() as old, house.connect() as new:
            welcome = await house.enter(old)
            again = await house.enter(new, token=welcome["token"], session=welcome["session"], after=0)
            assert again["resumed"]
            assert await ended(old) == 4411
            house.tell([welcome["session"]], {"event": "x"})
            assert (await told(new))["seq"] == 1

    run(story)


def test_a_client_that_reads_nothing_holds_nobody_up_and_hears_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SLOW_S", 60.0)  # however long a busy machine takes for all that is told

    async def story(house: PanelHouse) -> None:
        async with house.connect() as slow, house.connect() as quick:
            first = (await house.enter(slow))["session"]
            slow.transport.pause_reading()
            second = (await house.enter(quick))["session"]
            text = "x" * 20_000
            for number in range(1_500):
                house.tell([first, second], {"event": "n", "n": number, "text": text})
                if number % 8 == 0:
                    assert (await told(quick))["body"]["event"] in ("n", "gap")
            session = house.hub.sessions[first]
            assert len(session.pending) + len(session.sent) <= 1_000
            assert session.size <= house.limits.session_bytes_max
            slow.transport.resume_reading()
            seen, missed = 0, 0
            while True:
                said = await told(slow)
                if said["body"]["event"] == "gap":
                    missed += said["body"]["missed"]
                else:
                    seen += 1
                if said["body"].get("n") == 1_499:
                    break
            assert (missed > 0, seen + missed) == (True, 1_500)

    run(story)


def test_a_client_that_takes_nothing_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SLOW_S", 0.2)

    async def story(house: PanelHouse) -> None:
        async with house.connect() as slow:
            session = (await house.enter(slow))["session"]
            slow.transport.pause_reading()
            for _ in range(600):
                house.tell([session], {"event": "x", "text": "x" * 20_000})
            while house.sockets.count:
                await asyncio.sleep(0.01)
            assert house.hub.refused["4410"] == 1

    run(story)


def test_a_flood_of_commands_is_read_more_slowly_and_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "BURST", 10)
    monkeypatch.setattr(sockets, "FRAMES_PER_S", 200)

    async def story(house: PanelHouse) -> None:
        async with house.connect() as link:
            await house.enter(link)
            began = asyncio.get_running_loop().time()
            for number in range(50):
                await link.send(json.dumps({"command": "subscribe", "commandId": f"c{number}"}))
            for number in range(50):
                assert (await told(link))["body"]["commandId"] == f"c{number}"
            assert asyncio.get_running_loop().time() - began >= 0.15

    run(story)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "command", "commandId", "token", "session", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


async def outcome(link: ClientConnection, frame: str | bytes) -> str | int:
    """What a frame comes to: the connection lives and answers, or ends with a code."""
    try:
        await link.send(frame)
        await link.send('{"op":"ping"}')
        async with asyncio.timeout(20):
            while json.loads(await link.recv()) != {"op": "pong"}:
                pass
        return "pong"
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006


def test_any_frames_get_answers_or_one_close_code_and_the_gateway_lives() -> None:
    frames: list[str | bytes] = []

    @settings(max_examples=150, derandomize=True, deadline=None, database=None)
    @given(st.binary(max_size=80) | st.text(max_size=80) | JSON.map(json.dumps))
    def gather(frame: str | bytes) -> None:
        frames.append(frame)

    gather()

    async def story(house: PanelHouse) -> None:
        for frame in frames:
            async with house.connect() as link:
                if len(frame) % 2:
                    await house.enter(link)
                assert await outcome(link, frame) in ("pong", *sockets.WORDS)
        async with house.connect() as link:
            assert (await house.enter(link))["op"] == "welcome"

    run(story)
