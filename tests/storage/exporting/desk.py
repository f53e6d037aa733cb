"""A store with two sessions in one repository, linked, ready to leave."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from storage.linking.git import Git
from storage.linking.look import Looker
from tests.storage.linking.repository import T0_MS, Repository, patched
from tests.storage.story import Stream, message, open_store, thread, turn

FIRST = ("def price_of(item, count):", "", "    return item.price * count")
SECOND = ("def name_of(item):", "    return item.title.strip()")
PLANTED = "AKIAIOSFODNN7QZ3XK2P"  # shaped like a key, of nobody


class Desk:
    """Session `one` (gpt-5) and `two` (another model) each wrote a part of one commit; `three` only spoke."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "r")
        self.repository.commit("base", 0, {"a.py": "import os\n"})
        self.database = str(folder / "state" / "capture.sqlite3")
        with closing(open_store(folder / "state")) as store:
            root = str(self.repository.root)
            sessions = [
                thread("one", cwd=root, model="gpt-5", title="Prices | and `more`", cli_version="0.169.0"),
                thread("two", cwd=root, model="mock/model-x"),
                thread("three"),
            ]
            items = [
                patched("a.py", *(f"+{line}" for line in FIRST), session="one"),
                patched("a.py", *(f"+{line}" for line in SECOND), item="c2", session="two"),
                message("m1", "see ```\nfenced\n``` and <b>bold</b>", session="three"),
                # The test store's own redaction does not know it: a later rule must catch it on its way out.
                message("m2", f"key {PLANTED}", session="three"),
            ]
            turns = [turn("completed", session="one", usage={"total": 12}), turn("failed", session="three", error="no")]
            Stream(store).send(9, sessions=sessions, turns=turns, items=items)
            self.commit = self.repository.commit(
                "Add prices and names", 60, {"a.py": "\n".join(["import os", *FIRST, "", *SECOND]) + "\n"}
            )
            for verdicts in Looker(self.database, Git()).round(T0_MS):
                store.keep_links(verdicts, T0_MS)
