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
from typing import Any

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
    objects_of,
    text_of,
    unreadable,
    whole_of,
    words,
    written,
)
from actors.wire.iso_time import iso_ms
from actors.wire.transcript_items import block_body, call_body, note_body, parts_of, prompt_body, result_of
from actors.wire.transcript_state import TranscriptState
from messages.baseline import ResponseUsage
from messages.records import AuditNote, FinalItem, SessionSeen, TurnSeen

CONTROL_LINES = frozenset(
    [
        "queue-operation",
        "last-prompt",
        "mode",
        "permission-mode",
        "file-history-snapshot",
        "file-history-delta",
        "summary",
        "tag",
        "relocated",
        "agent-name",
        "agent-color",
        "agent-setting",
        "pr-link",
        "frame-link",
        "bridge-session",
        "attribution-snapshot",
        "speculation-accept",
        "isolation-latch",
        "worktree-state",
        "content-replacement",
        "fork-context-ref",
        "progress",
        "tools-used",
        "cost-state",
        "atis-latch",
        "api-request",
        "api-request-blob",
        "api-request-shape",
        "ended-by-model",
        "task-summary",
        "marble-origami-commit",
        "marble-origami-snapshot",
        "marble-origami-reset",
    ]
)
"""Known, and nothing of a conversation. `api-request…` repeat what was sent to the model, up to 120 KB each."""
CONTROL_SYSTEM = frozenset(
    [
        "stop_hook_summary",
        "hook_started",
        "hook_progress",
        "hook_response",
        "status",
        "init",
        "session_state_changed",
        "bridge_status",
        "bridge_state",
        "thinking_tokens",
        "task_started",
        "task_progress",
        "task_updated",
        "task_notification",
        "task_summary",
        "turn_starting",
        "notification",
        "commands_changed",
        "file_snapshot",
        "memory_recall",
        "memory_saved",
        "plugin_install",
        "api_retry",
        "permission_retry",
        "post_turn_summary",
        "scheduled_task_fire",
        "worker_shutting_down",
        "mirror_error",
        "elicitation_complete",
    ]
)
NOTED_SYSTEM = frozenset(
    [
        "informational",
        "local_command",
        "away_summary",
        "model_fallback",
        "model_refusal_fallback",
        "model_refusal_no_fallback",
        "model_consent_fallback",
        "permission_denied",
        "agents_killed",
        "api_error",
    ]
)
"""System lines that a person saw: stored as what the tool itself said."""
NOTED_ATTACHMENTS = frozenset(
    [
        "file",
        "edited_text_file",
        "directory",
        "pdf_reference",
        "selected_lines_in_ide",
        "opened_file_in_ide",
        "queued_command",
        "hook_non_blocking_error",
        "hook_blocking_error",
        "hook_additional_context",
        "plan_mode_exit",
        "diagnostics",
    ]
)
"""Attachments with content of the session's own; all others tell the model about its surroundings."""
FINAL_STOPS = frozenset({"end_turn", "stop_sequence", "max_tokens", "refusal", "model_context_window_exceeded"})
INTERRUPTED = "[Request interrupted by user"
COMMAND_OUTPUT = ("<local-command-stdout>", "<local-command-stderr>")
OWN_WORDS = (*COMMAND_OUTPUT, "<local-command-caveat>", "<bash-stdout>", "<bash-stderr>", "<task-notification>",
             "<system-reminder>")  # fmt: skip
"""How texts of a user's line begin that no user typed."""


