"""Items of rollout files from before codex wrote `item_completed` into them (2025, and threads that began then).

What is done, since three generations of files exist:

- prompts, answers, reasoning: from the events `user_message`, `agent_message`, `agent_reasoning`, numbered `item-1`,
  `item-2`, … in turns named `rollout-<line of the prompt>`, because the app-server of codex 0.169 numbers them so when
  it is asked for the history of such a file (watched), and one item must have one id;
- where a file has no such events, from the `response_item` of role user or assistant, numbered the same;
- commands, patches and other calls: from `response_item` function_call and its output, when the output is there, under
  their `call_id`. The app-server's history does not have these.

What codex put into the conversation itself (`<environment_context>` and its kin) is no prompt.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any

import orjson

from actors.wire.gathered import Json, loads, objects_of, text_of, words
from actors.wire.patch_text import patch_changes
from actors.wire.rollout_items import command_line
from actors.wire.rollout_reading import Reading
from actors.wire.rollout_state import SAID_MAX

INJECTED = ("<environment_context>", "<user_instructions>", "<turn_aborted>", "<skill", "<permissions",
            "<collaboration_mode>", "<user_shell_command>",
            "<subagent_notification>", "# AGENTS.md instructions")  # fmt: skip
SHELLS = frozenset({"shell", "exec_command", "local_shell", "container.exec", "shell_command"})
_EXIT = re.compile(r"(?:^|\n)(?:Exit code: |Process exited with code |Script exited with code )(-?\d{1,6})")
_OUTPUT = "Output:\n"


def prompt_of(payload: Json) -> str | None:
    """What a person typed, if this response item is that."""
    if payload.get("type") != "message" or payload.get("role") != "user":
        return None
    kinds = words(payload, "internal_chat_message_metadata_passthrough", "content_item_kinds")
    if isinstance(kinds, list) and not any(isinstance(kind, str) and kind.startswith("user.") for kind in kinds):
        return None
    text = _texts(payload.get("content"))
    return None if text.lstrip().startswith(INJECTED) else text


def response_item(reading: Reading, payload: Json) -> None:
    """A response item in a file whose kind is not known yet, or is an older one."""
    handler = _RESPONSES.get(text_of(payload.get("type")) or "")
    if handler is None:
        reading.count("control")
    else:
        handler(reading, payload)


def _message(reading: Reading, payload: Json) -> None:
    state = reading.state
    prompt = prompt_of(payload)
    if prompt is not None:
        told = reading.following.get("payload") if reading.following else None
        event = told.get("type") if isinstance(told, dict) else None
        if event == "item_completed":
            state.mode = "completed"
        if event in ("item_completed", "user_message"):
            reading.count("control")  # the next line says the same
        else:
            _prompt(reading, _text_parts(prompt))
    elif payload.get("role") == "assistant" and (text := _texts(payload.get("content"))):
        if _crc(text) in state.said:
            reading.count("control")  # its event came before
        else:
            _answer(reading, text, payload.get("phase"))
    else:
        reading.count("control")


def _user_event(reading: Reading, payload: Json) -> None:
    text = text_of(payload.get("message"))
    parts: list[Json] = _text_parts(text, payload.get("text_elements")) if text else []
    parts += [{"type": "image", "url": url} for url in _texts_of(payload.get("images"))]
    parts += [{"type": "localImage", "path": each} for each in _texts_of(payload.get("local_images"))]
    _prompt(reading, parts)


def _agent_event(reading: Reading, payload: Json) -> None:
    text = text_of(payload.get("message"))
    if text is None:
        reading.count("control")
        return
    reading.state.said = [*reading.state.said, _crc(text)][-SAID_MAX:]
    _answer(reading, text, payload.get("phase"))


def _prompt(reading: Reading, parts: list[Json]) -> None:
    """A prompt opens a turn, unless `task_started` did."""
    state = reading.state
    if state.turn and not state.explicit:
        reading.turn(state.turn, 0, status="completed" if state.answered else "interrupted")
        reading.close_turn("was left without an end")
    _numbered(reading, {"type": "userMessage", "clientId": None, "content": parts})


def _answer(reading: Reading, text: str, phase: Any) -> None:
    answer = {"type": "agentMessage", "moderation": None, "text": text, "phase": phase, "memoryCitation": None,
              "delivery": None, "questions": None}  # fmt: skip
    _numbered(reading, answer)
    reading.state.answered = True


def _reasoning_event(reading: Reading, payload: Json) -> None:
    """Only its number is taken: the response item behind it has the whole text."""
    _number(reading, "reasoning")
    reading.count("control")


def _reasoning(reading: Reading, payload: Json) -> None:
    """The app-server joins neighbours that nothing it shows stands between; each is kept apart here, the first under
    the joint id."""
    summary = [text for each in objects_of(payload.get("summary")) if (text := text_of(each.get("text")))]
    content = [text for each in objects_of(payload.get("content")) if (text := text_of(each.get("text")))]
    if not summary and not content:
        reading.count("control")  # encrypted: nobody can read it
        return
    state = reading.state
    item_id = _number(reading, "reasoning")
    if state.last_kind == "reasoning+":
        item_id = f"{item_id}@{state.line}"
    state.last_kind = "reasoning+"
    _keep(reading, {"type": "reasoning", "id": item_id, "summary": summary, "content": content})


def _compacted(reading: Reading, payload: Json) -> None:
    _numbered(reading, {"type": "contextCompaction"})


def _failed(reading: Reading, payload: Json) -> None:
    state = reading.state
    if not state.turn:
        reading.count("control")
        return
    reading.turn(state.turn, status="failed", error=text_of(payload.get("message")), completed_at_ms=reading.at_ms)
    reading.close_turn("failed")


def _call(reading: Reading, payload: Json) -> None:
    call_id = text_of(payload.get("call_id")) or text_of(payload.get("id"))
    _legacy(reading)
    if call_id is not None:
        _ensure_turn(reading)
        reading.state.opened(call_id, reading.line.offset, len(reading.line.raw))
    reading.count("control")


def _result(reading: Reading, payload: Json) -> None:
    """A call and its result are one item, stored when the result is there."""
    state, call_id = reading.state, text_of(payload.get("call_id"))
    _legacy(reading)
    if call_id is None:
        reading.got.drop("malformed", state.session, "a call's output without call_id", reading.when)
        return
    place, output = state.calls.pop(call_id, None), _spelled(payload.get("output"))
    if output is None:
        reading.got.drop("malformed", state.session, "a call's output is nested too deep", reading.when)
        return
    call: Json = {}
    if place is not None:
        line = loads(reading.file.recall(place[0], place[1])) or {}
        call = line["payload"] if isinstance(line.get("payload"), dict) else line
    _keep(reading, {"id": call_id, **_called(call, state.cwd), **_outcome(output, call)})


def _called(call: Json, cwd: str | None) -> Json:
    name = text_of(call.get("name")) or ("local_shell" if call.get("type") == "local_shell_call" else "")
    arguments = call.get("arguments", call.get("input", call.get("action")))
    if isinstance(arguments, str):
        arguments = loads(arguments.encode()) or arguments
    if name == "apply_patch":
        patch = arguments.get("input") if isinstance(arguments, dict) else arguments
        if isinstance(patch, str) and (changes := patch_changes(patch, cwd)):
            return {"type": "fileChange", "changes": changes}
    if name in SHELLS and isinstance(arguments, dict):
        command = arguments.get("command", arguments.get("cmd"))
        folder = arguments.get("workdir", arguments.get("working_directory")) or cwd
        return {"type": "commandExecution", "command": command_line(command), "cwd": folder}
    return {"type": "toolCall", "tool": name or None, "arguments": arguments}


def _spelled(output: Any) -> str | None:
    """An output as text; None when it is nested deeper than can be written."""
    try:
        return output if isinstance(output, str) else orjson.dumps(output).decode()
    except TypeError:
        return None


def _outcome(text: str, call: Json) -> Json:
    """Exit code, status and output, as the generations wrote them: JSON with metadata, or a text with a head."""
    code: Any = None
    told = loads(text.encode()) if text.startswith("{") else None
    if told is not None and isinstance(told.get("output"), str):
        text, code = told["output"], words(told, "metadata", "exit_code")
    elif (found := _EXIT.search(text[:400])) is not None:
        code = int(found[1])
        text = text.partition(_OUTPUT)[2] if _OUTPUT in text else text
    failed = isinstance(code, int) and code != 0
    status = "failed" if failed else "completed"
    name = text_of(call.get("name"))
    if name == "apply_patch":
        return {"status": status, "output": text}
    if name in SHELLS or call.get("type") == "local_shell_call":
        return {"status": status, "aggregatedOutput": text, "exitCode": code}
    return {"status": status, "result": text}


def _number(reading: Reading, kind: str) -> str:
    """The id of the next numbered item; neighbouring reasoning shares one."""
    state = reading.state
    _legacy(reading)
    if not (kind == "reasoning" and state.last_kind.startswith("reasoning")):
        state.items, state.last_kind = state.items + 1, kind
    return f"item-{state.items}"


def _numbered(reading: Reading, body: Json) -> None:
    _keep(reading, {"type": body["type"], "id": _number(reading, body["type"]), **body})


def _keep(reading: Reading, body: Json) -> None:
    _legacy(reading)
    _ensure_turn(reading)
    body |= {"startedAtMs": None, "completedAtMs": None}  # as in the app-server's history: these files do not say
    reading.item(body, reading.state.turn, None, reading.at_ms)


def _ensure_turn(reading: Reading) -> None:
    if not reading.state.turn:
        reading.state.turn = f"rollout-{reading.state.line}"
        reading.turn(reading.state.turn, 0, status="inProgress", started_at_ms=reading.at_ms)


def _legacy(reading: Reading) -> None:
    reading.state.mode = "legacy"


def _text_parts(text: str, elements: Any = None) -> list[Json]:
    return [{"type": "text", "text": text, "text_elements": elements if isinstance(elements, list) else []}]


def _texts(content: Any) -> str:
    return "".join(text for part in objects_of(content) if (text := text_of(part.get("text"))))


def _texts_of(values: Any) -> list[str]:
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def _crc(text: str) -> int:
    return zlib.crc32(text.encode())


_RESPONSES: dict[str, Callable[[Reading, Json], None]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _call,
    "custom_tool_call": _call,
    "local_shell_call": _call,
    "function_call_output": _result,
    "custom_tool_call_output": _result,
}
EVENTS: dict[str, Callable[[Reading, Json], None]] = {
    "user_message": _user_event,
    "agent_message": _agent_event,
    "agent_reasoning": _reasoning_event,
    "context_compacted": _compacted,
    "error": _failed,
}
"""Events that carry items where no `item_completed` does."""
