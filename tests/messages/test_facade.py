"""What a renderer may say and is told: camelCase outside, bounded, and complete where a secret is needed."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from messages import facade as say
from messages.facade import COMMANDS
from messages.renderer_words import Data
from tests.messages.made import CLASSES, SECRET, with_secrets

KINDS = [kind for kind in CLASSES if issubclass(kind, say.Command) and kind is not say.Command]
SAID = [
    kind
    for kind in CLASSES
    if issubclass(kind, say.Answer | say.Event | Data) and kind not in (say.Answer, say.Event, Data)
]


def parsed(**given: object) -> say.Command:
    command = COMMANDS.validate_json(json.dumps(given))
    assert isinstance(command, say.Command)
    return command


def test_a_command_is_named_after_its_class() -> None:
    for kind in KINDS:
        name = kind.model_fields["command"].default
        assert name == kind.__name__[0].lower() + kind.__name__[1:]


def test_a_command_is_found_by_its_name() -> None:
    assert parsed(command="startThread", commandId="c1", cwd="/x") == say.StartThread(command_id="c1", cwd="/x")
    assert parsed(command="subscribe", commandId="c1").command == "subscribe"  # type: ignore[attr-defined]  # Subscribe


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.__name__)
def test_names_outside_are_camel_case(kind: type[say.Answer | say.Event]) -> None:
    told = json.loads(with_secrets(kind).model_dump_json(by_alias=True))
    assert not [name for name in told if "_" in name]


@pytest.mark.parametrize("command_id", ["", "a b", "ü", "x" * 65, "a/b", "a\n"])
def test_a_command_id_is_short_and_plain(command_id: str) -> None:
    with pytest.raises(ValidationError):
        parsed(command="getStatus", commandId=command_id)


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({"kind": "chatgpt"}, True), ({"kind": "chatgptDeviceCode"}, True), ({"kind": "apiKey"}, False),
        ({"kind": "apiKey", "secret": ""}, False), ({"kind": "apiKey", "secret": "k"}, True),
        ({"kind": "chatgptAuthTokens", "secret": "t"}, False),
        ({"kind": "chatgptAuthTokens", "secret": "t", "accountId": "a"}, True),
    ],
)  # fmt: skip
def test_a_login_brings_what_its_kind_needs(given: dict[str, str], complete: bool) -> None:
    if complete:
        parsed(command="startLogin", commandId="c1", **given)
    else:
        with pytest.raises(ValidationError):
            parsed(command="startLogin", commandId="c1", **given)


@pytest.mark.parametrize(
    "body",
    [
        SECRET, f'{{"command":"getStatus","commandId":"{SECRET}!"}}',
        f'{{"command":"startTurn","commandId":"c1","threadId":1,"text":["{SECRET}"]}}',
        f'{{"command":"getStatus","commandId":"c1","extra":"{SECRET}"}}',
        f'{{"command":"startLogin","commandId":"c1","kind":"chatgptAuthTokens","secret":"{SECRET}"}}',
    ],
)  # fmt: skip
def test_an_error_shows_no_value(body: str) -> None:
    with pytest.raises(ValidationError) as refused:
        COMMANDS.validate_json(body)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