class _Reading:
    """One line under the eyes of its handlers."""

    def __init__(self, state: TranscriptState, got: Gathered, file: FileText, path: str | None, now_ms: int) -> None:
        self.state, self.got, self.file, self.path, self.now_ms = state, got, file, path, now_ms
        self.line = FileLine(b"", 0, 0)
        self.value: Json = {}
        self.at_ms: int | None = None
        self.frame = 1

    @property
    def when(self) -> int:
        return self.now_ms if self.at_ms is None else self.at_ms

    @property
    def copied(self) -> bool:
        """The line is older than its file: a fork copied it."""
        return self.at_ms is not None and self.at_ms < (self.state.begun_ms or 0)

    def took(self) -> int:
        """The line's frame, for the first record that asks; the others carry none."""
        frame, self.frame = self.frame, 0
        return frame

    def count(self, disposition: str) -> None:
        self.got.counts[disposition] += self.took()

    def turn(self, turn_id: str, **known: Any) -> None:
        seen = TurnSeen(session_id=self.state.session, turn_id=turn_id, frames=self.took(), **known)
        self.got.turns.append(seen)

    def item(self, body: Json, turn_id: str, status: str | None = None, frame: bool = True) -> None:
        agent = text_of(self.value.get("agentId")) if frame else None
        try:
            text = written(body | {"agentId": agent} if agent else body)
        except TypeError:
            self.got.drop("malformed", self.state.session, "an item is nested too deep", self.when)
            self.got.counts["dropped:malformed"] -= 1 - self.took()
            return
        final = FinalItem(
            session_id=self.state.session, turn_id=turn_id, item_id=body["id"], kind=body["type"], status=status,
            started_at_ms=None, completed_at_ms=self.at_ms, body=text, frames=self.took() if frame else 0,
        )  # fmt: skip
        self.got.items.append(final)

    def note(self, kind: str, subject: str, text: str) -> None:
        self.got.audit.append(AuditNote(kind=kind, subject=subject, text=text, at_ms=self.when))

    def turn_of_line(self) -> str:
        """The turn that a line without a prompt of its own belongs to."""
        prompt = text_of(self.value.get("promptId"))
        if prompt is not None and (prompt != self.state.prompt or not self.state.turn):
            return prompt
        return self.state.turn or self.state.prompt or self.state.session


def read_transcript(
    state: TranscriptState, data: bytes, offset: int, file: FileText, *, path: str | None, now_ms: int, off: Off = never
) -> Gathered:
    """Decode the whole lines of `data`, which stands at `offset` of its file; moves `state` behind them.

    `Gathered.consumed` says how many bytes that were: a torn last line waits. Errors: LineGone from `file`.
    """
    got = Gathered()
    for line in file_lines(data, offset):
        got.consumed = line.end
        if not line.raw.strip():
            continue
        got.received += 1
        reading = _Reading(state, got, file, path, now_ms)
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
        reading = _Reading(state, got, file, None, now_ms)
        reading.frame = 0
        _close(reading, "was left without an end", interrupted=True)
    return got


def _pass_over(reading: _Reading) -> None:
    """A line of a time without capture: it moves the state, so that what comes later is understood, and leaves no
    record. What is known of the session is told again afterwards."""
    got, counts, marks = reading.got, reading.got.counts.copy(), reading.got.marks()
    _take(reading)
    got.forget(marks)
    got.counts, reading.frame, reading.state.facts = counts, 1, []
    reading.count(CAPTURE_OFF)


def _take(reading: _Reading) -> None:
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


def _facts(reading: _Reading) -> None:
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


def _user(reading: _Reading) -> None:
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
            _close(reading, "ended", interrupted=False)
    elif results:
        reading.item(prompt_body(uuid, parts), reading.turn_of_line())
    else:
        _prompt(reading, uuid, parts)


def _prompt(reading: _Reading, uuid: str, parts: list[Json]) -> None:
    """A prompt opens a turn; one to a sub-agent belongs to the turn that called it."""
    state, prompt = reading.state, text_of(reading.value.get("promptId"))
    if reading.value.get("isSidechain") is True:
        state.prompt = state.prompt or prompt or ""
        reading.item(prompt_body(uuid, parts), reading.turn_of_line())
        return
    if not state.ended:
        _close(reading, "was left without an end", interrupted=True)
    state.turn, state.prompt, state.ended = uuid, prompt or "", False
    reading.item(prompt_body(uuid, parts), uuid)
    if reading.copied:
        prompt = None  # the name of the fork's own turn, which comes at the end of the file
    reading.turn(uuid, status="inProgress", started_at_ms=reading.at_ms, prompt_id=prompt)


def _interrupted(reading: _Reading) -> None:
    """The line that claude writes when a person stops a turn."""
    if reading.state.ended:
        reading.count("control")
    else:
        _close(reading, "was interrupted", interrupted=True, at_ms=reading.at_ms)


