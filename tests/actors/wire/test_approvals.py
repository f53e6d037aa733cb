from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import approvals, fields
from actors.wire.approvals import answer, decline

ROOT = Path(__file__).parents[3]
CODEX = ROOT / ".tools/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"
DECISIONS = ["accept", "acceptForSession", "decline", "cancel"]


def value(line: bytes) -> object:
    return orjson.loads(line)["result"]


def test_every_request_of_this_version_has_its_answer():
    for method in fields.SERVER_REQUESTS:
        reply = orjson.loads(decline(method, 0))
        assert reply["id"] == 0
        assert ("result" in reply) != ("error" in reply)
        assert reply.get("error", {}).get("code") != -32601


@pytest.mark.parametrize("method", ["item/commandExecution/requestApproval", "item/fileChange/requestApproval"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_commands_and_file_changes_take_the_decision_as_it_is(method, decision):
    assert answer(method, "x", decision) == orjson.dumps({"id": "x", "result": {"decision": decision}}) + b"\n"


def test_declining():
    assert value(decline("item/commandExecution/requestApproval", 0)) == {"decision": "decline"}
    assert value(decline("item/permissions/requestApproval", 0)) == {"permissions": {}, "scope": "turn"}
    assert value(decline("item/tool/requestUserInput", 0)) == {"answers": {}}
    assert value(decline("mcpServer/elicitation/request", 0)) == {"action": "decline", "content": None, "_meta": None}
    assert value(decline("applyPatchApproval", 0)) == {"decision": {"denied": {"rejection": approvals.DECLINED}}}
    call = value(decline("item/tool/call", 0))
    assert isinstance(call, dict)
    assert call["success"] is False


@pytest.mark.parametrize("method", ["account/chatgptAuthTokens/refresh", "attestation/generate", "currentTime/read"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_what_we_cannot_give_is_refused_however_it_was_decided(method, decision):
    assert orjson.loads(answer(method, 3, decision))["error"]["code"] == -32000


def test_an_unknown_question_is_refused_as_unknown():
    line = decline("never/heard" * 100, "id")
    assert orjson.loads(line)["error"]["code"] == -32601
    assert len(line) < 300


def test_permissions_are_granted_as_asked_without_the_nulls():
    asked = {"permissions": {"network": {"enabled": True}, "fileSystem": None}}
    granted = {"network": {"enabled": True}}
    method = "item/permissions/requestApproval"
    assert value(answer(method, 0, "accept", asked)) == {"permissions": granted, "scope": "turn"}
    assert value(answer(method, 0, "acceptForSession", asked)) == {"permissions": granted, "scope": "session"}
    assert value(answer(method, 0, "cancel", asked)) == {"permissions": {}, "scope": "turn"}
    assert value(answer(method, 0, "accept", {"permissions": 5})) == {"permissions": {}, "scope": "turn"}


def test_a_form_that_needs_content_is_declined():
    method = "mcpServer/elicitation/request"
    form = {"mode": "form", "requestedSchema": {"type": "object", "properties": {}, "required": ["name"]}}
    assert value(answer(method, 0, "accept", form)) == {"action": "decline", "content": None, "_meta": None}
    empty = {"mode": "form", "requestedSchema": {"type": "object", "properties": {}}}
    assert value(answer(method, 0, "accept", empty)) == {"action": "accept", "content": {}, "_meta": None}
    assert value(answer(method, 0, "accept", {"mode": "url"})) == {"action": "accept", "content": None, "_meta": None}
    assert value(answer(method, 0, "cancel", form)) == {"action": "cancel", "content": None, "_meta": None}


def test_legacy_questions_have_words_of_their_own():
    words = [value(answer("execCommandApproval", 0, decision)) for decision in DECISIONS]
    denied = {"denied": {"rejection": approvals.DECLINED}}
    assert words == [{"decision": word} for word in ("approved", "approved_for_session", denied, "abort")]


def test_a_person_decides_only_what_a_person_can():
    assert approvals.for_person("item/fileChange/requestApproval")
    assert not approvals.for_person("account/chatgptAuthTokens/refresh")
    assert not approvals.for_person("never/heard")
    assert approvals.kind_of("execCommandApproval") == "command"
    assert approvals.kind_of("never/heard") == "other"


def test_places_and_summaries():
    assert approvals.place_of({"threadId": "t", "turnId": None, "itemId": 5}) == ("t", "", "")
    assert approvals.place_of({"conversationId": "c", "callId": "k"}) == ("c", "", "k")
    command = {"command": "ls -la", "reason": None, "cwd": "/w"}
    assert approvals.summary_of("item/commandExecution/requestApproval", command) == "ls -la\n/w"
    # A network approval has no command (codex 0.169: optional).
    network = {"networkApprovalContext": {"host": "example.org", "protocol": "https"}}
    summary = approvals.summary_of("item/commandExecution/requestApproval", network)
    assert summary == "host: example.org, protocol: https"
    assert approvals.summary_of("execCommandApproval", {"command": ["ls", "-la"]}) == "ls -la"
    assert approvals.summary_of("never/heard", {"x": "y"}) == ""
    assert len(approvals.summary_of("item/fileChange/requestApproval", {"reason": "x" * 9_000})) == 4_096


def test_what_is_nested_without_end_is_passed_over():
    nested = orjson.loads(b'{"permissions":' + b"[" * 900 + b"]" * 900 + b"}")
    assert approvals.summary_of("item/permissions/requestApproval", nested) == "…"


ANY = st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))


@given(
    st.sampled_from(sorted(fields.SERVER_REQUESTS)),
    st.sampled_from(DECISIONS),
    st.dictionaries(st.sampled_from(["permissions", "requestedSchema", "mode", "command", "questions", "reason"]), ANY),
)
def test_any_params_get_an_answer(method, decision, params):
    assert orjson.loads(answer(method, 0, decision, params))["id"] == 0
    approvals.summary_of(method, params)


@pytest.mark.real
def test_answers_fit_the_real_programs_own_schema(tmp_path):
    (tmp_path / "home").mkdir()
    made = [CODEX, "app-server", "generate-json-schema", "--experimental", "--out", tmp_path / "out"]
    subprocess.run(made, check=True, capture_output=True, env={"CODEX_HOME": str(tmp_path / "home")}, timeout=60)
    asked = {"permissions": {"network": {"enabled": True}, "fileSystem": {"read": ["/w"], "write": None}}}
    for method, name in SCHEMAS.items():
        schema = orjson.loads((tmp_path / "out" / f"{name}.json").read_bytes())
        for decision in DECISIONS:
            assert fits(value(answer(method, 0, decision, asked)), schema, schema), (method, decision)
    requests = orjson.loads((tmp_path / "out" / "ServerRequest.json").read_bytes())
    assert {each["properties"]["method"]["enum"][0] for each in requests["oneOf"]} == fields.SERVER_REQUESTS


SCHEMAS = {
    "item/commandExecution/requestApproval": "CommandExecutionRequestApprovalResponse",
    "item/fileChange/requestApproval": "FileChangeRequestApprovalResponse",
    "item/permissions/requestApproval": "PermissionsRequestApprovalResponse",
    "item/tool/requestUserInput": "ToolRequestUserInputResponse",
    "item/tool/call": "DynamicToolCallResponse",
    "mcpServer/elicitation/request": "McpServerElicitationRequestResponse",
    "execCommandApproval": "ExecCommandApprovalResponse",
    "applyPatchApproval": "ApplyPatchApprovalResponse",
}
TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "integer": int, "null": type(None)}


def fits(value: object, schema: object, root: dict[str, dict[str, object]]) -> bool:
    """The part of JSON Schema that these files use."""
    if not isinstance(schema, dict):
        return schema is True
    if "$ref" in schema:
        return fits(value, root["definitions"][str(schema["$ref"]).rpartition("/")[2]], root)
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if types and not isinstance(value, tuple(TYPES[each] for each in types)):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "allOf" in schema and not all(fits(value, each, root) for each in schema["allOf"]):
        return False
    if "anyOf" in schema and not any(fits(value, each, root) for each in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, each, root) for each in schema["oneOf"]) != 1:
        return False
    if isinstance(value, list) and not all(fits(each, schema.get("items", True), root) for each in value):
        return False
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        if not set(schema.get("required", [])) <= value.keys():
            return False
        return all(
            more is not False if name not in known else fits(each, known[name], root) for name, each in value.items()
        )
    return True
