"""A told session shows what it did, in every way that tools write it down."""

from __future__ import annotations

import json
from random import Random

import pytest

from chaos.made_repository import Told
from chaos.told_session import SHAPES, ToldSession
from storage.linking.evidence import evidence_of
from storage.linking.findings import CommitSeen, Edit, Found

OLD = ["import os", "", "def one():", "    return first_value", ""]
NEW = ["import os", "", "def one():", "    return second_value", "    # and more of it", ""]


def shown(session: ToldSession) -> list[Found]:
    return [
        one for item in session.items() for one in evidence_of(item.kind, item.status, json.loads(item.body))
    ]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_shows_the_same_edits(shape: str) -> None:
    session = ToldSession("s", "plain", shape, "/r", "main", 0, Random(1))
    session.edit(1, "a.py", OLD, NEW)
    session.edit(2, "new.py", None, ["fresh = True"])
    session.edit(3, "old.py", ["stale = True"], None)
    edits = [one for one in shown(session) if isinstance(one, Edit)]
    changed, created, deleted = edits
    assert (set(changed.added), set(changed.removed)) == ({NEW[3], NEW[4]}, {OLD[3]})
    assert (created.deed, [line for line in created.added if line]) == ("add", ["fresh = True"])
    assert deleted.deed == "delete"
    assert all(one.path.removeprefix("/r/") in ("a.py", "new.py", "old.py") for one in edits)
    assert session.tool == shape.split("_")[0]


@pytest.mark.parametrize("shape", ["codex", "claude"])
def test_a_commit_is_shown_with_or_without_its_name(shape: str) -> None:
    session = ToldSession("s", "plain", shape, "/r", "main", 0, Random(1))
    told = Told(1, [], {}, 5, "+0000", "Add prices", sha="1a2b3c4d" * 5)
    session.commit(6, told)
    session.commit(7, told, quiet=True)
    loud, quiet = shown(session)
    assert loud == CommitSeen("/r", "1a2b3c4", "Add prices", "main", True)
    assert quiet == CommitSeen("/r", None, "Add prices", None, True)
