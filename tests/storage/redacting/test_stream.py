"""Streams of any length in bounded memory."""

import io
import json
import tracemalloc

import pytest

from storage.redacting import stream
from storage.redacting.stream import copy

TOKEN = "ghp_" + "aB3dE5gH7jK9" * 3


class Endless(io.RawIOBase):
    """Lines without end, up to a size."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return (b"some ordinary line of a log with id=12345\n" * (size // 42 + 1))[:size]


def test_secrets_across_chunk_borders_are_found(monkeypatch):
    monkeypatch.setattr(stream, "CHUNK_BYTES", 7)
    sink = io.BytesIO()
    assert copy(io.BytesIO(f"é TOKEN={TOKEN}\nnext\n".encode()), sink) == 1
    assert sink.getvalue().decode() == "é TOKEN=[REDACTED:github-pat]\nnext\n"


def test_memory_does_not_grow_with_the_input():
    copy(Endless(1_000_000), io.BytesIO())
    tracemalloc.start()
    sink = open("/dev/null", "wb")  # noqa: SIM115 - closed below; the point is that nothing is kept
    try:
        copy(Endless(32_000_000), sink)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        sink.close()
    assert peak < 32_000_000


def test_a_line_over_the_bound_is_one_placeholder(monkeypatch):
    monkeypatch.setattr(stream, "STREAM_CHARS_MAX", 10_000)
    sink = io.BytesIO()
    copy(io.BytesIO(b"a\n" + b"x" * 600_000 + b"\nb\n"), sink)
    assert sink.getvalue() == b"a\n[REDACTED:held_back]\nb\n"


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
def test_what_powershell_writes_is_read_as_text(coding):
    token = "ghp_" + "aB3dE5gH7jK9" * 3
    text = f"\ufeffé = 1\r\nGH_TOKEN={token}\r\n日本\r\n"
    sink, findings = io.BytesIO(), io.BytesIO()
    assert copy(io.BytesIO(text.encode(coding) + b"x"), sink, findings) == 1
    assert sink.getvalue() == text.replace(token, "[REDACTED:github-pat]").encode(coding) + b"x"
    found = json.loads(findings.getvalue())
    assert text[found["start"] : found["end"]] == token
