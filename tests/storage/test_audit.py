"""What is remembered, and for how long."""

from __future__ import annotations

from storage.audit import DecisionLog
from storage.identity import Place
from tests.storage.story import HIDDEN, SECRET, Stream, loss, open_store, rows

HERE = Place("r1", "stream", 1, 5)


def test_the_dedupe_log_keeps_the_newest_rows(place: str) -> None:
    store = open_store(place)
    log = DecisionLog(store._database, rows_max=20, slack=5)
    for number in range(1, 103):
        log.write(HERE, ("t1", "u1", f"i{number}"), "agentMessage", "accepted", "new", 1)
        log.settle()
        assert rows(store, "SELECT count(*) FROM dedupe_log")[0][0] < 25
    kept = [row[0] for row in rows(store, "SELECT item_id FROM dedupe_log ORDER BY id")]
    assert kept[-1] == "i102"
    assert kept == [f"i{number}" for number in range(81, 103)]
    store.close()


def test_audit_rows_are_never_thinned_and_always_redacted(place: str) -> None:
    store = open_store(place)
    for _ in range(30):
        store._audit.say(1, "k", "s", f"about {SECRET}")
    assert rows(store, "SELECT DISTINCT text FROM audit") == [(f"about {HIDDEN}",)]
    assert rows(store, "SELECT count(*) FROM audit") == [(30,)]
    store.close()


def test_a_row_about_an_item_names_it_whole(place: str) -> None:
    store = open_store(place)
    Stream(store).send(3, losses=[loss("i9", 3, "stage_full", size=44)])
    fields = "SELECT run_id, kind, subject, session_id, turn_id, item_id, frames, bytes_count, text FROM audit"
    assert rows(store, fields) == [
        (
            "r1",
            "stage_loss",
            "i9",
            "t1",
            "u1",
            "i9",
            3,
            44,
            "agentMessage ended open (stage_full): 3 frames and 44 bytes are not stored",
        )
    ]
    store.close()
