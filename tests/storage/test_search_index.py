"""Words that were purged leave the file, not only the answers."""

from __future__ import annotations

from pathlib import Path

from storage.search_index import INDEXED_CHARS_MAX
from tests.storage.story import Files, message, open_store, rows, whole_file


def test_purged_words_leave_every_byte_of_the_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    files = Files(store)
    for number in range(40):
        files.send(items=[message(f"i{number}", f"ordinary xylophonist{number % 2} words", turn=f"u{number % 2}")])
    assert b"xylophonist1" in whole_file(tmp_path)
    with store._writing():
        doomed = "SELECT i.id FROM items i JOIN turns t ON t.id = i.turn_row WHERE t.turn_id = 'u1'"
        store._database.run(f"DELETE FROM item_sources WHERE item_row IN ({doomed})")
        store._database.run(f"DELETE FROM items WHERE id IN ({doomed})")
    assert store._database.reclaim(False)
    left = whole_file(tmp_path)
    assert b"xylophonist1" not in left
    assert b"xylophonist0" in left
    store.close()


def test_of_an_endless_text_the_beginning_is_indexed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    text = "begin " + "x " * INDEXED_CHARS_MAX + "theend"
    Files(store).send(items=[message("i1", text)])
    found = "SELECT rowid FROM item_search WHERE item_search MATCH ?"
    assert len(rows(store, found, '"begin"')) == 1
    assert rows(store, found, '"theend"') == []
    assert rows(store, "SELECT length(text) FROM items") == [(len(text),)]
    store.close()
