"""Sessions of both tools as steps: lines for a file, records for the exporter. Seeded; the clock is given.

Lines have the form that codex 0.169 and claude 2.1.332 write. A session is a generator: who performs its steps decides
how fast it lives and where its lines are torn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from chaos.traffic.telemetry import Record, claude_point, claude_record, claude_span, codex_record
from chaos.traffic.truth import Owner, Spent, Truth

Json = dict[str, Any]
CALLS_MAX = 4
"""Calls of a tool in one turn, at most."""
PLAIN = "reads the source, changes a line, runs the tests and says what came of it; "


@dataclass(frozen=True, slots=True)
class Written:
    """Lines for a file. `copied` ones are another session's and bring nothing new."""

    path: Path
    source: str
    lines: list[bytes]
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """Records of one process, for its next batch."""

    records: list[Record]


Step = Written | Exported
Clock = Callable[[], int]
"""Wall time in ms since the epoch."""


@dataclass(slots=True)
class Teller:
    """What all sessions share."""

    truth: Truth
    chance: random.Random
    clock: Clock
    claude_home: Path
    codex_home: Path
    cwd: str

    def uuid(self) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def token(self) -> str:
        return f"{self.chance.getrandbits(60):015x}"

    def words(self, owner: Owner) -> str:
        """A text that says something and carries a word of its own."""
        return f"{PLAIN * self.chance.randint(1, 6)}{self.truth.word(owner)}"

    def spend(self, owner: Owner, response: str) -> tuple[int, int]:
        spent = Spent(owner, response, self.chance.randint(50, 5_000), self.chance.randint(5, 900))
        self.truth.spent.add(spent)
        return spent.input, spent.output


