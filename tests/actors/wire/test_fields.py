from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pytest

from actors.wire import fields

ROOT = Path(__file__).parents[3]
CODEX = ROOT / ".tools/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"


def test_the_tables_are_complete():
    assert len(fields.NOTIFICATIONS) == 88
    assert len(fields.ITEMS) == 19
    assert len(fields.SERVER_REQUESTS) == 11
    assert fields.NOTIFICATIONS["account/updated"] == {"authMode", "planType"}
    assert fields.NOTIFICATIONS["skills/changed"] == frozenset()
    assert {"id", "type", "startedAtMs", "targetItemId"} & fields.NOTIFICATIONS["item/autoApprovalReview/completed"]
    assert fields.ITEMS["plan"] == {"id", "type", "text", "startedAtMs", "completedAtMs"}
    assert {"id", "turns", "gitInfo"} <= fields.THREAD
    assert {"id", "status", "durationMs"} <= fields.TURN


@pytest.mark.real
def test_the_tables_are_what_the_real_program_says(tmp_path):
    (tmp_path / "home").mkdir()
    made = [CODEX, "app-server", "generate-json-schema", "--experimental", "--out", tmp_path / "out"]
    subprocess.run(made, check=True, capture_output=True, env={"CODEX_HOME": str(tmp_path / "home")}, timeout=60)
    schema = orjson.loads((tmp_path / "out" / "ServerNotification.json").read_bytes())
    shapes = schema["definitions"]

    def names(ref: str) -> set[str]:
        return set(shapes[ref.rpartition("/")[2]].get("properties", {}))

    for each in schema["oneOf"]:
        known = fields.NOTIFICATIONS[each["properties"]["method"]["enum"][0]]
        assert names(each["properties"]["params"]["$ref"]) == known
    assert len(schema["oneOf"]) == 86
    for each in shapes["ThreadItem"]["oneOf"]:
        own = set(each["properties"]) | (names(each["$ref"]) if "$ref" in each else set())
        kind = each["properties"]["type"]["enum"][0]
        assert own | set(shapes["ThreadItem"]["properties"]) == fields.ITEMS[kind]
    assert names("Thread") == fields.THREAD
    assert names("Turn") == fields.TURN
