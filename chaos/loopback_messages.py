"""The loopback Messages API: what the real `claude` may talk to, on 127.0.0.1, so that it runs offline.

    with LoopbackMessages() as api:
        ClaudeRun(claude, "SCN:tools", cwd, claude_env(home, api.url), folder).finish()   # see claude_program.py

What it says is chosen by the prompt: see `claude_replies.py`. As every `loopback.py` it records methods and paths only;
beside that it remembers what it served itself (`served`): ids and tokens, which nobody else can know better.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult

import orjson

from chaos.claude_replies import MODEL, OUTPUT_TOKENS, USAGE, Reply, deltas, reply_for, where
from chaos.loopback import Loopback, LoopbackHandler, server_sent

Json = dict[str, Any]
TOKENS = (USAGE["input_tokens"], USAGE["cache_read_input_tokens"], USAGE["cache_creation_input_tokens"], OUTPUT_TOKENS)
HANG_S_MAX = 120.0
"""A stream that hangs ends after this even if nobody closes it."""


@dataclass(frozen=True, slots=True)
class Served:
    """One answer that was served to its end."""

    message_id: str
    request_id: str
    tool_use_ids: tuple[str, ...]
    tokens: tuple[int, int, int, int]
    """Input, read from the cache, written to the cache, output."""


class LoopbackMessages(Loopback):
    """A running loopback Messages API; `name` keeps the ids of two of them apart."""

    def __init__(self, name: str = "a") -> None:
        super().__init__(_Handler, "loopback-messages")
        self.name = name
        self._served: list[Served] = []
        self._attempts: Counter[tuple[str, int]] = Counter()
        self._numbers = itertools.count(1)
        self._own = threading.Lock()

    @property
    def served(self) -> list[Served]:
        """Every answer so far that ended, in order of their ends."""
        with self._own:
            return list(self._served)

    def number(self) -> str:
        """The next number for ids of a message, a request or a tool call."""
        with self._own:
            return f"{self.name}{next(self._numbers):05d}"

    def attempt(self, request: Json) -> int:
        """How often this has been asked, this time included: same prompt, as many answers since."""
        prompt, answered, _ = where(request.get("messages") or [])
        with self._own:
            self._attempts[prompt, answered] += 1
            return self._attempts[prompt, answered]

    def keep(self, served: Served) -> None:
        with self._own:
            self._served.append(served)


class _Handler(LoopbackHandler):
    @property
    def api(self) -> LoopbackMessages:
        peer = self.server.peer
        assert isinstance(peer, LoopbackMessages)
        return peer

    def answer(self, method: str, url: SplitResult, body: bytes) -> None:
        request_id = f"req_{self.api.number()}"
        match method, url.path:
            case "POST", "/v1/messages":
                request = orjson.loads(body)
                self._reply(reply_for(request, self.api.attempt(request)), request_id)
            case "POST", "/v1/messages/count_tokens":
                self.send_json(200, {"input_tokens": USAGE["input_tokens"]}, **{"request-id": request_id})
            case _:
                self.send_json(404, _error("not_found_error", "no such path here"), **{"request-id": request_id})

    def _reply(self, reply: Reply, request_id: str) -> None:
        if reply.status != 200:
            kind = {400: "invalid_request_error", 401: "authentication_error", 529: "overloaded_error"}
            error = _error(kind.get(reply.status, "api_error"), f"the loopback API answers {reply.status}")
            self.send_json(reply.status, error, **{"request-id": request_id})
            return
        if reply.gated:
            self.wait_for_the_gate()
        message_id = f"msg_{self.api.number()}"
        self.begin_stream(**{"request-id": request_id})
        head = {"id": message_id, "type": "message", "role": "assistant", "model": MODEL, "content": []}
        self._say({"type": "message_start", "message": {**head, "stop_reason": None, "usage": USAGE}})
        tool_use_ids = []
        for index, block in enumerate(reply.blocks):
            if block["type"] == "tool_use":
                tool_use_ids.append(f"toolu_{self.api.number()}")
                block = {**block, "id": tool_use_ids[-1]}
            self._block(index, block, reply)
            if reply.hang and index == len(reply.blocks) - 1:
                self.api.closing.wait(HANG_S_MAX)
                self.close_connection = True
                return
            self._say({"type": "content_block_stop", "index": index})
        usage = {"output_tokens": OUTPUT_TOKENS}
        self._say({"type": "message_delta", "delta": {"stop_reason": reply.stop_reason}, "usage": usage})
        self._say({"type": "message_stop"})
        # Before the end, so that whoever has read to the end finds it.
        self.api.keep(Served(message_id, request_id, tuple(tool_use_ids), TOKENS))
        self.end_stream()

    def _block(self, index: int, block: Json, reply: Reply) -> None:
        """A block from its start to before its end, in deltas as the real API sends them."""
        empty: dict[str, Json] = {
            "text": {"text": ""},
            "thinking": {"thinking": "", "signature": ""},
            "tool_use": {"input": {}},
        }
        self._say({"type": "content_block_start", "index": index, "content_block": {**block, **empty[block["type"]]}})
        parts: list[Json]
        match block["type"]:
            case "text":
                parts = [{"type": "text_delta", "text": text} for text in deltas(block)]
            case "thinking":
                thought = {"type": "thinking_delta", "thinking": block["thinking"]}
                parts = [thought, {"type": "signature_delta", "signature": block["signature"]}]
            case _:
                parts = [{"type": "input_json_delta", "partial_json": orjson.dumps(block["input"]).decode()}]
        if reply.hang:
            parts = parts[: max(1, len(parts) // 2)]
        for part in parts:
            if reply.pause_ms:
                self.api.closing.wait(reply.pause_ms / 1000)
            self._say({"type": "content_block_delta", "index": index, "delta": part})

    def _say(self, event: Json) -> None:
        self.send_chunk(server_sent(event))


def _error(kind: str, text: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": text}}
