"""Secrets go in by prompt, command, environment and telemetry while actors are killed: no file and no event has a byte
of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_capture.cli import app
from hybrid_capture.doorway import otlp_token
from tests.leaks import Plant, files_below, hunt, plants
from tests.live.house import House

pytestmark = pytest.mark.live
Build = Callable[..., House]
KINDS = 30


def exported(text: str, number: int) -> bytes:
    """A log record of Claude Code that quotes a text as prompt and as parameters of a tool."""
    attributes = {
        "session.id": "claude-session", "event.name": "user_prompt", "event.sequence": str(number), "prompt": text,
        "tool_parameters": json.dumps({"bash_command": text}),
    }  # fmt: skip
    listed = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    record = {
        "timeUnixNano": str(10**18 + number),
        "body": {"stringValue": "claude_code.user_prompt"},
        "attributes": listed,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "claude-code"}}]}
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": [record]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}).encode()


def export(house: House, body: bytes) -> int:
    token = otlp_token(house.settings.state_dir)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{house.runtime.addresses['otlp']}/v1/logs", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def some(planted: list[Plant], part: int) -> str:
    return "\n\n".join(plant.text for plant in planted[part::3])


def test_no_secret_is_in_any_file_or_event_after_kills_and_a_crash(build: Build, tmp_path: Path) -> None:
    planted = plants(KINDS, 23)
    house = build(codex_environment={"PLANTED": planted[0].text})
    events: list[Any] = []
    with house:
        house.active()
        told = house.runtime.subscribe(events.append, live=True)
        thread = house.thread()
        assert house.turn(thread, f"SCN:plain {some(planted, 0)}")["status"] == "completed"
        for number, plant in enumerate(planted):
            assert export(house, exported(plant.text, number)) == 200
        assert export(house, b"{" + some(planted, 1).encode()) == 400
        house.runtime.command({"command": "noSuchCommand", "text": some(planted, 2)})
        house.runtime.command({"command": "startTurn", "threadId": some(planted, 2)[:2_000], "text": some(planted, 1)})
        house.begin(thread, f"SCN:long:2000 {some(planted, 1)}")
        house.kill("stager")
        house.kill("ingest")
        house.active()
        house.begin(house.thread(), f"SCN:long:2000 {some(planted, 2)}")
        root = house.runtime.pids["root"]
        house.kill("root")
        house.until_status(lambda _: house.runtime.pids["root"] != root, "a new root")
        house.active()
        assert house.turn(house.thread(), f"SCN:plain {some(planted, 2)}")["status"] == "completed"
        events.append(house.runtime.status())
        told.close()
        found = hunt(planted, files_below(house.settings.state_dir))
        assert found == [], "while it runs, log and all"
    (tmp_path / "out").mkdir()
    verbs = (f"backup {tmp_path}/out/backup", "doctor", "audit --json", "sessions export --all", "decisions --json")
    for number, words in enumerate(verbs):
        done = CliRunner().invoke(app, [*words.split(), "--state-dir", str(house.settings.state_dir)])
        (tmp_path / "out" / f"verb{number}").write_bytes(done.stdout_bytes + done.stderr_bytes)
    places = files_below(house.settings.state_dir, tmp_path / "out")
    found = hunt(planted, {**places, "events": repr(events).encode()})
    assert found == []
    assert b"[REDACTED:" in places["out/backup"]
    assert {"control", "stored"} <= set(house_dispositions(house))


def house_dispositions(house: House) -> list[str]:
    return [name for (name,) in house.rows("SELECT DISTINCT disposition FROM ledger")]
