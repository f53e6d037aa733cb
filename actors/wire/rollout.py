"""Codex rollout files (`rollout-<time>-<thread>.jsonl`) as records. Pure, tolerant, and the same however it is cut.

The items are those of the stream under the same ids (`rollout_items.py`). A file of a codex that did not yet write
`item_completed` gives its items from `response_item` and the older events: `rollout_legacy.py`. Unknown types and
fields are counted, never fatal. Every whole line ends in one disposition.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.wire import rollout_legacy
from actors.wire.gathered import (
    CAPTURE_OFF,
    FileLine,
    FileText,
    Gathered,
    Json,
    Off,
    file_lines,
    loads,
    never,
    note_off,
    text_of,
    unreadable,
    whole_of,
    words,
)
from actors.wire.iso_time import iso_ms
from actors.wire.rollout_items import stream_item
from actors.wire.rollout_kinds import CONTROL_EVENTS, CONTROL_LINES
from actors.wire.rollout_reading import Reading
from actors.wire.rollout_state import RolloutState
from actors.wire.rollout_usage import token_count, usage_record
from messages.records import SessionSeen


def read_rollout(
    state: RolloutState, data: bytes, offset: int, file: FileText, *, path: str | None, now_ms: int, last: bool = False,
    off: Off = never,
) -> Gathered:  # fmt: skip
    """Decode the whole lines of `data`, which stands at `offset` of its file; moves `state` behind them.

    `Gathered.consumed` says how many bytes that were: a torn last line waits, and so does a last line that can only be
    understood with the next one, unless `last` says that none will come, and what would be too much at once. Errors:
    LineGone from `file`.
    """
    got = Gathered()
    lines = list(file_lines(data, offset))
    values = [loads(line.raw) for line in lines]
    for at, (line, value) in enumerate(zip(lines, values, strict=True)):
        if got.full:
            break
        following = values[at + 1] if at + 1 < len(lines) else None
        if at + 1 == len(lines) and not last and value is not None and _needs_next(state, value):
            break
        reading = Reading(state, got, file, path, now_ms, line, following=following)
        _take(reading, value, off)
        got.consumed = line.end
    note_off(got, path, now_ms)
    return got


def end_rollout(state: RolloutState, now_ms: int) -> Gathered:
    """Nothing more will be written: a turn that is open now has no end. Its process was killed."""
    got = Gathered()
    if state.turn:
        reading = Reading(state, got, _NoFile(), None, now_ms, FileLine(b"", 0, 0))
        reading.turn(state.turn, 0, status="interrupted" if state.explicit or not state.answered else "completed")
        reading.close_turn("was left without an end")
    return got


class _NoFile:
    def recall(self, offset: int, length: int) -> bytes:
        raise AssertionError("nothing is recalled at the end")

    def beside(self, path: str) -> str | None:
        return None


def _take(reading: Reading, value: Json | None, off: Off) -> None:
    """One line, whatever it is."""
    if not reading.line.raw.strip():
        return  # a blank line is no record
    state, got = reading.state, reading.got
    got.received += 1
    if value is None:
        reason, text = unreadable(reading.line.raw)
        got.drop(reason, state.session, f"{text} (at byte {reading.line.offset})", reading.now_ms)
    else:
        kind, payload = _parts(value)
        reading.at_ms = iso_ms(value.get("timestamp"))
        if not state.session and kind != "session_meta":
            got.drop("no_session", kind[:64], "a line came before its file said which session it is", reading.when)
        elif reading.at_ms is not None and off(reading.at_ms):
            _pass_over(reading, kind, payload)
        else:
            _LINES.get(kind, _other)(reading, kind, payload)
        policy = payload.get("sandbox_policy") if kind == "turn_context" else None
        if isinstance(policy, dict) and "type" not in policy:
            return  # the spelling of 2025: codex 0.169 passes over such a line when it numbers them (watched)
    state.line += 1


def _pass_over(reading: Reading, kind: str, payload: Json) -> None:
    """A line of a time without capture: it moves the state, so that what comes later is understood, and leaves no
    record. Model and folder are told again afterwards."""
    got, counts, marks = reading.got, reading.got.counts.copy(), reading.got.marks()
    _LINES.get(kind, _other)(reading, kind, payload)
    got.forget(marks)
    got.counts = counts
    reading.state.model = None
    reading.count(CAPTURE_OFF)


def _parts(value: Json) -> tuple[str, Json]:
    """Type and payload of a line. The oldest files (2025) have no envelope: first the session, then response items."""
    kind, payload = value.get("type"), value.get("payload")
    if isinstance(kind, str) and isinstance(payload, dict):
        return kind, payload
    if kind is None and isinstance(value.get("id"), str):
        return "session_meta", value
    if isinstance(value.get("record_type"), str):
        return "session_state", value
    return ("response_item" if isinstance(kind, str) and "payload" not in value else ""), value


def _needs_next(state: RolloutState, value: Json) -> bool:
    kind, payload = _parts(value)
    return state.mode != "completed" and kind == "response_item" and rollout_legacy.prompt_of(payload) is not None


def _other(reading: Reading, kind: str, payload: Json) -> None:
    if kind in CONTROL_LINES:
        reading.count("control")
    else:
        reading.count("ignored_unknown")
        reading.got.unknown[kind[:64]] += 1


def _session_meta(reading: Reading, kind: str, payload: Json) -> None:
    state = reading.state
    session_id = text_of(payload.get("id")) or text_of(payload.get("session_id"))
    if session_id is None:
        reading.got.drop("malformed", state.session, "a session_meta without an id", reading.when)
        return
    if state.session and session_id != state.session:
        state.descends_from(session_id)  # a fork of an older codex goes on with the file of its origin
        reading.count("control")
        return
    state.session = session_id
    state.spawned = isinstance(words(payload, "source", "subagent"), dict | str)
    if payload.get("history_mode") == "paginated":
        # Copied turns of such a file have no `item_completed`: their items stand in the file of their origin.
        state.mode = "completed"
    origin = text_of(payload.get("forked_from_id"))
    if origin is not None:
        state.descends_from(origin)
    state.cwd = text_of(payload.get("cwd")) or state.cwd
    state.model = text_of(payload.get("model")) or state.model
    reading.got.sessions.append(
        SessionSeen(
            session_id=session_id,
            cwd=state.cwd,
            branch=text_of(words(payload, "git", "branch")),
            commit=text_of(words(payload, "git", "commit_hash")),
            model=state.model,
            cli_version=text_of(payload.get("cli_version")),
            path=reading.path,
            created_at_ms=iso_ms(payload.get("timestamp")) or reading.at_ms,
            forked_from=origin,
            at_ms=reading.at_ms,
            frames=1,
        )
    )


def _turn_context(reading: Reading, kind: str, payload: Json) -> None:
    """Model and folder of what follows; they are news only when they changed, and only for the file's own turns."""
    state = reading.state
    turn_id = text_of(payload.get("turn_id")) or state.turn
    model, cwd = text_of(payload.get("model")) or state.model, text_of(payload.get("cwd")) or state.cwd
    if (model, cwd) == (state.model, state.cwd) or (turn_id and state.owner(turn_id) != state.session):
        reading.count("control")
        return
    state.model, state.cwd = model, cwd
    reading.got.sessions.append(
        SessionSeen(session_id=state.session, model=model, cwd=cwd, at_ms=reading.at_ms, frames=1)
    )


