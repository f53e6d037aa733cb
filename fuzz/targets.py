"""What must hold for any bytes, target by target: nothing is raised but what a decoder says of itself, no count lost.

A target is a function of bytes; it fails by raising. Where a target needs places to cut at, or a choice, they are taken
from the first bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from actors.machines.facade import Facade
from actors.machines.standing import Now
from actors.transport.allowlist import AllowList, class_names
from actors.transport.framing import READ_BYTES_MAX, FrameReader
from actors.transport.reassembly import Reassembly
from actors.transport.seal import OVERHEAD_BYTES, Frame, Kind, Opener, Reject, Sealer
from actors.wire import claude_telemetry, codex_telemetry, otlp_json, otlp_protobuf
from actors.wire.batch import decode_batch, decode_runs
from actors.wire.frames import Delta
from actors.wire.gathered import Gathered, LineGone
from actors.wire.lines import LineSplitter
from actors.wire.methods import decode
from actors.wire.otlp import Undecodable
from actors.wire.rollout import end_rollout, read_rollout
from actors.wire.rollout_state import RolloutState
from actors.wire.telemetry import tool_of
from actors.wire.transcript import end_transcript, read_transcript
from actors.wire.transcript_state import TranscriptState
from messages import facade as say
from messages.otlp import Signal
from messages.settings import Limits
from storage.config import ConfigFile
from storage.config_keys import BadContent, parse

NOW_MS = 1_800_000_000_000
LINE_BYTES_MAX = 64
KEY, EPOCH, TOKEN = bytes(32), bytes(8), bytes(8)
SIGNALS: tuple[Signal, ...] = ("logs", "traces", "metrics")


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The first four bytes, which steer, and the rest, which is read."""
    return data[:4], data[4:]


def _cut(data: bytes, steer: bytes) -> Iterator[bytes]:
    """`data` in pieces, of sizes that the steering bytes say."""
    at, turn = 0, 0
    while at < len(data):
        size = 1 + (steer[turn % len(steer)] if steer else 255)
        yield data[at : at + size]
        at, turn = at + size, turn + 1


def lines(data: bytes) -> None:
    """However the pipe is cut, the lines are those of the bytes; what is too long is dropped with its size."""
    steer, text = _split(data)
    splitter = LineSplitter(LINE_BYTES_MAX)
    kept, dropped, at = b"", [], 0
    for piece in _cut(text, steer):
        found = splitter.feed(piece)
        assert splitter.pending <= LINE_BYTES_MAX
        kept += found.data
        dropped += [(at + each.index, each.bytes_count) for each in found.dropped]
        at += found.count
    last = splitter.finish()
    kept += last.data
    dropped += [(at + each.index, each.bytes_count) for each in last.dropped]
    wanted = text.split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    assert dropped == [(n, len(line)) for n, line in enumerate(wanted) if len(line) > LINE_BYTES_MAX]
    assert kept.split(b"\n")[:-1] == [line if len(line) <= LINE_BYTES_MAX else b"" for line in wanted]


def rpc(data: bytes) -> None:
    """Any line is a frame of some kind; many at once are what they are one by one."""
    text = data if data.endswith(b"\n") else data + b"\n"
    single = [decode(line) for line in text.split(b"\n")[:-1]]
    assert decode_batch(text) == single
    runs = decode_runs(text)
    assert sum(each.frames if isinstance(each, Delta) else 1 for each in runs) == len(single)
    for each in single:
        repr(each)


def _records(signal: Signal, read: Callable[[Signal, bytes], Any], body: bytes) -> None:
    try:
        groups = read(signal, body)
    except Undecodable:
        return
    for group in groups:
        tool = tool_of(group)
        for record in group.records:
            if record is None:
                continue
            for codec in (claude_telemetry, codex_telemetry):
                found = codec.understand(signal, record)
                if not isinstance(found, str):
                    orjson.loads(found.event.body)
        assert tool in (None, "claude", "codex")


def otlp_json_body(data: bytes) -> None:
    """Any JSON body is read or refused; every event that comes of it can be stored."""
    for signal in SIGNALS:
        _records(signal, otlp_json.read, data)


def otlp_protobuf_body(data: bytes) -> None:
    """The same for protobuf."""
    for signal in SIGNALS:
        _records(signal, otlp_protobuf.read, data)


