"""Scripted turns the real program never plays on request: dying, hanging, garbage, floods, orphans."""

from __future__ import annotations

from collections.abc import Callable

from chaos import scripts
from chaos.scripted_frames import agent_message, notification
from chaos.scripted_scenarios import command, plain
from chaos.scripted_turns import Act, End, Note, Part, Play, Raw, Turn, message
from chaos.scripts import Scenario, pieces

FLOOD_BLOCK_LINES = 1000
"""Lines prebuilt once per flood; delta i of the flood is line i modulo this."""


def crash(turn: Turn, scenario: Scenario) -> Play:
    yield from open_message(turn)
    yield Act("die", scenario.count(-1, 255))
    return End()


def hang(turn: Turn, _: Scenario) -> Play:
    yield from open_message(turn)
    yield Act("hang")
    return End()


def open_message(turn: Turn) -> Part:
    item = agent_message(turn.next_message_id(), "")
    yield turn.started(item)
    for text in pieces(scripts.PARTIAL_TEXT, 8):
        yield turn.delta(item["id"], text)


def garbage(turn: Turn, scenario: Scenario) -> Play:
    yield Raw(b'{"method":"item/agentMessage/delta","params":{"threadId":\n')
    yield Raw(b'{"method":"item/agentMessage/delta","params":{"delta":"\xff\xfe"}}\n')
    yield Raw(b"\n")
    yield Raw(b"[1,2,3]\n")
    yield Note("item/neverHeardOf/happened", {**turn.ids, "surprise": True})
    return (yield from plain(turn, scenario))


def longline(turn: Turn, scenario: Scenario) -> Play:
    size = scenario.count(65536, scripts.LINE_BYTES_MAX)
    item = agent_message(turn.next_message_id(), "")
    yield turn.started(item)
    at_ms = turn.now_ms()
    bare = notification("item/agentMessage/delta", {**turn.ids, "itemId": item["id"], "delta": ""}, at_ms)
    text = "x" * max(size - len(bare) + 1, 0)
    yield Raw(notification("item/agentMessage/delta", {**turn.ids, "itemId": item["id"], "delta": text}, at_ms))
    item["text"] = text
    turn.summary = [item]
    yield turn.completed(item)
    yield from turn.usage()
    return End()


def flood(turn: Turn, scenario: Scenario) -> Play:
    count = scenario.count(100_000)
    item = agent_message(turn.next_message_id(), "")
    yield turn.started(item)
    at_ms = turn.now_ms()
    texts = [f"{number:03d} " for number in range(FLOOD_BLOCK_LINES)]
    lines = [
        notification("item/agentMessage/delta", {**turn.ids, "itemId": item["id"], "delta": text}, at_ms)
        for text in texts
    ]
    block = b"".join(lines) * 4
    blocks, rest = divmod(count, 4 * FLOOD_BLOCK_LINES)
    for _ in range(blocks):
        yield Raw(block)
    whole, part = divmod(rest, FLOOD_BLOCK_LINES)
    yield Raw(b"".join(lines) * whole + b"".join(lines[:part]))
    rounds, tail = divmod(count, FLOOD_BLOCK_LINES)
    item["text"] = "".join(texts) * rounds + "".join(texts[:tail])
    turn.summary = [item]
    yield turn.completed(item)
    yield from turn.usage()
    return End()


def orphan(turn: Turn, scenario: Scenario) -> Play:
    seconds = scenario.count(60, 3600)
    answer = yield Act("orphan", seconds)
    process_id = str(answer.result) if answer else None
    line = f"sleep {seconds} &"
    yield from command(turn, line, "", process_id=process_id or "0")
    yield from message(turn, pieces(scripts.AFTER_TOOL_TEXT))
    return End()


FAULTS: dict[str, Callable[[Turn, Scenario], Play]] = {
    "crash": crash,
    "hang": hang,
    "garbage": garbage,
    "longline": longline,
    "flood": flood,
    "orphan": orphan,
}