def _event(reading: Reading, kind: str, payload: Json) -> None:
    event = text_of(payload.get("type")) or ""
    handler = _EVENTS.get(event)
    if handler is not None:
        handler(reading, payload)
        return
    older = rollout_legacy.EVENTS.get(event) if reading.state.mode != "completed" else None
    if older is not None:
        older(reading, payload)
    elif event in CONTROL_EVENTS:
        reading.count("control")
    else:
        reading.count("ignored_unknown")
        reading.got.unknown[f"event_msg {event}"[:64]] += 1


def _task_started(reading: Reading, payload: Json) -> None:
    turn_id, state = text_of(payload.get("turn_id")), reading.state
    if state.turn and state.turn != turn_id:
        # Codex writes an end whenever it can (10 of 10 at `turn/completed`): without one its process was killed.
        reading.turn(state.turn, 0, status="interrupted" if state.explicit or not state.answered else "completed")
        reading.close_turn("was left without an end")
    if turn_id is None:
        reading.count("control")  # older: the turn has no name, its prompt opens it
        return
    state.turn, state.explicit, state.answered = turn_id, True, False
    started = whole_of(payload.get("started_at"))
    reading.turn(
        turn_id,
        status="inProgress",
        started_at_ms=reading.at_ms if started is None else started * 1000,
        trace_id=text_of(payload.get("trace_id")),
    )


