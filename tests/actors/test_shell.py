"""What every actor has in common, tried on one that raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.shell import Shell, clean
from messages.auth import ReadAccount
from messages.base import Message
from messages.lifecycle import ActorFaulted
from messages.status import Party
from tests.actors.actor_house import ActorHouse, settings_in


class Failing(Shell):
    """Fails at every message, with a file's name in its words."""

    ROLE = "sidecar"

    def on(self, message: Message, sender: Party) -> None:
        raise ValueError("cannot read /w/gr\udcfc.jsonl")


def test_a_fault_is_told_whatever_letters_its_words_have(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("actors.lifeline.die_with_parent", lambda *_: False)
    house = ActorHouse(Failing, settings_in(tmp_path))
    with pytest.raises(AssertionError, match="it failed"):
        house.hear(ReadAccount(command_id=None), "auth")
    (fault,) = house.sent(ActorFaulted, "supervisor")
    assert (fault.doing, fault.text) == ("ReadAccount", "ValueError: cannot read /w/gr?.jsonl")


def test_a_text_that_leaves_is_redacted_and_cut() -> None:
    assert clean("x" * 5, 3) == "xxx"
    assert "hunter2hunter2" not in clean("postgresql://u:hunter2hunter2@h/d")
