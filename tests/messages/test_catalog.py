"""The catalogue covers every message that crosses, and every other message is known as what it is."""

from __future__ import annotations

from typing import get_args

import pytest

from messages import facade as say
from messages import lifecycle
from messages.auth import AccountUpdated
from messages.base import Message
from messages.catalog import CATALOG, may_say
from messages.renderer_words import Data
from messages.sidecar import StreamHealthChanged
from messages.status import Party
from tests.messages.made import CLASSES, with_secrets

PARTIES = get_args(Party)
PARTS = {
    "Limits", "Timing", "SidecarSettings", "OtlpSettings", "TraceSettings", "TreeSettings",  # in Begin
    "WatchSettings", "WatchedFolder", "CaptureOff",  # in TreeSettings
    "SidecarStatus", "HandshakeStatus", "AuthStatus", "BaselineStatus", "ActorStatus", "SourceStatus",  # in TreeStatus
    "TreeStatus",  # in StatusChanged
    "LedgerStatus",  # in LedgerTold
    "Transition",  # in KeepTransitions
    "AuditNote",  # in KeepAudit and KeepCheckpoint
    "SessionSeen", "TurnSeen", "FinalItem", "StagedItem", "StageLoss",  # in KeepCheckpoint
    "DroppedLine",  # in FrameBatch
    "ConfigStatus",  # in TreeStatus
    "EventSeen", "ResponseUsage", "FilePosition",  # in KeepRecords
    "FileFound",  # in FilesWanted
    "IngestConfigChanges",  # in UpdateIngestConfig
    "PullPosition",  # in the answer to PositionsWanted
}  # fmt: skip
"""Never sent alone: they travel inside the message named beside them."""
BASES = {"Command", "Answer", "Event", "Data"}
"""What others derive from; nobody sends them."""


def derived(base: type[Message]) -> set[str]:
    return {kind.__name__ for kind in CLASSES if issubclass(kind, base)} - BASES


def test_every_message_is_in_the_catalogue_or_known_as_something_else() -> None:
    # Commands, answers and events are JSON between facade and renderer: ClientSaid and ToClient carry them.
    outside = derived(say.Command) | derived(say.Answer) | derived(say.Event) | derived(Data)
    crossing = {kind.__name__ for kind in CATALOG}
    known = [crossing, PARTS, BASES, outside]
    assert set().union(*known) == set(Message.REGISTRY), "add the message to messages/catalog.py"
    assert sum(map(len, known)) == len(Message.REGISTRY), "a message is one of these things"


@pytest.mark.parametrize("kind", CATALOG, ids=lambda kind: kind.__name__)
def test_a_message_may_be_said_exactly_as_its_line_says(kind: type[Message]) -> None:
    message, route = with_secrets(kind), CATALOG[kind]
    assert route.senders <= set(PARTIES)
    assert route.receivers <= set(PARTIES)
    assert "outside" not in route.senders | route.receivers
    assert route.says.endswith((".", "?"))
    for sender in PARTIES:
        for receiver in PARTIES:
            allowed = sender in route.senders and receiver in route.receivers
            assert may_say(sender, message, receiver) is allowed


@pytest.mark.parametrize("kind", sorted(PARTS))
def test_a_part_cannot_be_sent_alone(kind: str) -> None:
    message = with_secrets(Message.REGISTRY[kind])
    assert not any(may_say(sender, message, receiver) for sender in PARTIES for receiver in PARTIES)


def test_only_the_sidecar_can_prove_a_login_or_tell_of_health() -> None:
    assert CATALOG[AccountUpdated].senders == CATALOG[StreamHealthChanged].senders == {"sidecar"}


def test_a_renderer_reaches_the_facade_alone_and_only_through_the_root() -> None:
    doors = {kind for kind, route in CATALOG.items() if "root" in route.senders and "facade" in route.receivers}
    assert doors - {lifecycle.Begin} == {say.ClientSaid, say.ClientGone}
    assert CATALOG[say.ClientSaid].receivers == {"facade"}