def _task_ended(reading: Reading, payload: Json) -> None:
    state = reading.state
    turn_id = text_of(payload.get("turn_id")) or state.turn
    if not turn_id:
        reading.count("control")
        return
    error = text_of(words(payload, "error", "message"))
    aborted = payload.get("type") == "turn_aborted"
    copied = state.owner(turn_id) != state.session
    if aborted and copied and state.spawned:
        # 0.169 closes the copy of the parent's turn, which goes on, with an abort (watched). It is no end of anything.
        reading.count("control")
        state.turn, state.explicit, state.answered, state.calls = "", False, False, {}
        return
    status = "interrupted" if aborted else "failed" if payload.get("error") else "completed"
    completed = whole_of(payload.get("completed_at"))
    reading.turn(
        turn_id,
        status=status,
        error=error,
        completed_at_ms=reading.at_ms if completed is None else completed * 1000,
        duration_ms=whole_of(payload.get("duration_ms")),
    )
    if turn_id == state.turn:
        reading.close_turn({"interrupted": "was interrupted", "failed": "failed"}.get(status, "ended"))


def _item_completed(reading: Reading, payload: Json) -> None:
    item, state = payload.get("item"), reading.state
    turn_id = text_of(payload.get("turn_id")) or state.turn
    if not isinstance(item, dict) or not text_of(item.get("id")) or not text_of(item.get("type")) or not turn_id:
        reading.got.drop("malformed", state.session, "an item_completed without item, ids or type", reading.when)
        return
    started, completed = whole_of(payload.get("started_at_ms")), whole_of(payload.get("completed_at_ms"))
    body = stream_item(item, started, completed)
    if body["type"] != "plan":
        state.mode = "completed"  # older files wrote plans this way, and nothing else
    if reading.item(body, turn_id, started, completed):
        state.calls.pop(item["id"], None)
        state.answered = state.answered or body["type"] == "agentMessage"


def _named(reading: Reading, payload: Json) -> None:
    title = text_of(payload.get("thread_name"))
    if title is None:
        reading.count("control")
        return
    owner = text_of(payload.get("thread_id")) or reading.state.session
    reading.got.sessions.append(SessionSeen(session_id=owner, title=title, at_ms=reading.at_ms, frames=1))


def _response_item(reading: Reading, kind: str, payload: Json) -> None:
    if reading.state.mode == "completed":
        _track(reading, payload)
        reading.count("control")
    else:
        rollout_legacy.response_item(reading, payload)


def _track(reading: Reading, payload: Json) -> None:
    """The model's view of what `item_completed` stores; only which calls are open is taken from it."""
    call_id, kind = text_of(payload.get("call_id")), payload.get("type")
    if call_id is None:
        return
    if kind in ("function_call", "custom_tool_call", "local_shell_call"):
        reading.state.opened(call_id, reading.line.offset, len(reading.line.raw))
    else:
        reading.state.calls.pop(call_id, None)


_LINES: dict[str, Callable[[Reading, str, Json], None]] = {
    "session_meta": _session_meta,
    "turn_context": _turn_context,
    "event_msg": _event,
    "response_item": _response_item,
    "token_usage_record": usage_record,
}
_EVENTS: dict[str, Callable[[Reading, Json], None]] = {
    "task_started": _task_started,
    "turn_started": _task_started,
    "task_complete": _task_ended,
    "turn_complete": _task_ended,
    "turn_aborted": _task_ended,
    "item_completed": _item_completed,
    "token_count": token_count,
    "thread_name_updated": _named,
}
