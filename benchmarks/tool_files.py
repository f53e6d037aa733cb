"""Rollouts and transcripts of a wanted size, in the form that codex 0.169 and claude 2.1 write, with texts of this
repository: sources as tool outputs, its documentation as answers. Seeded, so the same size gives the same bytes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parent.parent
Json = dict[str, Any]
START_MS = 1_795_000_000_000


class Texts:
    """Pieces of this repository's own texts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        folders = ("actors", "chaos", "hybrid_capture", "messages")  # storage/ is full of what looks like secrets
        self._code = [path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
        self._prose = "\n".join(path.read_text() for path in sorted(ROOT.glob("docs/*.md")))

    def code(self, chars: int) -> str:
        text = self._random.choice(self._code)
        at = self._random.randrange(max(1, len(text) - chars))
        return text[at : at + self._random.randint(chars // 4, chars)]

    def prose(self, chars: int) -> str:
        at = self._random.randrange(max(1, len(self._prose) - chars))
        return self._prose[at : at + self._random.randint(chars // 4, chars)]

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def token(self) -> str:
        return f"{self._random.getrandbits(96):024x}"

    def pick(self, *choices: str) -> str:
        return self._random.choice(choices)


def write(path: Path, lines: Iterator[Json], bytes_min: int) -> int:
    """Fill a file with lines until it has that many bytes; gives its size."""
    size = 0
    with path.open("wb") as file:
        for line in lines:
            size += file.write(orjson.dumps(line) + b"\n")
            if size >= bytes_min:
                break
    return size


def _iso(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"2026-11-{22 + hours // 24 % 8:02d}T{hours % 24:02d}:{minute:02d}:{second:02d}.{rest:03d}Z"


def transcript(seed: int = 1) -> Iterator[Json]:
    """One endless session of Claude Code: prompts, thoughts, answers, calls with results, and what claude adds."""
    say = Texts(seed)
    session, clock = say.uuid(), 0
    parent: str | None = None

    def line(kind: str, **more: Any) -> Json:
        nonlocal clock, parent
        clock += 137
        own = say.uuid()
        made = {
            "parentUuid": parent, "isSidechain": False, **more, "type": kind, "uuid": own, "timestamp": _iso(clock),
            "userType": "external", "entrypoint": "cli", "cwd": "/home/user/project", "sessionId": session,
            "version": "2.1.332", "gitBranch": "main",
        }  # fmt: skip
        parent = own
        return made

    def answer(block: Json, stop: str, message_id: str) -> Json:
        usage = {
            "input_tokens": 12,
            "cache_creation_input_tokens": 30,
            "cache_read_input_tokens": 700,
            "output_tokens": 42,
        }
        message = {"id": message_id, "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
                   "content": [block], "stop_reason": stop, "stop_sequence": None, "usage": usage}  # fmt: skip
        return line("assistant", message=message, requestId=f"req_{message_id[4:]}")

    while True:
        prompt = say.uuid()
        yield line("user", promptId=prompt, message={"role": "user", "content": say.prose(800)})
        yield line("attachment", attachment={"type": "total_tokens_reminder", "content": say.prose(400)})
        yield {
            "type": "api-request-blob",
            "sessionId": session,
            "message": {"role": "user", "content": say.prose(3_000)},
        }
        for _ in range(6):
            message_id = f"msg_{say.token()}"
            yield answer(
                {"type": "thinking", "thinking": say.prose(600), "signature": say.token() * 12}, "tool_use", message_id
            )
            yield answer({"type": "text", "text": say.prose(500)}, "tool_use", message_id)
            call = f"toolu_{say.token()}"
            name = say.pick("Bash", "Bash", "Read", "Edit")
            given: Json = {"command": f"sed -n 1,80p src/{say.token()[:6]}.py", "description": "look"}
            output = say.code(6_000)
            told: Any = {"stdout": output, "stderr": "", "interrupted": False}
            if name == "Edit":
                given = {
                    "file_path": "/home/user/project/a.py",
                    "old_string": say.code(900),
                    "new_string": say.code(900),
                }
                output = "The file has been updated."
                patch = [
                    {"oldStart": 1, "oldLines": 9, "newStart": 1, "newLines": 9, "lines": say.code(1_500).split("\n")}
                ]
                told = {"filePath": given["file_path"], "structuredPatch": patch, "originalFile": say.code(6_000)}
            yield answer({"type": "tool_use", "id": call, "name": name, "input": given}, "tool_use", message_id)
            result = {"tool_use_id": call, "type": "tool_result", "content": output}
            yield line("user", promptId=prompt, message={"role": "user", "content": [result]}, toolUseResult=told)
        yield answer({"type": "text", "text": say.prose(2_000)}, "end_turn", f"msg_{say.token()}")


def rollout(seed: int = 2) -> Iterator[Json]:
    """One endless session of codex: every item twice, as `response_item` and as `item_completed`."""
    say = Texts(seed)
    session, clock, ordinal, turns = "01a20000-0000-7000-8000-" + say.token()[:12], 0, 0, 0

    def line(kind: str, payload: Json) -> Json:
        nonlocal clock, ordinal
        clock, ordinal = clock + 119, ordinal + 1
        return {"timestamp": _iso(clock), "ordinal": ordinal, "type": kind, "payload": payload}

    def done(item: Json) -> Json:
        body = {"type": "item_completed", "thread_id": session, "turn_id": turn, "item": item,
                "started_at_ms": START_MS + clock, "completed_at_ms": START_MS + clock + 5}  # fmt: skip
        return line("event_msg", body)

    meta = {"id": session, "timestamp": _iso(0), "cwd": "/home/user/project", "cli_version": "0.169.0",
            "history_mode": "paginated", "base_instructions": {"text": say.prose(20_000)}}  # fmt: skip
    yield line("session_meta", meta)
    while True:
        turns += 1
        turn = f"01a20001-{turns % 65536:04x}-7000-8000-{say.token()[:12]}"
        yield line(
            "event_msg", {"type": "task_started", "turn_id": turn, "started_at": START_MS // 1000 + clock // 1000}
        )
        yield line("turn_context", {"turn_id": turn, "cwd": "/home/user/project", "model": "gpt-5.5"})
        asked = say.prose(800)
        yield line(
            "response_item", {"type": "message", "role": "user", "content": [{"type": "input_text", "text": asked}]}
        )
        yield done(
            {"type": "UserMessage", "id": say.uuid(), "content": [{"type": "text", "text": asked, "text_elements": []}]}
        )
        for number in range(6):
            call, thought, output = f"call_{say.token()}", say.prose(500), say.code(6_000)
            yield done({"type": "Reasoning", "id": f"rs_{say.token()}", "summary_text": [thought], "raw_content": []})
            yield line("response_item", {"type": "reasoning", "summary": [{"type": "summary_text", "text": thought}],
                                         "encrypted_content": say.token() * 40})  # fmt: skip
            command = ["/bin/bash", "-lc", f"sed -n '1,80p' src/{say.token()[:6]}.py"]
            yield line("response_item", {"type": "function_call", "name": "exec_command", "call_id": call,
                                         "arguments": orjson.dumps({"cmd": command[-1]}).decode()})  # fmt: skip
            usage = {"input_tokens": 100, "cached_input_tokens": 0, "output_tokens": 10, "total_tokens": 110}
            spent = {"usage": usage, "thread_token_usage": usage, "response_id": f"resp_{say.token()}"}
            yield line("token_usage_record", {"thread_id": session, "turn_id": turn, **spent})
            if number % 3 == 2:
                changes = {
                    "/home/user/project/a.py": {"type": "update", "unified_diff": say.code(1_500), "move_path": None}
                }
                yield done({"type": "FileChange", "id": call, "changes": changes, "status": "completed"})
            else:
                ran: Json = {"cwd": "file:///home/user/project", "parsed_cmd": [], "source": "agent", "exit_code": 0}
                ran |= {"status": "completed", "aggregated_output": output, "duration": {"secs": 0, "nanos": 9}}
                yield done({"type": "CommandExecution", "id": call, "process_id": "1", "command": command, **ran})
            yield line("response_item", {"type": "function_call_output", "call_id": call, "output": output})
        answer = say.prose(2_000)
        yield done({"type": "AgentMessage", "id": f"msg_{say.token()}", "content": [{"type": "Text", "text": answer}]})
        yield line(
            "response_item",
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]},
        )
        yield line("event_msg", {"type": "task_complete", "turn_id": turn, "duration_ms": 900})


def small_transcript(number: int, said: str) -> bytes:
    """A whole session of one turn: a prompt, and an answer with these words."""
    session, prompt, answer = (str(uuid.UUID(int=number * 3 + each, version=4)) for each in range(3))
    base = {
        "isSidechain": False, "userType": "external", "entrypoint": "cli", "cwd": "/home/user/project",
        "sessionId": session, "version": "2.1.332", "gitBranch": "main",
    }  # fmt: skip
    usage = {"input_tokens": 12, "cache_read_input_tokens": 700, "output_tokens": 42}
    asked = {"role": "user", "content": f"question {number}: why does the build fail in this folder?"}
    told = {"id": f"msg_{number:024x}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
            "content": [{"type": "text", "text": said}], "stop_reason": "end_turn", "usage": usage}  # fmt: skip
    lines = (
        {**base, "type": "user", "uuid": prompt, "parentUuid": None, "promptId": prompt, "timestamp": _iso(number),
         "message": asked},
        {**base, "type": "assistant", "uuid": answer, "parentUuid": prompt, "requestId": f"req_{number:024x}",
         "timestamp": _iso(number + 900), "message": told},
    )  # fmt: skip
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
