"""What the reader of a transcript has to know to go on in the middle of the file. Names and places, never content."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

CALLS_MAX = 256
"""Calls that wait for their result; the oldest leaves first, and its result then stands alone."""
RESPONSES_MAX = 64
"""Responses whose usage was told lately: each of their blocks tells it again."""
ID_CHARS_MAX = 128
"""A longer id is none of the tool's, and is not remembered."""


@dataclass(slots=True)
class TranscriptState:
    """Where the reading of one transcript stands. As JSON it stays below 64 KiB by its own bounds."""

    session: str = ""
    """The session of the last line that named one."""
    origin: str = ""
    """The session that copied lines were last named after."""
    begun_ms: int | None = None
    """Time of the file's first line that has one. A fork's copied lines are older, and come later."""
    turn: str = ""
    """The newest turn: the uuid of its prompt. A sub-agent's file has no prompt of its own and is empty here."""
    prompt: str = ""
    """The tool's other name of that turn, `promptId`: a sub-agent's file and telemetry know only this one."""
    ended: bool = True
    """The newest turn has its end, or there is none yet."""
    calls: dict[str, list[Any]] = field(default_factory=dict)
    """Calls without a result: tool_use id → [offset, length, turn, index of the block, whether it is still open]."""
    responses: list[str] = field(default_factory=list)
    facts: list[str | None] = field(default_factory=list)
    """cwd, branch, version and model as last told."""

    def dumped(self) -> str:
        """As JSON, for `FilePosition.state`."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def loaded(cls, text: str) -> TranscriptState:
        """What `dumped` wrote. Errors: TypeError, ValueError for anything else."""
        return cls(**orjson.loads(text))

    def opened(self, call_id: str, offset: int, length: int, index: int, turn: str) -> None:
        """A call waits for its result."""
        if len(call_id) <= ID_CHARS_MAX and len(turn) <= ID_CHARS_MAX:
            self.calls[call_id] = [offset, length, turn, index, True]
            if len(self.calls) > CALLS_MAX:
                del self.calls[next(iter(self.calls))]

    def first_told(self, response_id: str) -> bool:
        """Whether this response's usage was not told yet."""
        if response_id in self.responses:
            return False
        if len(response_id) <= ID_CHARS_MAX:
            self.responses = [*self.responses, response_id][-RESPONSES_MAX:]
        return True
