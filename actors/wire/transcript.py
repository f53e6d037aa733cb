"""Claude Code transcripts (`projects/<folder>/<session>.jsonl`, and its sub-agents' files) as records. Pure, tolerant,
and the same however it is cut.

Claude writes one line per content block; each repeats the usage of its whole response. A call and its result are one
item: the result is a later revision of it. Every whole line ends in one disposition.

A turn is named by the uuid of its prompt, not by `promptId`: `--fork-session` copies the lines of its origin with the
same uuids, but stamps the fork's own `promptId` on all of them (claude 2.1.332, watched), so only the uuid tells that a
copied turn is the same. `promptId` goes along as the turn's other name, since telemetry and sub-agents know no other.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.wire.gathered import (
    CAPTURE_OFF,
    FileText,
    Gathered,
    Json,
    Off,
    file_lines,
    loads,
    never,
    note_off,
    objects_of,
    text_of,
    unreadable,
    whole_of,
    words,
)
from actors.wire.iso_time import iso_ms
from actors.wire.transcript_items import block_body, call_body, note_body, parts_of, prompt_body, result_of
from actors.wire.transcript_kinds import (
    COMMAND_OUTPUT,
    CONTROL_LINES,
    CONTROL_SYSTEM,
    FINAL_STOPS,
    INTERRUPTED,
    NOTED_ATTACHMENTS,
    NOTED_SYSTEM,
    OWN_WORDS,
)
from actors.wire.transcript_reading import Reading
from actors.wire.transcript_state import TranscriptState
from messages.baseline import ResponseUsage
from messages.records import SessionSeen


def read_transcript(
    state: TranscriptState, data: bytes, offset: int, file: FileText, *, path: str | None, now_ms: int, off: Off = never
) -> Gathered:
    """Decode the whole lines of `data`, which stands at `offset` of its file; moves `state` behind them.

    `Gathered.consumed` says how many bytes that were: a torn last line waits, and so does what would be too much at
    once. Errors: LineGone from `file`.
    """
    got = Gathered()
    for line in file_lines(data, offset):
        if got.full:
            break
        got.consumed = line.end
        if not line.raw.strip():
            continue
        got.received += 1
        reading = Reading(state, got, file, path, now_ms)
        reading.line = line
        value = loads(line.raw)
        if value is None:
            reason, text = unreadable(line.raw)
            got.drop(reason, state.session, f"{text} (at byte {line.offset})", now_ms)
        else:
            reading.value, reading.at_ms = value, iso_ms(value.get("timestamp"))
            state.begun_ms = state.begun_ms or reading.at_ms
            if reading.at_ms is not None and off(reading.at_ms):
                _pass_over(reading)
            else:
                _take(reading)
    note_off(got, path, now_ms)
    return got


def end_transcript(state: TranscriptState, file: FileText, now_ms: int) -> Gathered:
    """Nothing more will be written: a turn that is open now has no end. Its process was killed."""
    got = Gathered()
    if not state.ended:
        reading = Reading(state, got, file, None, now_ms)
        reading.frame = 0
        reading.close_turn("was left without an end", interrupted=True)
    return got


def _pass_over(reading: Reading) -> None:
    """A line of a time without capture: it moves the state, so that what comes later is understood, and leaves no
    record. What is known of the session is told again afterwards."""
    got, counts, marks = reading.got, reading.got.counts.copy(), reading.got.marks()
    _take(reading)
    got.forget(marks)
    got.counts, reading.frame, reading.state.facts = counts, 1, []
    reading.count(CAPTURE_OFF)


def _take(reading: Reading) -> None:
    value, state = reading.value, reading.state
    kind = text_of(value.get("type")) or ""
    handler = _LINES.get(kind)
    if handler is None:
        if kind in CONTROL_LINES:
            reading.count("control")
        else:
            reading.count("ignored_unknown")
            reading.got.unknown[kind[:64]] += 1
        return
    session = text_of(value.get("sessionId")) or state.session
    if not session:
        reading.got.drop("no_session", kind[:64], "a line does not say which session it is of", reading.when)
        return
    origin = text_of(words(value, "forkedFrom", "sessionId"))
    if origin is None:
        state.session = session
        handler(reading)
        _facts(reading)
        return
    # `/branch` and the SDK's forks name the line that they copied: it is stored as that line, in its own session.
    if state.origin != origin:
        state.origin = origin
        reading.got.sessions.append(SessionSeen(session_id=session, forked_from=origin))
    value["uuid"] = text_of(words(value, "forkedFrom", "messageUuid")) or value.get("uuid")
    state.session = origin
    handler(reading)


def _facts(reading: Reading) -> None:
    """Folder, branch, version and model, when they are news."""
    value, state = reading.value, reading.state
    branch = text_of(value.get("gitBranch"))
    if branch == "HEAD":
        branch = None  # detached, or nothing committed yet
    model = text_of(words(value, "message", "model"))
    if value.get("isSidechain") is True or (model or "").startswith("<"):
        model = None  # a sub-agent's is not the session's, and `<synthetic>` is none
    told = [text_of(value.get("cwd")), branch, text_of(value.get("version")), model]
    before = state.facts or [None] * len(told)
    now = [new or old for new, old in zip(told, before, strict=True)]
    if now == state.facts:
        return
    first, state.facts = not state.facts, now
    cwd, branch, version, model = now
    reading.got.sessions.append(
        SessionSeen(
            session_id=state.session,
            cwd=cwd,
            branch=branch,
            model=model,
            cli_version=version,
            path=reading.path if value.get("isSidechain") is not True else None,
            at_ms=reading.at_ms,
            created_at_ms=state.begun_ms if first and value.get("isSidechain") is not True else None,
        )
    )


def _user(reading: Reading) -> None:
    value = reading.value
    content = words(value, "message", "content")
    uuid = text_of(value.get("uuid"))
    results = [block for block in objects_of(content) if block.get("type") == "tool_result"]
    for block in results:
        _result(reading, block)
    parts = [part for part in parts_of(content) if part.get("type") != "tool_result"]
    if not parts or uuid is None:
        if reading.frame:
            reading.got.drop("malformed", reading.state.session, "a user's line without content or uuid", reading.when)
        return
    text = next((text for part in parts if (text := text_of(part.get("text"))) is not None), "")
    if text.startswith(INTERRUPTED):
        _interrupted(reading)
    elif value.get("isCompactSummary") is True:
        reading.item(note_body(uuid, parts, "compactSummary"), reading.turn_of_line())
    elif value.get("isMeta") is True or text.startswith(OWN_WORDS):
        reading.item(note_body(uuid, parts, "meta"), reading.turn_of_line())
        if text.startswith(COMMAND_OUTPUT) and not reading.state.ended:
            # A command of the tool's own (`/compact`) is over with its output; no model answers it.
            reading.turn(reading.state.turn, status="completed", completed_at_ms=reading.at_ms)
            reading.close_turn("ended", interrupted=False)
    elif results:
        reading.item(prompt_body(uuid, parts), reading.turn_of_line())
    else:
        _prompt(reading, uuid, parts)


def _prompt(reading: Reading, uuid: str, parts: list[Json]) -> None:
    """A prompt opens a turn; one to a sub-agent belongs to the turn that called it."""
    state, prompt = reading.state, text_of(reading.value.get("promptId"))
    if reading.value.get("isSidechain") is True:
        state.prompt = state.prompt or prompt or ""
        reading.item(prompt_body(uuid, parts), reading.turn_of_line())
        return
    if not state.ended:
        reading.close_turn("was left without an end", interrupted=True)
    state.turn, state.prompt, state.ended = uuid, prompt or "", False
    reading.item(prompt_body(uuid, parts), uuid)
    if reading.copied:
        prompt = None  # the name of the fork's own turn, which comes at the end of the file
    reading.turn(uuid, status="inProgress", started_at_ms=reading.at_ms, prompt_id=prompt)


def _interrupted(reading: Reading) -> None:
    """The line that claude writes when a person stops a turn."""
    if reading.state.ended:
        reading.count("control")
    else:
        reading.close_turn("was interrupted", interrupted=True, at_ms=reading.at_ms)


def _result(reading: Reading, block: Json) -> None:
    """The result of a call: the call's item, grown by what came of it."""
    state, call_id = reading.state, text_of(block.get("tool_use_id"))
    if call_id is None:
        reading.got.drop("malformed", state.session, "a tool_result without tool_use_id", reading.when)
        reading.frame = 0
        return
    place = state.calls.pop(call_id, None)
    body = None if place is None else reading.call_at(place[0], place[1], place[3])
    if body is None:
        body = {"type": "toolCall", "id": call_id, "tool": None, "arguments": None, "cwd": reading.value.get("cwd")}
    turn_id = place[2] if place is not None else reading.turn_of_line()
    told = reading.value.get("toolUseResult")
    body |= result_of(block, told, reading.file)
    reading.item(body, turn_id, body["status"])


