"""What a machine was given comes back from a recording as it was, but for its texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.effects import ConfigSeen, ProcessExited, Woke
from actors.machines.sidecar import Hung
from actors.machines.standing import Now
from actors.masking import Mask
from actors.recorded_values import OBJECTS, Unreadable, decode, encode, is_closed
from actors.recording import outline
from messages.base import Message
from messages.catalog import CATALOG
from messages.settings import SidecarSettings
from messages.stream import FrameBatch
from tests.messages.made import messages_of

MASK = Mask(b"k")
CROSSING = sorted(CATALOG, key=lambda kind: kind.__name__)


@given(st.sampled_from(CROSSING).flatmap(messages_of))
@settings(max_examples=100, deadline=None)
def test_every_message_comes_back_with_all_but_its_texts(said: Message) -> None:
    back = decode(json.loads(json.dumps(encode(said, MASK))))
    assert type(back) is type(said)
    assert outline(back) == outline(said)


@pytest.mark.parametrize(
    "value",
    [Woke("resend", 3), ConfigSeen(4, True), ProcessExited(None, 9), Hung(""), Now(1, 2), 7, None, (1, (2, 3)), [1],
     {"a": 1}],
)  # fmt: skip
def test_small_values_come_back_as_they_were(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value, MASK)))) == value


def test_what_somebody_said_is_masked_and_what_we_say_is_not() -> None:
    told = json.dumps(encode(ProcessExited(1, None, stderr_tail="password hunter2"), MASK))
    assert "hunter2" not in told
    assert encode(Woke("done:r1/c7"), MASK)["fields"]["name"] == "done:r1/c7"
    given_ = SidecarSettings(codex_path="/home/me/codex", environment={"API_KEY": "hunter2"})
    told = json.dumps(encode(given_, MASK))
    assert "hunter2" not in told
    assert "/home/me" not in told
    lines = b'{"method":"item/agentMessage/delta","params":{"delta":"hunter2"}}\n'
    batch = FrameBatch(generation=1, first_seq=1, count=1, at_ms=1, lines=lines)
    back = decode(encode(batch, MASK))
    assert b"hunter2" not in back.lines
    assert len(back.lines) == len(lines)


@pytest.mark.parametrize(
    "forged",
    [["a"], {}, {"message": "Nothing", "fields": {}}, {"message": "Ping", "fields": {"n": "one"}},
     {"object": "os.system"},
     {"object": "subprocess.Popen", "fields": {"args": "true"}}, {"bytes": 1}, {"dict": [1]}, {"tuple": 3},
     {"message": "Ping", "fields": {"n": 1, "more": 2}}],
)  # fmt: skip
def test_a_forged_value_is_refused(forged: Any) -> None:
    with pytest.raises(Unreadable):
        decode(forged)


def test_only_values_of_machines_can_come_back() -> None:
    assert all(name.startswith("actors.machines.") for name in OBJECTS)


def test_a_closed_set_of_words_is_known_from_its_type() -> None:
    fields = CATALOG.keys()
    state = next(kind for kind in fields if kind.__name__ == "AuthStateChanged").model_fields["state"]
    assert is_closed(state.annotation)
    assert not is_closed(str)
    assert not is_closed(str | None)
