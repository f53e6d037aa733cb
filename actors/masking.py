"""Texts of a recording: the same length in every encoding, the same where they were the same, and nothing of what they
said.

Machines decide by words of the protocol, by ids and by sizes. Those stay, as far as redaction finds nothing in them; of
all other text each letter and digit becomes another, by a key that is never written. So a masked session takes the same
decisions, while redaction's own placeholders would change its sizes.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

import orjson

from storage.redaction import redact

FRAME_KEYS = frozenset(
    {
        "method", "id", "threadId", "turnId", "itemId", "type", "status", "kind", "requestId", "authMode", "planType",
        "level", "source", "phase", "role", "loginId", "codexErrorInfo", "willRetry", "subtype", "forkedFromId",
    }
)  # fmt: skip
"""Where an app-server's line has words and ids."""
COMMAND_KEYS = frozenset({"command", "commandId", "threadId", "turnId", "itemId", "decision", "kind", "state"})
"""The same of a renderer's command."""
REMEMBERED_MAX = 8_192
_WORD = re.compile(r"[A-Za-z0-9_.:/#>-]{1,128}")
_RUN = re.compile(r"[A-Za-z0-9]+")
_RUN_OF_BYTES = re.compile(rb"[A-Za-z0-9]+")
_WIDE = ((re.compile("[\u0080-\u07ff]"), "\u00e9"), (re.compile("[\u0800-\uffff]"), "\u4e2d"),
         (re.compile("[\U00010000-\U0010ffff]"), "\U0001f600"))  # fmt: skip
"""Letters beyond ASCII, by how many bytes they take in UTF-8."""


class Mask:
    """One recording's way of hiding. The same text is always hidden the same way."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._words: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Nothing of it."""
        stream = self._stream(text.encode(errors="surrogatepass"), len(text))
        masked = _RUN.sub(lambda run: stream[run.start() : run.end()], text)
        for wide, stand_in in () if masked.isascii() else _WIDE:
            masked = wide.sub(stand_in, masked)
        return masked

    def word(self, word: str) -> str:
        """The word itself when it looks like one, and redaction finds nothing in it; otherwise nothing of it."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= REMEMBERED_MAX:
                self._words.clear()
            fine = _WORD.fullmatch(word) is not None and redact(word).text == word
            known = self._words[word] = word if fine else self.text(word)
        return known

    def lines(self, lines: bytes) -> bytes:
        """Lines of an app-server, each as long as before; a line that is no JSON stays none."""
        return b"\n".join(self.line(line) for line in lines.split(b"\n"))

    def line(self, line: bytes, keys: frozenset[str] = FRAME_KEYS) -> bytes:
        """One JSON text."""
        if not line:
            return line
        try:
            masked = orjson.dumps(self.value(orjson.loads(line), keys))
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            stream = self._stream(line, len(line)).encode()
            return _RUN_OF_BYTES.sub(lambda run: stream[run.start() : run.end()], line)
        return masked.ljust(len(line))

    def value(self, value: Any, keys: frozenset[str], name: str = "") -> Any:
        """Texts below a value, by the names they stand under."""
        if isinstance(value, str):
            return self.word(value) if name in keys else self.text(value)
        if isinstance(value, list):
            return [self.value(each, keys, name) for each in value]
        if isinstance(value, dict):
            return {self.word(key): self.value(each, keys, key) for key, each in value.items()}
        return value

    def _stream(self, of: bytes, length: int) -> str:
        """Letters that depend on all of the text."""
        digest = blake2b(of, key=self._key, digest_size=64).hexdigest()
        return digest * (length // len(digest) + 1)
