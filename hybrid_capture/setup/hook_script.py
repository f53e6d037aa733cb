"""Tells hybrid-capture where the transcript of a Claude Code session is.

Claude Code calls this beside its own work, with the event on standard input. It adds one line to `hints.jsonl` in the
state folder, unless that has grown to BYTES_MAX because nobody reads it. It always exits with 0 and prints nothing: a
hook that exits with 2 would stop Claude, and one that prints could decide something.

Standard library only, and little of it: `json` alone would double its time, so strings are copied as they were sent.
"""

import os
import sys
import time

BYTES_MAX = 64 * 1024
LINE_BYTES_MAX = 4096
INPUT_BYTES_MAX = 4 * 1024 * 1024
NAMES = (b"session_id", b"transcript_path", b"agent_transcript_path", b"cwd", b"hook_event_name")


def hint(event: bytes, at_ms: int) -> bytes:
    """The line that tells it; empty when there is nothing to tell."""
    told = [(name, text) for name in NAMES if (text := string(event, name))]
    if b"transcript_path" not in dict(told):
        return b""
    words = b"".join(b',"%s":"%s"' % each for each in told)
    line = b'{"v":1,"tool":"claude","at_ms":%d%s}\n' % (at_ms, words)
    return line if len(line) <= LINE_BYTES_MAX else b""


def string(event: bytes, name: bytes) -> bytes:
    """The string of this member, still escaped as JSON; empty when there is none.

    Inside of another string the quotes of a name are escaped, so that it is not taken for a member.
    """
    at = -1
    while (at := event.find(b'"%s"' % name, at + 1)) >= 0:
        rest = event[at + len(name) + 2 : at + len(name) + 2 + LINE_BYTES_MAX].lstrip()
        value = rest[1:].lstrip()
        if event[at - 1 : at] == b"\\" or rest[:1] != b":" or value[:1] != b'"':
            continue
        end = 1
        while value[end : end + 1] not in (b'"', b""):
            end += 2 if value[end : end + 1] == b"\\" else 1
        text = value[1:end]
        return text if value[end : end + 1] == b'"' and min(text, default=32) >= 32 else b""
    return b""


def add(line: bytes, path: str) -> None:
    """One write at the end: lines of hooks that run at the same time do not mix."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        if os.fstat(descriptor).st_size + len(line) <= BYTES_MAX:
            os.write(descriptor, line)
    finally:
        os.close(descriptor)


def main() -> None:
    state = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    line = hint(sys.stdin.buffer.read(INPUT_BYTES_MAX), int(time.time() * 1000))
    if line:
        add(line, os.path.join(state, "hints.jsonl"))


if __name__ == "__main__":
    try:
        main()
    finally:
        os._exit(0)  # whatever went wrong, nothing of it is Claude's problem