def _assistant(reading: Reading) -> None:
    value, state = reading.value, reading.state
    uuid, message = text_of(value.get("uuid")), value.get("message")
    blocks = parts_of(words(value, "message", "content"))
    if uuid is None or not isinstance(message, dict) or not blocks:
        reading.got.drop("malformed", state.session, "an assistant's line without content or uuid", reading.when)
        return
    side, turn_id = value.get("isSidechain") is True, reading.turn_of_line()
    for index, block in enumerate(blocks):
        if text_of(block.get("type")) in ("tool_use", "server_tool_use", "mcp_tool_use") and text_of(block.get("id")):
            state.opened(block["id"], reading.line.offset, len(reading.line.raw), index, turn_id)
            reading.item(call_body(block, text_of(value.get("cwd"))), turn_id, "inProgress")
        elif str(block.get("type")).endswith("_tool_result") and text_of(block.get("tool_use_id")):
            _result(reading, block)
        else:
            reading.item(block_body(block, uuid if index == 0 else f"{uuid}#{index}"), turn_id)
    _usage(reading, message, turn_id)
    if not side and not state.ended and turn_id == state.turn:
        _answered(reading, message, turn_id)


def _usage(reading: Reading, message: Json, turn_id: str) -> None:
    """Tokens of the response, once. Claude counts uncached, cached and cache-written input apart; `input` is their
    sum."""
    usage = message.get("usage")
    response_id = text_of(reading.value.get("requestId")) or text_of(message.get("id"))
    model = text_of(message.get("model"))
    if not isinstance(usage, dict) or response_id is None or (model or "").startswith("<"):
        return
    if not reading.state.first_told(response_id):
        return
    fresh, cached, cache_written, output = (
        whole_of(usage.get(name)) or 0
        for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    )
    read = fresh + cached + cache_written
    reading.got.usage.append(
        ResponseUsage(
            session_id=reading.state.session, turn_id=turn_id, response_id=response_id, model=model,
            at_ms=reading.at_ms, input=read, cached=cached, cache_written=cache_written, output=output,
            total=read + output,
        )
    )  # fmt: skip


