"""What one item of a session gave away is hidden in all of them, and nothing else about them changes."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.records import FinalItem
from storage import spreading
from storage.fsck import examine
from storage.redaction import REPEATED
from storage.store import Store
from tests.storage.story import MEMORY, Files, Stream, dispositions, event, message, rows

VALUE = "q8ZkP2vLx9Wb"
TOLD = message("i1", f"export API_TOKEN={VALUE}")
OTHER = "Tr0ub4dor&3-horse"
BARE = message("i2", f"the server answered {VALUE} today")
PLAIN = message("i3", "nothing of the kind")


def opened(folder: Path, name: str = "capture.sqlite3", **options: Any) -> Store:
    folder.mkdir(exist_ok=True)
    return Store(folder / name, run_id="r1", **options)


def items(store: Store) -> dict[str, dict[str, Any]]:
    names = ("item_id", "text", "body", "content_hash", "revision")
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows(store, f"SELECT {', '.join(names)} FROM items")}


def test_a_bare_copy_in_a_later_item_is_hidden(tmp_path: Path) -> None:
    store = opened(tmp_path)
    stream = Stream(store)
    stream.send(1, items=[TOLD])
    stream.send(1, items=[BARE])
    assert items(store)["i2"]["text"] == f"the server answered {REPEATED} today"
    store.close()


def test_in_any_order_the_rows_are_the_same(tmp_path: Path) -> None:
    found = []
    for number, order in enumerate(itertools.permutations([TOLD, BARE, PLAIN])):
        for together in (True, False):
            store = opened(tmp_path / f"{number}{together}")
            stream = Stream(store)
            for batch in [list(order)] if together else [[item] for item in order]:
                stream.send(len(batch), items=batch)
            stream.send(3, items=list(reversed(order)))
            assert dispositions(store) == {"stored": 3, "duplicate": 3}
            found.append({key: (row["text"], row["body"], row["content_hash"]) for key, row in items(store).items()})
            assert VALUE not in json.dumps(found[-1])
            store.close()
    assert all(each == found[0] for each in found)


WORDS = (
    f"export API_TOKEN={VALUE}", f"the server answered {VALUE} today", f"{VALUE}", f"twice {VALUE}, {VALUE}",
    f"password = '{OTHER}'", f"it was {OTHER} before",
    f"a quote \" and {OTHER}{VALUE}", "nothing of the kind",
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_however_items_with_secrets_are_ordered_cut_and_repeated_the_rows_are_the_same(data: st.DataObject) -> None:
    told = [message(f"i{number}", words) for number, words in enumerate(data.draw(st.permutations(WORDS)))]
    told = sorted(told, key=lambda item: item.item_id)
    with TemporaryDirectory(dir=MEMORY) as folder:
        plain = fed(Path(folder) / "plain", [told])
        order = data.draw(st.permutations([*told, *data.draw(st.lists(st.sampled_from(told), max_size=4))]))
        cuts = sorted(data.draw(st.sets(st.integers(1, len(order) - 1), max_size=6)))
        parts = [list(order[a:b]) for a, b in itertools.pairwise([0, *cuts, len(order)])]
        assert fed(Path(folder) / "cut", parts) == plain
    for row in plain.values():
        assert VALUE not in row["text"] + row["body"]
        assert OTHER not in row["text"] + row["body"]


def fed(folder: Path, parts: list[list[FinalItem]]) -> dict[str, dict[str, Any]]:
    """The rows after these parts came in this order, without their place in the turn; the index agrees with them."""
    store = opened(folder)
    stream = Stream(store)
    for part in parts:
        stream.send(len(part), items=part)
    assert {check.state for check in examine(store._database, False, "r1", 1)} == {"ok"}
    found = items(store)
    store.close()
    return found


def test_another_session_keeps_its_words(tmp_path: Path) -> None:
    store = opened(tmp_path)
    stream = Stream(store)
    stream.send(1, items=[TOLD])
    stream.send(1, items=[message("i2", f"the server answered {VALUE} today", session="t2")])
    assert items(store)["i2"]["text"] == f"the server answered {VALUE} today"
    store.close()


def test_revisions_and_the_search_index_follow(tmp_path: Path) -> None:
    store = opened(tmp_path)
    stream = Stream(store)
    stream.send(1, items=[BARE])
    stream.send(1, items=[message("i2", f"now it says {VALUE} twice: {VALUE}")])
    stream.send(1, items=[TOLD])
    connection = store._database.connection()
    told = connection.execute("SELECT text, body FROM item_sources WHERE body IS NOT NULL").fetchall()
    assert told
    assert VALUE not in repr(told)
    search = "SELECT count(*) FROM item_search WHERE item_search MATCH ?"
    assert connection.execute(search, (VALUE,)).fetchone()[0] == 0
    assert connection.execute(search, ("twice",)).fetchone()[0] == 1
    store.close()


def test_telemetry_of_the_session_is_read_with_the_same_eyes(tmp_path: Path) -> None:
    store = opened(tmp_path)
    files = Files(store, source="otlp")
    body = json.dumps({"output": VALUE}, separators=(",", ":"))
    seen = [event(key, "tool_result", body=body) for key in "ab"]
    files.send(events=seen[:1])
    Stream(store).send(1, items=[TOLD])
    files.send(events=seen[1:])
    assert [each for (each,) in rows(store, "SELECT body FROM events")] == [
        json.dumps({"output": REPEATED}).replace(" ", "")
    ] * 2
    store.close()


def test_a_check_of_the_store_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    store = opened(tmp_path)
    Stream(store).send(2, items=[BARE, TOLD])
    checks = list(examine(store._database, False, "r1", 1))
    assert checks
    assert "is not what its hash says" not in repr(checks)
    store.close()


def test_after_a_restart_a_copy_that_comes_again_is_still_the_same_item(tmp_path: Path) -> None:
    store = opened(tmp_path)
    Stream(store).send(2, items=[TOLD, BARE])
    store.close()
    store = Store(tmp_path / "capture.sqlite3", run_id="r2")
    Stream(store).send(1, items=[BARE])
    assert items(store)["i2"]["text"] == f"the server answered {REPEATED} today"
    assert items(store)["i2"]["revision"] == 1
    store.close()


def test_only_so_many_sessions_are_remembered(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(spreading, "SESSIONS_MAX", 2)
    store = opened(tmp_path)
    stream = Stream(store)
    for number in range(5):
        stream.send(1, items=[message("i1", f"export API_TOKEN={VALUE}{number}", session=f"t{number}")])
    assert len(store._items.spread._sessions) == 2
    store.close()


def test_digits_that_were_a_secret_once_do_not_break_what_is_stored_where_they_are_a_number(tmp_path: Path) -> None:
    digits = "4539148803436467"
    number = json.dumps({"type": "note", "at": int(digits)})
    store = opened(tmp_path)
    stream = Stream(store)
    stream.send(1, items=[message("i1", kind="note", body=number)])
    stream.send(1, items=[message("i2", kind="note", body=json.dumps({"type": "note", "password": digits}))])
    stream.send(1, items=[message("i3", kind="note", body=number)])
    Files(store, "otlp").send(events=[event("k1", body=json.dumps({"at": int(digits), "text": f"was {digits}"}))])
    stored = [json.loads(row["body"]) for row in items(store).values()]
    assert [each.get("at") for each in stored] == [int(digits), None, int(digits)]
    assert digits not in stored[1]["password"]
    assert json.loads(next(body for (body,) in rows(store, "SELECT body FROM events")))["at"] == int(digits)
    store.close()
