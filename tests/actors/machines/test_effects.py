"""The closed list of what a machine may ask of the world."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from actors.machines import effects

SECRET = "sk-planted-secret-0123456789"
KINDS = [kind for kind in vars(effects).values() if dataclasses.is_dataclass(kind) and isinstance(kind, type)]


def test_the_list_is_closed() -> None:
    assert {kind.__name__ for kind in get_args(effects.Effect)} == {
        "Ask", "Audit", "CloseStdin", "Exit", "Introduce", "KillActor", "NoteFallback", "ReadStore", "RunProcess",
        "SaveConfig", "SaveKillSwitch", "Send", "SignalProcess", "Start", "Wake", "WriteLine",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_one_is_a_value(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # a dataclass
    assert hasattr(kind, "__slots__")


def test_what_goes_to_the_process_does_not_print() -> None:
    shown = repr(
        [
            effects.WriteLine(SECRET.encode()),
            effects.Ask("account/login/start", "c1", {"secret": SECRET}),
            effects.Answered("c1", {"url": SECRET}),
            effects.ProcessExited(1, None, SECRET),
        ]
    )
    assert SECRET not in shown