def _answered(reading: Reading, message: Json, turn_id: str) -> None:
    """Whether the turn is over with this line."""
    if reading.value.get("isApiErrorMessage") is True:
        error = next((text for part in parts_of(message.get("content")) if (text := text_of(part.get("text")))), None)
        reading.turn(turn_id, status="failed", error=error, completed_at_ms=reading.at_ms)
        reading.close_turn("failed", interrupted=False)
    elif text_of(message.get("stop_reason")) in FINAL_STOPS:
        reading.turn(turn_id, status="completed", completed_at_ms=reading.at_ms)
        reading.close_turn("ended", interrupted=False)


def _system(reading: Reading) -> None:
    value, state = reading.value, reading.state
    subtype, uuid = text_of(value.get("subtype")) or "", text_of(value.get("uuid"))
    if subtype == "compact_boundary" and uuid is not None:
        metadata = value.get("compactMetadata")
        reading.item({"type": "contextCompaction", "id": uuid, "metadata": metadata}, reading.turn_of_line())
    elif subtype == "turn_duration" and state.turn:
        reading.turn(state.turn, duration_ms=whole_of(value.get("durationMs")))
    elif subtype in NOTED_SYSTEM and uuid is not None:
        said = text_of(value.get("content")) or text_of(words(value, "error", "message")) or subtype
        reading.item(note_body(uuid, said, subtype), reading.turn_of_line())
    elif subtype in CONTROL_SYSTEM or subtype in ("turn_duration", "compact_boundary"):
        reading.count("control")
    else:
        reading.count("ignored_unknown")
        reading.got.unknown[f"system {subtype}"[:64]] += 1


def _attachment(reading: Reading) -> None:
    attachment, uuid = reading.value.get("attachment"), text_of(reading.value.get("uuid"))
    kind = text_of(attachment.get("type")) if isinstance(attachment, dict) else None
    if isinstance(attachment, dict) and kind in NOTED_ATTACHMENTS and uuid is not None:
        body: Json = {"type": "attachment", "id": uuid, "about": kind, "attachment": attachment}
        reading.item(body, reading.turn_of_line())
    else:
        reading.count("control")


def _titled(reading: Reading) -> None:
    title = text_of(reading.value.get("customTitle")) or text_of(reading.value.get("aiTitle"))
    if title is None:
        reading.count("control")
    else:
        seen = SessionSeen(session_id=reading.state.session, title=title, at_ms=reading.at_ms, frames=reading.took())
        reading.got.sessions.append(seen)


_LINES: dict[str, Callable[[Reading], None]] = {
    "user": _user,
    "assistant": _assistant,
    "system": _system,
    "attachment": _attachment,
    "custom-title": _titled,
    "ai-title": _titled,
}
