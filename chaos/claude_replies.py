"""What the loopback Messages API says: a request in, a plan of server-sent events out.

Pure. A prompt that starts with ``SCN:`` names the scenario (see `scripts.scenario_of`); any other is ``plain``. Whether
the real `claude` then runs tools is its own doing: what it was told stands here, what came of it stands in its stream.

=======================  ========================================================================================
``SCN:plain``            one text
``SCN:long:<n>``         one text in n deltas of 8 bytes
``SCN:slow:<n>``         n deltas, one every 20 ms
``SCN:hang``             half a text, then nothing until the client goes
``SCN:thinking``         a thinking block, then a text
``SCN:tools``            Write, Edit, Bash, a Bash that fails, a Read of nothing, two Bash at once, then a text
``SCN:shell:<s>``        one Bash: ``echo hello``, or with a number a sleep of so many seconds
``SCN:steps:<n>``        n Bash calls of 0.2 s, one after the other, then a text
``SCN:gate:<n>``         the same, but the text waits until the test opens the gate
``SCN:agent``            one sub-agent, whose prompt is ``SCN:shell``
``SCN:retry``            529 on the first attempt, then a text
``SCN:fail:<status>``    this HTTP status (400 unless given)
``SCN:secret``           a Bash whose output holds two planted secrets, then a text with all of them
=======================  ========================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from chaos import scripts
from chaos.scripts import Scenario, pieces, scenario_of

Json = dict[str, Any]
MODEL = "claude-sonnet-4-5-20250929"
EDITED_FILE = "notes.txt"
USAGE: Json = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 700,
    "output_tokens": 1,
}
"""What `message_start` tells; the real API, too, counts only one output token there."""
OUTPUT_TOKENS = 42
"""What `message_delta` tells at the end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request is answered: by a status, or by content blocks."""

    blocks: tuple[Json, ...] = ()
    """Content blocks, as a whole message would hold them."""
    status: int = 200
    pause_ms: int = 0
    """Wait before each text delta."""
    gated: bool = False
    """Wait for the gate before anything."""
    hang: bool = False
    """Stop before the last block ends, and say no more."""

    @property
    def stop_reason(self) -> str:
        return "tool_use" if any(block["type"] == "tool_use" for block in self.blocks) else "end_turn"


def reply_for(request: Json, attempt: int) -> Reply:
    """The answer to this request body; `attempt` counts equal requests from 1 (a retry is attempt 2)."""
    prompt, step, folder = where(request.get("messages") or [])
    scenario = scenario_of(prompt)
    steps = _tool_steps(scenario, folder)
    if step < len(steps):
        return Reply(tuple(steps[step]))
    match scenario.name:
        case "long" | "slow":
            text = scripts.LONG_WORD * scenario.count(100, 20_000)
            return Reply((_text(text),), pause_ms=20 if scenario.name == "slow" else 0)
        case "hang":
            return Reply((_text(scripts.PARTIAL_TEXT),), hang=True)
        case "thinking":
            thought = {"type": "thinking", "thinking": scripts.REASONING_TEXT, "signature": "c2lnbmF0dXJl"}
            return Reply((thought, _text(scripts.AFTER_REASONING_TEXT)))
        case "retry" if attempt == 1:
            return Reply(status=529)
        case "fail":
            return Reply(status=scenario.count(400, 599))
        case "secret":
            return Reply((_text(scripts.secret_text()),))
    text = scripts.AFTER_TOOL_TEXT if steps else scripts.PLAIN_TEXT
    return Reply((_text(text),), gated=scenario.name == "gate")


def where(messages: list[Json]) -> tuple[str, int, str]:
    """The last prompt, how many answers came after it, and the folder it named by ``in:<folder>`` (else empty).

    claude puts reminders of its own around a prompt as text blocks, and sends the results of tools as user messages:
    the prompt is the last text block that starts with ``SCN:``, or else the last text of all.
    """
    answered = 0
    last = ""
    for message in reversed(messages):
        if message.get("role") == "assistant":
            answered += 1
            continue
        texts = _texts(message.get("content"))
        for text in reversed(texts):
            if text.startswith("SCN:"):
                named = [word[3:] for word in text.split() if word.startswith("in:")]
                return text, answered, named[0] if named else ""
        last = last or (texts[-1] if texts else "")
    return last, answered, ""


def _texts(content: str | list[Json] | None) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content or [] if block.get("type") == "text"]


def _tool_steps(scenario: Scenario, folder: str) -> list[list[Json]]:
    """The tool calls of a scenario, message by message, before its last text."""
    match scenario.name:
        case "shell":
            command = f"sleep {scenario.count(1, 600)}" if scenario.arg else scripts.SAFE_COMMAND
            return [[_bash(command)]]
        case "steps" | "gate":
            return [[_bash(f"sleep 0.2; echo step {number}")] for number in range(scenario.count(10, 1_000))]
        case "secret":
            return [[_bash(scripts.secret_command())]]
        case "agent":
            told = {"description": "run a command", "prompt": "SCN:shell", "subagent_type": "general-purpose"}
            return [[_tool("Agent", {**told, "run_in_background": False})]]
        case "tools":
            file = str(PurePosixPath(folder or ".") / EDITED_FILE)
            return [
                [_text("First a file."), _tool("Write", {"file_path": file, "content": "one\ntwo\n"})],
                [_tool("Edit", {"file_path": file, "old_string": "two", "new_string": "three"})],
                [_bash(scripts.SAFE_COMMAND)],
                [_bash(scripts.FAILING_COMMAND)],
                [_tool("Read", {"file_path": f"{file}.is-not-there"})],
                [_bash("echo left"), _bash("echo right")],
            ]
    return []


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _tool(name: str, given: Json) -> Json:
    return {"type": "tool_use", "name": name, "input": given}


def _bash(command: str) -> Json:
    return _tool("Bash", {"command": command, "description": "scripted"})


def deltas(block: Json) -> list[str]:
    """The text of a block in the pieces in which it is streamed."""
    text = block["text"]
    return pieces(text, 8 if text.startswith(scripts.LONG_WORD) else 6)