def _line(value: Json) -> bytes:
    return orjson.dumps(value) + b"\n"


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ClaudeSession:
    """One session of Claude Code: turns with calls, at times with a sub-agent, in the end perhaps a fork."""

    def __init__(self, teller: Teller, origin: ClaudeSession | None = None) -> None:
        self._say = teller
        self.id = teller.uuid()
        self.owner = Owner("claude", self.id)
        self._folder = teller.claude_home / "projects" / "-home-user-project"
        self._path = self._folder / f"{self.id}.jsonl"
        self._origin = origin
        self._parent: str | None = None
        self._sequence = 0
        self.told: list[Json] = []
        """Lines so far that a fork would copy."""

    def steps(self, turns: int) -> Iterator[Step]:
        """The session's life."""
        yield self._written([self._control()])
        if self._origin is not None:
            copies = [{**line, "sessionId": self.id} for line in self._origin.told]
            yield Written(self._path, "transcript", [_line(each) for each in copies], copied=True)
        for _ in range(turns):
            yield from self._turn()

    def _control(self) -> Json:
        return {
            "type": "queue-operation", "operation": "enqueue", "timestamp": _iso(self._say.clock()),
            "sessionId": self.id, "content": "a prompt that waits",
        }  # fmt: skip

    def _written(self, lines: list[Json]) -> Written:
        return Written(self._path, "transcript", [_line(each) for each in lines])

    def _said(self, kind: str, **more: Any) -> Json:
        own = self._say.uuid()
        line = {
            "parentUuid": self._parent, "isSidechain": False, **more, "type": kind, "uuid": own,
            "timestamp": _iso(self._say.clock()), "userType": "external", "entrypoint": "cli", "cwd": self._say.cwd,
            "sessionId": self.id, "version": "2.1.332", "gitBranch": "main",
        }  # fmt: skip
        self._parent = own
        return line

    def _answer(self, block: Json, stop: str, response: tuple[str, int, int], **more: Any) -> Json:
        name, given, output = response
        usage = {"input_tokens": given, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                 "output_tokens": output}  # fmt: skip
        message = {"id": f"msg_{name}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
                   "content": [block], "stop_reason": stop, "stop_sequence": None, "usage": usage}  # fmt: skip
        return self._said("assistant", message=message, requestId=f"req_{name}", **more)

    def _response(self) -> tuple[str, int, int]:
        name = self._say.token()
        return (name, *self._say.spend(self.owner, f"req_{name}"))

    def _record(self, event: str, prompt: str, **more: Any) -> Record:
        self._sequence += 1
        number = self._say.truth.number()
        return claude_record(self.owner, number, self._say.clock(), event, self._sequence - 1, prompt, **more)

    def _requested(self, response: tuple[str, int, int], prompt: str) -> Record:
        name, given, output = response
        return self._record(
            "api_request", prompt, model="claude-sonnet-4-5-20250929", input_tokens=given, output_tokens=output,
            cache_read_tokens=0, cache_creation_tokens=0, cost_usd=0.001, cost_usd_micros=1_000, duration_ms=14,
            request_id=f"req_{name}", query_source="sdk",
        )  # fmt: skip

    def _turn(self) -> Iterator[Step]:
        say, prompt = self._say, self._say.uuid()
        begin = [self._said("user", promptId=prompt, message={"role": "user", "content": say.words(self.owner)})]
        self.told += begin
        yield self._written(begin)
        yield Exported([self._record("user_prompt", prompt, prompt_length="300", text=PLAIN)])
        for number in range(say.chance.randint(1, CALLS_MAX)):
            yield from self._call(prompt, agent=number == 0 and say.chance.random() < 0.3)
        response = self._response()
        end = [self._answer({"type": "text", "text": say.words(self.owner)}, "end_turn", response)]
        self.told += end
        yield self._written(end)
        at_ms = say.clock()
        trace = f"{say.chance.getrandbits(127) + 1:032x}"
        yield Exported([self._requested(response, prompt)])
        yield Exported([claude_span(self.owner, say.truth.number(), at_ms, trace)])
        yield Exported([claude_point(self.owner, say.truth.number(), at_ms)])

    def _call(self, prompt: str, agent: bool) -> Iterator[Step]:
        say, call, response = self._say, f"toolu_{self._say.token()}", self._response()
        lines = [
            self._answer({"type": "text", "text": say.words(self.owner)}, "tool_use", response),
            self._answer(
                {"type": "tool_use", "id": call, "name": "Agent" if agent else "Bash",
                 "input": {"command": "make test", "description": PLAIN}}, "tool_use", response,
            ),
        ]  # fmt: skip
        self.told += lines
        yield self._written(lines)
        tool: Json = {"tool_name": "Agent" if agent else "Bash", "tool_use_id": call}
        yield Exported(
            [
                self._requested(response, prompt),
                self._record("tool_decision", prompt, decision="accept", source="config", **tool),
            ]
        )
        if agent:
            yield from self._sub_agent(prompt)
        result = {"tool_use_id": call, "type": "tool_result", "content": say.words(self.owner)}
        done = [self._said("user", promptId=prompt, message={"role": "user", "content": [result]})]
        self.told += done
        yield self._written(done)
        yield Exported([self._record("tool_result", prompt, success="true", duration_ms="54", **tool)])

    def _sub_agent(self, prompt: str) -> Iterator[Step]:
        """Its lines stand in a file of its own and belong to the turn that called it."""
        say, agent, parent = self._say, f"a{self._say.token()}", self._parent
        path = self._folder / self.id / "subagents" / f"agent-{agent}.jsonl"
        about: Json = {"isSidechain": True, "agentId": agent}
        self._parent = None
        asked = self._said("user", promptId=prompt, message={"role": "user", "content": say.words(self.owner)}, **about)
        yield Written(path, "transcript", [_line(asked)])
        response = self._response()
        said = self._answer({"type": "text", "text": say.words(self.owner)}, "end_turn", response, **about)
        yield Written(path, "transcript", [_line(said)])
        yield Exported([self._requested(response, prompt)])
        self._parent = parent


