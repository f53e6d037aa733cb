from __future__ import annotations

from pathlib import Path

from messages.baseline import KeepRecords
from storage.preparing import key_of, prepare
from storage.store import Store
from tests.storage.story import canonical_rows, message, turn

GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def records() -> KeepRecords:
    items = (
        message("a", f"the token is {GITHUB}"),
        message("b", "ordinary words"),
        message("c", f"again {GITHUB}, without saying so"),
        message("d", body="no json"),
    )
    return KeepRecords(
        incarnation=1, n=1, tool="codex", source="rollout", received=5, turns=(turn("completed"),), items=items
    )


def test_bodies_that_were_redacted_elsewhere_are_stored_as_if_they_were_here(tmp_path: Path) -> None:
    found = []
    for name in ("here", "elsewhere"):
        store = Store(tmp_path / f"{name}.sqlite3", run_id="r")
        told = records()
        ready = prepare(told.items) if name == "elsewhere" else {}
        store.keep_prepared(told, ready, 1)
        assert ready == {}, "each is used once"
        found.append(canonical_rows(store))
        store.close()
        left = b"".join(path.read_bytes() for path in tmp_path.glob(f"{name}.sqlite3*"))
        assert GITHUB.encode() not in left
    assert found[0] == found[1]


def test_what_is_carried_shows_nothing_and_a_bad_body_is_left_to_the_writer() -> None:
    told = message("a", f"token = {GITHUB}")
    ready = prepare([told, message("b", body="no json"), message("c", body="[]")])
    assert list(ready) == [key_of(told)]
    carried = ready[key_of(told)]
    assert GITHUB in carried.found
    assert GITHUB not in repr(carried)
    assert GITHUB not in str(carried.content)
