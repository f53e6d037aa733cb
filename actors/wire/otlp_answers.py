"""What an OTLP exporter is answered, in the encoding that it speaks: the response of its signal, or a `Status`.

Both are two fields, so they are written here by hand and the gateway needs no protobuf library; the tests read them
with that library.
"""

from __future__ import annotations

from typing import Literal

import orjson

from messages.otlp import Encoding, Signal

CONTENT_TYPES: dict[Encoding, str] = {"json": "application/json", "protobuf": "application/x-protobuf"}
_REJECTED: dict[Signal, str] = {
    "logs": "rejectedLogRecords", "traces": "rejectedSpans", "metrics": "rejectedDataPoints",
}  # fmt: skip
Code = Literal[3, 4, 5, 7, 8, 12, 14, 16]
"""google.rpc codes: 3 invalid argument, 4 deadline exceeded, 5 not found, 7 permission denied, 8 resource exhausted,
12 unimplemented, 14 unavailable, 16 unauthenticated."""


def accepted(signal: Signal, encoding: Encoding, rejected: int = 0, text: str = "") -> bytes:
    """`Export…ServiceResponse`: nothing when everything was taken, `partial_success` when records were rejected."""
    if encoding == "json":
        # JSON has 64-bit numbers as text.
        partial = {"partialSuccess": {_REJECTED[signal]: str(rejected), "errorMessage": text}}
        return orjson.dumps(partial if rejected else {})
    if not rejected:
        return b""
    return _message(1, _number(1, rejected) + _message(2, text.encode()))


def refused(encoding: Encoding, code: Code, text: str) -> bytes:
    """`google.rpc.Status`."""
    if encoding == "json":
        return orjson.dumps({"code": code, "message": text})
    return _number(1, code) + _message(2, text.encode())


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
