"""Secrets of many kinds go in through every way there is; none of their bytes may be on the disk afterwards, whatever
was killed, purged, backed up or exported meanwhile."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from actors.envelope import pack
from actors.tracing import Recorder
from hybrid_capture.cli import app
from messages.base import Message
from messages.baseline import EventSeen, FilePosition, KeepRecords, ResponseUsage, Tool
from messages.calls import CallDone
from messages.pulls import KeepPulled
from messages.records import AuditNote, KeepAudit, KeepTransitions, Source
from messages.settings import SidecarSettings, TreeSettings
from messages.status import Transition
from messages.stream import FrameBatch, LiveLines
from storage.store import Store
from tests.leaks import Plant, files_below, hunt, plants, spellings
from tests.storage.story import Stream, loss, message, thread, turn

ROOT = Path(__file__).parents[1]
KINDS = 78
SEED = 11
SOURCES: tuple[tuple[Source, Tool], ...] = (("rollout", "codex"), ("transcript", "claude"))
VERBS = (
    "sessions list", "sessions show s0 --json --bodies", "audit --json", "transitions", "decisions --json",
    "coverage s0", "search revised --json", "fsck --json", "doctor", "trace list --json", "trace export",
)  # fmt: skip


def tell_traces(store: Store, text: str, number: int) -> None:
    """Messages that hold it are handled, and the history of messages is told of them."""
    recorder = Recorder("stager")
    recorder.begin(TreeSettings(run_id="r1", state_dir="", database="", sidecar=SidecarSettings(codex_path=None)), 1)
    said: tuple[Message, ...] = (
        FrameBatch(generation=1, first_seq=1, count=1, at_ms=1, lines=text.encode()),
        LiveLines(session_id=f"s{number}", turn_id="u", item_id="i", kind="agentMessage", text=text),
        KeepAudit(n=1, notes=(AuditNote(kind="note", subject=text, text=text, at_ms=1),)),
        CallDone(command_id="c", ok=False, text=text, result={"turnId": "u", text: text}),
    )
    for each in said:
        recorder.heard(pack(each, "t-1", 1, (), "", f"stager1.{number}", 1), each, "sidecar", 2)
    told = recorder.take()
    assert told is not None
    assert store.keep_traces([("stager", told)], 0) == len(said)


def say_everything(store: Store, plant: Plant, number: int, stream: Stream) -> None:
    """One planted text through every way into the store. Ids are upstream's and are stored as they are."""
    text = plant.text
    ids: dict[str, Any] = {"session": f"s{number}", "turn": f"s{number}-u"}
    tool_call = json.dumps({"type": "toolCall", "tool": "Bash", "arguments": {"command": text, text: [text]},
                            "result": [{"type": "text", "text": text}], "agentId": "a1"})  # fmt: skip
    command = json.dumps(
        {"command": ["sh", "-c", text], "aggregatedOutput": f"\x1b[31m{text}\x1b[0m", "cwd": f"/{text}"}
    )
    change = json.dumps({"changes": [{"path": f"/w/{text}", "diff": f"@@ -1 +1 @@\n-a\n+{text}"}]})
    stream.send(
        9,
        sessions=[thread(f"s{number}", title=text, cwd=text, branch=text, commit=text, model=text, path=text)],
        turns=[turn("failed", error=text, **ids)],
        items=[
            message("i1", text, **ids),
            message("i2", kind="commandExecution", body=command, **ids),
            message("i3", kind="fileChange", body=change, **ids),
            message("i4", kind="userMessage", body=json.dumps({"content": [{"type": "text", "text": text}]}), **ids),
            message("i5", body=text, **ids),  # malformed: its error may not quote it
            message("i1", f"revised {text}", **ids),
        ],
        losses=[loss("i6", 1, "stage_full", **ids)],
        audit=[AuditNote(kind="note", subject=text, text=text, at_ms=1)],
    )
    tell_traces(store, text, number)
    n = number + 1
    pulled = {"session": f"s{number}", "turn": "p"}
    store.keep_pulled(
        KeepPulled(
            generation=1, n=n, turns=(turn("completed", error=text, **pulled),), items=(message("p1", text, **pulled),)
        ),
        1,
    )  # fmt: skip
    for source, tool in SOURCES:
        position = FilePosition(
            path=f"/home/{text}/{number}", device=1, inode=n, offset=9, size=9, head="h", from_offset=0,
            state=json.dumps({"open": text}),
        )  # fmt: skip
        store.keep_records(
            KeepRecords(
                incarnation=1, n=n, tool=tool, source=source, received=2, position=position,
                sessions=(thread(f"{source}{number}", title=text),),
                items=(message("t1", kind="toolCall", body=tool_call, session=f"{source}{number}"),),
            ),
            1,
        )  # fmt: skip
    body = json.dumps({"prompt": text, "tool_parameters": json.dumps({"command": text}), text: "as a key"})
    event = EventSeen(session_id=f"s{number}", key="k", name=text, at_ms=1, body=body)
    store.keep_records(
        KeepRecords(
            incarnation=1, n=n, tool="claude", source="otlp", received=3,
            events=(event, event.model_copy(update={"key": "malformed", "body": text})),
            usage=(ResponseUsage(session_id=f"s{number}", response_id="r", model=text, input=1, frames=1),),
        ),
        1,
    )  # fmt: skip
    store.keep_audit([AuditNote(kind="refused", subject=text, text=f"cannot do: {text}", at_ms=1)])
    step = Transition(
        seq=n, what="mode", who="mode", before="FAILURE", after="OTEL_ONLY", cause=text, at_ms=1, monotonic_ms=1
    )
    store.keep_transitions(KeepTransitions(transitions=(step,)))