def _close(reading: _Reading, how: str, *, interrupted: bool, at_ms: int | None = None) -> None:
    """The newest turn is over. Calls of it without a result end as interrupted, with an audit row each."""
    state = reading.state
    for call_id, (offset, length, turn_id, index, open_) in list(state.calls.items()):
        if open_ and turn_id == state.turn:
            state.calls[call_id][-1] = False  # a result may yet come late, and then completes it
            body = _call_at(reading, offset, length, index)
            if body is not None:
                reading.item(body | {"status": "interrupted"}, turn_id, "interrupted", frame=False)
            reading.note("item_interrupted", call_id, f"turn {turn_id} {how} before this call got its result")
    state.ended = True
    if interrupted:
        reading.turn(state.turn, status="interrupted", completed_at_ms=at_ms)


def _call_at(reading: _Reading, offset: int, length: int, index: int) -> Json | None:
    """The call that was read before, from its line."""
    line = loads(reading.file.recall(offset, length)) or {}
    blocks = objects_of(words(line, "message", "content"))
    if index >= len(blocks) or not text_of(blocks[index].get("id")):
        return None
    body = call_body(blocks[index], text_of(line.get("cwd")))
    agent = text_of(line.get("agentId"))
    return body | {"agentId": agent} if agent else body


def _result(reading: _Reading, block: Json) -> None:
    """The result of a call: the call's item, grown by what came of it."""
    state, call_id = reading.state, text_of(block.get("tool_use_id"))
    if call_id is None:
        reading.got.drop("malformed", state.session, "a tool_result without tool_use_id", reading.when)
        reading.frame = 0
        return
    place = state.calls.pop(call_id, None)
    body = None if place is None else _call_at(reading, place[0], place[1], place[3])
    if body is None:
        body = {"type": "toolCall", "id": call_id, "tool": None, "arguments": None, "cwd": reading.value.get("cwd")}
    turn_id = place[2] if place is not None else reading.turn_of_line()
    told = reading.value.get("toolUseResult")
    body |= result_of(block, told, reading.file)
    reading.item(body, turn_id, body["status"])


def _assistant(reading: _Reading) -> None:
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


def _usage(reading: _Reading, message: Json, turn_id: str) -> None:
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


def _answered(reading: _Reading, message: Json, turn_id: str) -> None:
    """Whether the turn is over with this line."""
    if reading.value.get("isApiErrorMessage") is True:
        error = next((text for part in parts_of(message.get("content")) if (text := text_of(part.get("text")))), None)
        reading.turn(turn_id, status="failed", error=error, completed_at_ms=reading.at_ms)
        _close(reading, "failed", interrupted=False)
    elif text_of(message.get("stop_reason")) in FINAL_STOPS:
        reading.turn(turn_id, status="completed", completed_at_ms=reading.at_ms)
        _close(reading, "ended", interrupted=False)


def _system(reading: _Reading) -> None:
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


def _attachment(reading: _Reading) -> None:
    attachment, uuid = reading.value.get("attachment"), text_of(reading.value.get("uuid"))
    kind = text_of(attachment.get("type")) if isinstance(attachment, dict) else None
    if isinstance(attachment, dict) and kind in NOTED_ATTACHMENTS and uuid is not None:
        body: Json = {"type": "attachment", "id": uuid, "about": kind, "attachment": attachment}
        reading.item(body, reading.turn_of_line())
    else:
        reading.count("control")


def _titled(reading: _Reading) -> None:
    title = text_of(reading.value.get("customTitle")) or text_of(reading.value.get("aiTitle"))
    if title is None:
        reading.count("control")
    else:
        seen = SessionSeen(session_id=reading.state.session, title=title, at_ms=reading.at_ms, frames=reading.took())
        reading.got.sessions.append(seen)


_LINES: dict[str, Callable[[_Reading], None]] = {
    "user": _user,
    "assistant": _assistant,
    "system": _system,
    "attachment": _attachment,
    "custom-title": _titled,
    "ai-title": _titled,
}
