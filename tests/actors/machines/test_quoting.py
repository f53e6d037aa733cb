"""Nothing that a renderer wrote comes back out of its refusal."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from actors.machines.quoting import command_id_of, name_of, places_of, wish_of
from messages import facade as say
from messages.facade import IngestConfigChanges

SECRET = "sk-planted-secret-0123456789"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"commandId":"c-1","command":7', "c-1"),
        (b'{ "commandId" : "a.b:c_9" ', "a.b:c_9"),
        (b'{"commandId":""}', ""),
        (b'{"commandId":"with a space"}', ""),
        (b'{"commandId":"' + b"x" * 65 + b'"}', ""),
        (b" " * 5_000 + b'{"commandId":"c-1"}', ""),
        (b"\xff\x00", ""),
    ],
)
def test_an_id_is_found_where_it_has_the_form_of_one(body: bytes, found: str) -> None:
    assert command_id_of(body) == found


def test_fields_are_named_when_they_are_ours_and_values_never() -> None:
    body = f'{{"command":"startTurn","commandId":"c1","threadId":7,"{SECRET}":"{SECRET}"}}'
    with pytest.raises(ValidationError) as caught:
        say.COMMANDS.validate_json(body)
    told = places_of(caught.value)
    assert "an unknown field" in told
    assert any("threadId" in place for place in told)
    assert SECRET not in " ".join(told)


def test_the_audit_says_what_was_wished_and_nothing_that_somebody_wrote() -> None:
    changes = IngestConfigChanges(links=True)
    assert wish_of(say.UpdateIngestConfig(command_id="c", changes=changes, expected_revision=1)) == (
        "updateIngestConfig links"
    )
    assert wish_of(say.SetStreamKillSwitch(command_id="c", on=True)) == "setStreamKillSwitch on"
    assert wish_of(say.StartTurn(command_id="c", thread_id="t", text=SECRET)) == "startTurn"
    assert name_of(say.RetryAuth(command_id="c")) == "retryAuth"
