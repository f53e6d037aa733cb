"""Links as they are kept: evidence with its item, in the item's transaction; verdicts when somebody has looked.

Runs inside the caller's transaction. Evidence is redacted already, since it is taken from the stored body; what git
said passes the cleaner here. Read `linking/look.py` for how a verdict comes about.
"""

from __future__ import annotations

from collections import Counter

from storage.cleaning import WORD_CHARS_MAX, Cleaner
from storage.connection import Database
from storage.content import Shown
from storage.identity import canonical, whole
from storage.linking.evidence import EVIDENT
from storage.linking.verdict import WAIT_MS, LinkFound, Verdict

PATH_CHARS_MAX = 4_096
NOT_LOOKED = "not looked for yet"
NO_EVIDENCE = "it changed no file and made no commit"

_MOVE = """UPDATE link_evidence SET session_row = (SELECT session_row FROM turns WHERE id = ?)
    WHERE item_row IN (SELECT id FROM items WHERE turn_row = ?)"""
_HOME = "SELECT session_row FROM turns WHERE id = ?"
_CLEAR = "DELETE FROM link_evidence WHERE item_row = ?"
_EVIDENCE = """INSERT INTO link_evidence (session_row, item_row, kind, path, old_path, "commit", subject, branch,
    at_ms) SELECT t.session_row, i.id, ?, ?, ?, ?, ?, ?, coalesce(i.completed_at_ms, i.started_at_ms, t.started_at_ms)
    FROM items i JOIN turns t ON t.id = i.turn_row WHERE i.id = ?"""
_DUE = """INSERT INTO link_states (session_row, revision, looked_revision, state, reason) VALUES (?, ?, 0, ?, ?)
    ON CONFLICT (session_row) DO UPDATE SET revision = link_states.revision + excluded.revision"""
_LINK = """INSERT INTO links (session_row, repo, "commit", patch_id, subject, committed_at_ms, state, score, method,
    reason, was, evidence, linked_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (session_row, repo, "commit") DO UPDATE SET patch_id = coalesce(excluded.patch_id, links.patch_id),
    subject = excluded.subject, committed_at_ms = excluded.committed_at_ms, state = excluded.state,
    score = excluded.score, method = excluded.method, reason = excluded.reason,
    was = coalesce(excluded.was, links.was), evidence = excluded.evidence"""
_STANDING = """SELECT id, "commit", state FROM links WHERE session_row = ? AND repo = ?"""
_GONE = "UPDATE links SET state = 'gone', reason = ? WHERE id = ?"
_DROP = "DELETE FROM links WHERE id = ?"
_PLACE = """INSERT INTO link_places (session_row, repo, root) VALUES (?, ?, ?)
    ON CONFLICT (session_row, repo, root) DO NOTHING"""
_STATES = "SELECT state, count(*) FROM links WHERE session_row = ? GROUP BY state"
_LOOKED = (
    """UPDATE link_states SET state = ?, reason = ?, looked_revision = ?, looked_at_ms = ? WHERE session_row = ?"""
)
_ANY_DUE = "SELECT 1 FROM link_states WHERE looked_revision < revision LIMIT 1"
_ANY_YOUNG = "SELECT 1 FROM link_evidence WHERE at_ms >= ? LIMIT 1"
_KNOWN = "SELECT 1 FROM sessions WHERE id = ?"


