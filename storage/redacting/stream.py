"""Redaction of byte streams of any length, for the command line and for importing files.

UTF-16 is read as such when it says so by its mark, as PowerShell writes it.

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
_MARKS = {b"\xff\xfe": ("utf-16-le", "surrogatepass"), b"\xfe\xff": ("utf-16-be", "surrogatepass")}
"""Byte order marks. The mark itself is the first character of the text and is written back like any other."""
STREAM_CHARS_MAX = 8 * 1024 * 1024
"""Longest stretch without a safe line break, in code points."""


def copy(source: BinaryIO, sink: BinaryIO, findings: BinaryIO | None = None) -> int:
    """Copy redacted; returns the number of findings. Bytes that are not UTF-8 pass through as they are, one code point
    each in the offsets.

    `findings` gets one JSON object per line: rule, and start and end in code points of the input. Errors: those
    of the three
    files only.
    """
    chunk = source.read(CHUNK_BYTES)
    coding, lenient = _MARKS.get(chunk[:2], ("utf-8", "surrogateescape"))
    decoder = codecs.getincrementaldecoder(coding)(errors=lenient)
    live = LiveRedactor(held_chars_max=STREAM_CHARS_MAX)
    count = 0

    def put(text: str) -> None:
        nonlocal count
        if text:
            sink.write(text.encode(coding, lenient))
        for finding in live.findings:
            count += 1
            if findings is not None:
                findings.write(
                    json.dumps({"rule": finding.rule, "start": finding.start, "end": finding.end}).encode() + b"\n"
                )
        live.findings.clear()

    while chunk:
        put(live.feed(decoder.decode(chunk)))
        chunk = source.read(CHUNK_BYTES)
    rest, _ = decoder.getstate()
    put(live.feed(decoder.decode(b"", final=coding == "utf-8")))
    put(live.finish())
    if coding != "utf-8":
        sink.write(rest)  # half a character at the end of the file
    sink.flush()
    return count
