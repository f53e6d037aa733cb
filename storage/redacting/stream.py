"""Redaction of byte streams of any length, for the command line and for importing files.

Memory: text is read 256 KiB at a time and held to the last safe line break (`live.safe_cut`). Normally that is one
chunk; a stretch
without a safe break is held up to STREAM_CHARS_MAX. At that bound the stretch, up to its line's end, becomes one line
`[REDACTED:held_back]`, as a line over 8 MiB is dropped everywhere in this product. Peak memory is about 12 times what
is held.
"""

from __future__ import annotations

import codecs
import json
from typing import BinaryIO

from storage.redacting.live import LiveRedactor

CHUNK_BYTES = 262144
STREAM_CHARS_MAX = 8 * 1024 * 1024
"""Longest stretch without a safe line break, in code points."""


def copy(source: BinaryIO, sink: BinaryIO, findings: BinaryIO | None = None) -> int:
    """Copy redacted; returns the number of findings. Bytes that are not UTF-8 pass through as they are.

    `findings` gets one JSON object per line: rule, and start and end in code points of the input. Errors: those
    of the three
    files only.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    live = LiveRedactor(held_chars_max=STREAM_CHARS_MAX)
    count = 0

    def put(text: str) -> None:
        nonlocal count
        if text:
            sink.write(text.encode("utf-8", "surrogateescape"))
        for finding in live.findings:
            count += 1
            if findings is not None:
                findings.write(
                    json.dumps({"rule": finding.rule, "start": finding.start, "end": finding.end}).encode() + b"\n"
                )
        live.findings.clear()

    while chunk := source.read(CHUNK_BYTES):
        put(live.feed(decoder.decode(chunk)))
    put(live.feed(decoder.decode(b"", final=True)))
    put(live.finish())
    sink.flush()
    return count