class Links:
    """Evidence and verdicts of all sessions. `forget()` after a rollback, `settle()` when a message's items are in."""

    def __init__(self, database: Database, cleaner: Cleaner) -> None:
        self._database = database
        self._cleaner = cleaner
        self._fresh: set[int] = set()
        """Items that came with this message: nothing is written of them yet."""
        self._waiting: dict[int, tuple[Shown, ...]] = {}
        """By item row, what is to be written."""
        self._due: Counter[int] = Counter()
        """By turn row, how many times an item showed something, or shows it no more."""

    def forget(self) -> None:
        """What waits did not come to be."""
        self._fresh.clear()
        self._waiting.clear()
        self._due.clear()

    def see(self, item_row: int, turn_row: int, kind: str, shows: tuple[Shown, ...], *, new: bool) -> None:
        """Take what a stored item says about files and commits; called again, it replaces what it said before.

        A `new` item has said nothing before.
        """
        if kind not in EVIDENT:
            return
        if new:
            self._fresh.add(item_row)
        said = self._waiting.pop(item_row, None) is not None
        if item_row not in self._fresh:
            said |= self._database.run(_CLEAR, (item_row,)).rowcount > 0
        if shows:
            self._waiting[item_row] = shows
        if shows or said:
            self._due[turn_row] += 1

    def settle(self) -> None:
        """Write what waits."""
        self._database.run_many(_EVIDENCE, [(*one, row) for row, shows in self._waiting.items() for one in shows])
        for turn_row, count in self._due.items():
            self._is_due(turn_row, count)
        self.forget()

    def _is_due(self, turn_row: int, count: int) -> None:
        (session_row,) = self._database.run(_HOME, (turn_row,)).fetchone()
        self._database.run(_DUE, (session_row, count, "unlinked", NOT_LOOKED))

    def move(self, turn_row: int) -> None:
        """A turn belongs to another session now, and so does what it shows."""
        if self._database.run(_MOVE, (turn_row, turn_row)).rowcount > 0:
            self._is_due(turn_row, 1)

    def due(self) -> bool:
        """Whether there is evidence that nobody has looked at."""
        return self._database.run(_ANY_DUE).fetchone() is not None

    def waited_for(self, now_ms: int) -> bool:
        """Whether there is evidence young enough that a commit of it may still come."""
        return self._database.run(_ANY_YOUNG, (now_ms - WAIT_MS,)).fetchone() is not None

    def keep(self, verdict: Verdict, at_ms: int) -> None:
        """Take what a look came to. A session that is stored no more is left out."""
        row = verdict.session_row
        if self._database.run(_KNOWN, (row,)).fetchone() is None:
            return
        for repo, root in verdict.places:
            self._database.run(_PLACE, (row, self._path(repo), self._path(root)))
        if verdict.repo is not None:
            self._keep_links(row, self._path(verdict.repo), verdict.links, at_ms)
        if verdict.last:
            counts: dict[str, int] = dict(self._database.run(_STATES, (row,)).fetchall())
            state = next((each for each in ("linked", "needs_review") if counts.get(each)), "unlinked")
            reason = "" if state == "linked" else self._cleaner.text(verdict.reason)
            self._database.run(_LOOKED, (state, reason, verdict.revision, at_ms, row))

    def _keep_links(self, session_row: int, repo: str, links: list[LinkFound], at_ms: int) -> None:
        now = {link.commit for link in links}
        heirs = {link.was: link.commit for link in links if link.was}
        for row, commit, state in self._database.run(_STANDING, (session_row, repo)).fetchall():
            if commit in now:
                continue
            if state == "needs_review":
                self._database.run(_DROP, (row,))
            elif state == "linked":
                heir = heirs.get(commit)
                reason = f"it lives on as {heir}" if heir else "no branch or tag reaches the commit any more"
                self._database.run(_GONE, (reason, row))
        for link in links:
            self._database.run(
                _LINK,
                (
                    session_row,
                    repo,
                    link.commit,
                    link.patch_id,
                    self._cleaner.text(link.subject, WORD_CHARS_MAX),
                    whole(link.committed_ms),
                    link.state,
                    link.score,
                    link.method,
                    self._cleaner.text(link.reason),
                    link.was,
                    self._evidence(link),
                    at_ms,
                ),
            )

    def _evidence(self, link: LinkFound) -> str:
        files = [
            {"path": self._path(path), "match": match, "of": of, "ranges": link.ranges.get(path, [])}
            for path, match, of in link.files
        ]
        return canonical({"files": files, "files_count": link.files_count, "rivals": link.rivals}).decode()

    def _path(self, path: str) -> str:
        """A path as it may be stored: redacted, and text whatever bytes the file system had."""
        return self._cleaner.text(path.encode("utf-8", "replace").decode(), PATH_CHARS_MAX)