class CodexSession:
    """One thread of Codex. `origin` makes it a fork, `parent` a sub-agent's thread; `copies` is how an older codex
    forked: the turns of the origin stand in the fork's file again, under their own ids."""

    def __init__(
        self,
        teller: Teller,
        origin: CodexSession | None = None,
        parent: CodexSession | None = None,
        copies: bool = False,
    ) -> None:
        self._say = teller
        self.id = teller.uuid()
        self.owner = Owner("codex", self.id)
        began = datetime.fromtimestamp(teller.clock() / 1000, UTC)
        self.path = (
            teller.codex_home / "sessions" / began.strftime("%Y/%m/%d")
            / f"rollout-{began.strftime('%Y-%m-%dT%H-%M-%S')}-{self.id}.jsonl"
        )  # fmt: skip
        self._origin, self._parent, self._copies = origin, parent, copies
        self._ordinal = 0
        self.told: list[bytes] = []

    def steps(self, turns: int) -> Iterator[Step]:
        """The thread's life."""
        yield self._written([self._meta()])
        if self._origin is not None and self._copies:
            yield Written(self.path, "rollout", list(self._origin.told), copied=True)
        yield Exported([self._record("conversation_starts", "", provider_name="mock")])
        for _ in range(turns):
            yield from self._turn()

    def _meta(self) -> Json:
        at = _iso(self._say.clock())
        meta: Json = {
            "session_id": self.id, "id": self.id, "timestamp": at, "cwd": self._say.cwd, "originator": "codex_exec",
            "cli_version": "0.169.0", "source": "exec", "model_provider": "mock", "history_mode": "paginated",
            "base_instructions": {"text": PLAIN * 20},
        }  # fmt: skip
        if self._origin is not None:
            meta["forked_from_id"] = self._origin.id
            if not self._copies:
                meta["forked_from_ordinal_exclusive"] = self._ordinal = self._origin._ordinal
        if self._parent is not None:
            spawned = {"parent_thread_id": self._parent.id, "depth": 1, "agent_path": None, "agent_nickname": "Ada"}
            meta |= {"source": {"subagent": {"thread_spawn": spawned}}, "parent_thread_id": self._parent.id}
        return self._line("session_meta", meta)

    def _line(self, kind: str, payload: Json) -> Json:
        self._ordinal += 1
        return {
            "timestamp": _iso(self._say.clock()), "ordinal": self._ordinal - 1, "type": kind, "payload": payload
        }  # fmt: skip

    def _written(self, lines: list[Json]) -> Written:
        raw = [_line(each) for each in lines]
        self.told += raw
        return Written(self.path, "rollout", raw)

    def _record(self, event: str, trace: str, stored: bool = True, **more: Any) -> Record:
        return codex_record(self.owner, self._say.truth.number(), self._say.clock(), event, trace, stored, **more)

    def _done(self, turn: str, item: Json) -> Json:
        at_ms = self._say.clock()
        return self._line(
            "event_msg",
            {"type": "item_completed", "thread_id": self.id, "turn_id": turn, "item": item, "started_at_ms": at_ms,
             "completed_at_ms": at_ms + 5},
        )  # fmt: skip

    def _turn(self) -> Iterator[Step]:
        say, turn, at_ms = self._say, self._say.uuid(), self._say.clock()
        trace = f"{say.chance.getrandbits(127) + 1:032x}"
        asked = say.words(self.owner)
        started = {"type": "task_started", "turn_id": turn, "started_at": at_ms // 1000, "trace_id": trace}
        yield self._written(
            [
                self._line("event_msg", started),
                self._line("turn_context", {"turn_id": turn, "cwd": say.cwd, "model": "gpt-5.5"}),
                self._done(
                    turn, {"type": "UserMessage", "id": say.uuid(), "content": [{"type": "text", "text": asked}]}
                ),
            ]
        )
        yield Exported([self._record("user_prompt", trace, prompt="[REDACTED]", prompt_length="300")])
        for _ in range(say.chance.randint(1, CALLS_MAX)):
            yield from self._call(turn, trace)
        answer = say.words(self.owner)
        said = {"type": "AgentMessage", "id": f"msg_{say.token()}", "content": [{"type": "Text", "text": answer}]}
        yield self._written([self._done(turn, said), self._usage(turn)])
        ended = {"type": "task_complete", "turn_id": turn, "last_agent_message": answer, "duration_ms": 900}
        yield self._written([self._line("event_msg", ended)])
        deltas = [self._record("sse_event", "", False, event__kind="response.output_text.delta") for _ in range(3)]
        yield Exported([*deltas, self._record("turn_ttft", trace, duration_ms="12")])

    def _usage(self, turn: str) -> Json:
        response = f"resp_{self._say.token()}"
        given, output = self._say.spend(self.owner, response)
        usage = {"input_tokens": given, "cached_input_tokens": 0, "output_tokens": output,
                 "reasoning_output_tokens": 0, "total_tokens": given + output}  # fmt: skip
        return self._line(
            "token_usage_record",
            {"thread_id": self.id, "turn_id": turn, "response_id": response, "usage": usage},
        )

    def _call(self, turn: str, trace: str) -> Iterator[Step]:
        say, call = self._say, f"call_{self._say.token()}"
        thought = say.words(self.owner)
        ran = {
            "type": "CommandExecution", "id": call, "process_id": "1", "command": ["/bin/bash", "-lc", "make test"],
            "cwd": f"file://{say.cwd}", "parsed_cmd": [], "source": "agent", "exit_code": 0, "status": "completed",
            "aggregated_output": say.words(self.owner), "duration": {"secs": 0, "nanos": 9},
        }  # fmt: skip
        reasoning = {"type": "Reasoning", "id": f"rs_{say.token()}", "summary_text": [thought], "raw_content": []}
        yield self._written([self._done(turn, reasoning), self._usage(turn)])
        yield Exported(
            [
                self._record("api_request", trace, http__response__status_code="200", duration_ms="31"),
                self._record("tool_decision", trace, tool_name="exec_command", call_id=call, decision="approved"),
            ]
        )
        yield self._written([self._done(turn, ran)])
        yield Exported([self._record("tool_result", trace, tool_name="exec_command", call_id=call, success="true")])