WRITER = """
import sys
from tests.test_leaks import *
store = Store(sys.argv[1], run_id="killed" + sys.argv[2])
stream = Stream(store, stager=int(sys.argv[2]) + 1)
print("ready", flush=True)
for number, plant in enumerate(plants(KINDS, SEED)):
    say_everything(store, plant, number, stream)
"""


def call(*words: str, state: Path, out: Path) -> None:
    """A verb of the command line; what it says goes to a file, too."""
    done = CliRunner().invoke(app, [*words, "--state-dir", str(state)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    out.write_bytes(done.stdout_bytes + done.stderr_bytes)


def test_no_planted_secret_is_in_any_file_after_kills_purges_exports_and_backups(tmp_path: Path) -> None:
    state, out = tmp_path / "state", tmp_path / "out"
    state.mkdir(mode=0o700)
    out.mkdir()
    planted = plants(KINDS, SEED)
    assert len({plant.kind.split("#")[0] for plant in planted}) == KINDS
    chance = random.Random(SEED)
    for number in range(3):
        with (out / f"crash{number}").open("wb") as crash:
            child = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(state / "capture.sqlite3"), str(number)],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=crash,
            )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(chance.uniform(0.05, 0.5))
        child.kill()
        child.stdout.close()
        child.wait()
        found = hunt(planted, files_below(state, out))
        assert found == [], "right after a kill, log and all"
    with closing(Store(state / "capture.sqlite3", run_id="whole")) as store:
        stream = Stream(store)
        for number, plant in enumerate(planted):
            say_everything(store, plant, number, stream)
        found = hunt(planted, files_below(state, out))
        assert found == []
        assert store.ledger().received > KINDS * 10
    call("backup", str(out / "backup.sqlite3"), state=state, out=out / "backup.txt")
    for form in ("jsonl", "markdown", "agent-trace"):
        export = ("sessions", "export", "--all", "--format", form, "--out", str(out / form))
        call(*export, state=state, out=out / f"{form}.txt")
    assert min((out / form).stat().st_size for form in ("jsonl", "markdown")) > 10_000
    for number, words in enumerate(VERBS):
        call(*words.split(), state=state, out=out / f"verb{number}.txt")
    call("purge", "--session", "s3", "--yes", "--json", state=state, out=out / "purge.txt")
    found = hunt(planted, files_below(state, out))
    assert found == []
    assert b"[REDACTED:" in (out / "backup.sqlite3").read_bytes()


def test_the_hunt_finds_each_spelling_and_tells_no_secret() -> None:
    (plant,) = plants(1, SEED)
    secret = plant.secrets[0]
    ways = {
        "raw": secret.encode(),
        "json": json.dumps({"a": secret}).encode(),
        "url": f"https://x/?q={quote(secret, safe='')}".encode(),
        "in base64": base64.b64encode(f"password is {secret}, keep it".encode()),
        "in base64, shifted": base64.b64encode(f"the password is {secret}, keep it".encode()),
    }
    for where, content in ways.items():
        told = hunt([plant], {where: b"x" * 100 + content})
        assert told, where
        assert all(line.startswith(where) and plant.kind in line for line in told)
        assert not any(secret in line for line in [*told, repr(plant)])
    assert hunt([plant], {"clean": b"nothing here"}) == []
    assert len(spellings(secret)) == 7


@pytest.mark.parametrize("seed", [1, 2])
def test_plants_are_of_many_kinds_and_differ_by_seed(seed: int) -> None:
    kinds = {plant.kind.split("#")[0] for plant in plants(KINDS, seed)}
    assert len(kinds) == KINDS
    here, there = ({plant.secrets for plant in plants(KINDS, one)} for one in (seed, seed + 7))
    shared = len(here & there)
    assert shared < KINDS / 4, "only the fixed words of a few cases"
