"""The printed contract is the models': every command, answer and event, in words that TypeScript understands.

`UPDATE_GOLDEN=1` writes both files anew, as `python -m hybrid_capture.contracts` does.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import get_args

import pytest

from actors.machines.policy import POLICY
from hybrid_capture import contracts
from hybrid_capture.contracts import TYPES, VALUES, main, texts
from messages import facade
from messages.renderer_reads import READS
from messages.status import CaptureMode


@pytest.fixture(scope="module")
def types() -> str:
    return texts()[TYPES]


def interface(types: str, name: str) -> dict[str, str]:
    """Field -> type of one interface, as printed."""
    found = re.search(rf"export interface {name} \{{\n(.*?)\n\}}", types, re.S)
    assert found is not None, f"no interface {name}"
    return dict(re.findall(r"^  readonly (\w+\??): (.*);$", found.group(1), re.M))


def test_the_files_are_what_the_models_say() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        assert main([]) == 0
    assert main(["--check"]) == 0, "run python -m hybrid_capture.contracts"


def test_two_printings_are_the_same() -> None:
    assert texts() == texts()


def test_an_old_file_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contracts, "TYPES", tmp_path / "contracts.d.ts")
    monkeypatch.setattr(contracts, "VALUES", tmp_path / "contracts.js")
    assert main(["--check"]) == 1
    assert "is old: run" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "contracts.js").write_text("// somebody's edit\n")
    assert main(["--check"]) == 1


def test_every_command_that_the_policy_knows_is_there(types: str) -> None:
    for command in POLICY:
        name = command.model_fields["command"].default
        fields = interface(types, command.__name__)
        assert fields["command"] == f'"{name}"', "always there: it tells which command this is"
        assert fields["commandId"] == "string"
    commands = re.findall(r'^  "(\w+)",$', VALUES.read_text(), re.M)
    assert sorted(commands) == sorted(command.model_fields["command"].default for command in POLICY)


def test_every_read_names_its_data(types: str) -> None:
    told = interface(types, "ReadData")
    assert told == {command.model_fields["command"].default: data.__name__ for command, data in READS.items()}


def test_what_may_be_left_out_is_marked_and_what_is_heard_never_is(types: str) -> None:
    assert interface(types, "StartThread") == {
        "commandId": "string", "command": '"startThread"', "cwd?": "string | null", "model?": "string | null",
    }  # fmt: skip
    assert set(interface(types, "Refused")) == {"commandId", "answer", "code", "text"}
    heard = [name for name in re.findall(r"export interface (\w+)", types) if name.endswith(("Event", "Status"))]
    assert [name for name in heard for field in interface(types, name) if field.endswith("?")] == []


def test_closed_words_are_literal_unions_and_go_by_their_names(types: str) -> None:
    assert 'export type CodexAccountStatus = "needs_login" | ' in types
    modes = " | ".join(f'"{mode}"' for mode in get_args(CaptureMode))
    assert f"export type CaptureMode = {modes};" in types
    assert interface(types, "TreeStatus")["mode"] == "CaptureMode"
    assert interface(types, "SubmitApproval")["decision"] == "Decision"


def test_the_unions_hold_every_message_and_no_inner_one(types: str) -> None:
    union = re.search(r"export type RendererEvent =(.*?);", types, re.S)
    assert union is not None
    events = {each.__name__ for each in facade.Event.__subclasses__() if each.__module__ == facade.__name__}
    assert set(re.findall(r"\w+", union.group(1))) == events
    assert "ClientSaid" not in types
    assert "ToClient" not in types


def test_sentences_of_the_models_stand_beside_their_fields(types: str) -> None:
    assert "/** Newest first. */\nexport interface SessionsData" in types
    assert "None" not in types, "what is None here arrives as null"
    assert re.search(r"/\*\* .*At most 64 characters\. \*/\n  readonly commandId", types)


def test_the_hash_is_that_of_the_types_as_they_are_served() -> None:
    served = hashlib.sha256(TYPES.read_bytes()).hexdigest()[:16]
    assert f'export const CONTRACT = "{served}";' in VALUES.read_text()