class _File:
    """A file's text in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def recall(self, offset: int, length: int) -> bytes:
        found = self._data[offset : offset + length]
        if len(found) < length:
            raise LineGone
        return found

    def beside(self, path: str) -> str | None:
        return None


def _file(data: bytes, state: Any, read: Callable[[Any, bytes, int, _File, bool], Gathered]) -> Any:
    """The file as it grew, its state through its JSON each time. Every line that was taken has a disposition."""
    steer, text = _split(data)
    file, at = _File(text), 0
    ends = sorted({len(text) * each // 256 for each in steer} | {len(text)})
    for end in ends:
        got = read(state, text[at:end], at, file, end == len(text))
        assert got.received == got.settled, got.counts
        for item in got.items:
            orjson.loads(item.body)
        at += got.consumed
        state = type(state).loaded(state.dumped())
    assert at == text.rfind(b"\n") + 1, "every whole line was taken"
    return state


def transcripts(data: bytes) -> None:
    """Any transcript is read to its end, wherever it is cut."""
    state = _file(
        data,
        TranscriptState(),
        lambda s, d, at, file, _: read_transcript(s, d, at, file, path="/t.jsonl", now_ms=NOW_MS),
    )
    end_transcript(state, _File(data[4:]), NOW_MS)


def rollouts(data: bytes) -> None:
    """Any rollout is read to its end, wherever it is cut."""
    state = _file(
        data,
        RolloutState(),
        lambda s, d, at, file, last: read_rollout(s, d, at, file, path="/r.jsonl", now_ms=NOW_MS, last=last),
    )
    end_rollout(state, NOW_MS)


def _command_id(body: str) -> str:
    try:
        return str(orjson.loads(body)["commandId"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""


def facade(data: bytes) -> None:
    """Any words of a renderer have an answer, at once or from whom they are passed on to; none raises."""
    machine, now = Facade(Limits()), Now(NOW_MS, NOW_MS)
    for number, body in enumerate(data.split(b"\n")[:8]):
        said = say.ClientSaid(client_id=f"w{number % 2}", role="operator", body=body.decode(errors="replace"))
        known = machine.clients.get(said.client_id)
        waits = known is not None and _command_id(said.body) in known.answers
        effects = machine.said(said, now)
        assert effects or waits, "nobody answers, and nothing is on its way that will"


def config(data: bytes) -> None:
    """Any content of config.toml is a config or a fault that shows no value; an edit keeps what it cannot know."""
    try:
        keys = parse(data)
    except BadContent:
        keys = None
    with tempfile.TemporaryDirectory() as folder:
        file = ConfigFile(Path(folder))
        file.path.write_bytes(data)
        file.path.chmod(0o600)
        found = file.load()
        assert bool(found.fault) is (keys is None)
        assert not found.fault or found.kill_switch, "what cannot be trusted is closed"
        if keys is not None:
            changed = file.change(None, kill_switch=True)
            assert changed.kill_switch
            assert file.load() == changed


def seal(data: bytes) -> None:
    """Nothing without the key is a frame; with it, any shape, size and order is taken or refused, within the bounds."""
    steer, text = _split(data)
    clock = iter(range(10, 1_000_000))
    opener = Opener(KEY, TOKEN, bound_ns=1)
    assert isinstance(opener.open(memoryview(data)), Reject), "nobody can guess the key"
    reader, sealer = FrameReader(), Sealer(KEY, TOKEN, EPOCH, lambda: next(clock))
    reader.feed(data[:READ_BYTES_MAX])
    while isinstance(frame := reader.next_frame(), memoryview):
        assert len(frame) >= OVERHEAD_BYTES
        assert isinstance(opener.open(frame), Reject)
    given_up: list[Any] = []
    reassembly, allowed = Reassembly(given_up.append, bytes_max=1024), AllowList(class_names([Frame]))
    total, offset = len(text) + (steer[0] % 3 if steer else 0), 0
    for piece in _cut(text, steer):
        opened = opener.open(memoryview(sealer.seal(Kind.DATA, TOKEN, 1, offset, total, piece) + piece))
        offset += len(piece)
        if isinstance(opened, Frame):
            whole = reassembly.add(opened, 20)
            assert reassembly.held_bytes <= 1024 + len(piece)
            if isinstance(whole, bytes):
                assert whole == text
                allowed.loads(whole)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "lines": lines,
    "rpc": rpc,
    "otlp_json": otlp_json_body,
    "otlp_protobuf": otlp_protobuf_body,
    "transcripts": transcripts,
    "rollouts": rollouts,
    "facade": facade,
    "config": config,
    "seal": seal,
}
