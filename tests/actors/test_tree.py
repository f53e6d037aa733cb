"""The supervision tree as data."""

from __future__ import annotations

import importlib
from typing import get_args

import pytest

from actors.tree import BY_ROLE, CHILDREN, ROLES, Child
from messages.catalog import CATALOG
from messages.status import Role

EVERY = pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.role)


def test_each_role_has_one_child_and_the_supervisor_none() -> None:
    assert len(set(ROLES)) == len(CHILDREN) == len(BY_ROLE)
    assert set(ROLES) <= set(get_args(Role)) - {"supervisor"}


def test_the_store_starts_first_and_the_door_last() -> None:
    assert (ROLES[0], ROLES[-1]) == ("ingest", "facade")


@EVERY
def test_the_actor_of_a_child_exists_and_plays_its_role(child: Child) -> None:
    actor = getattr(importlib.import_module(child.module), child.actor)
    assert child.role == actor.ROLE


@EVERY
def test_a_child_is_given_the_addresses_of_whom_it_talks_to(child: Child) -> None:
    said_to = {
        receiver
        for route in CATALOG.values()
        if child.role in route.senders
        for receiver in route.receivers
        if receiver in ROLES and receiver != child.role
    }
    # Everybody may send audit notes to ingest.
    assert said_to - {"ingest"} <= set(child.talks_to), f"{child.role} has things to say to {said_to}"


def test_the_stream_works_without_the_door_and_without_the_baseline() -> None:
    assert [child.role for child in CHILDREN if not child.stream_part] == ["baseline", "facade"]
    assert [child.role for child in CHILDREN if child.baseline_part] == ["ingest", "baseline"]
