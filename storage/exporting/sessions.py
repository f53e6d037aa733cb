"""Sessions as an export tells them: the session with its turns, items, usage and links, redacted once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from storage import redaction as engine
from storage.cleaning import ERROR_TEXT, Cleaner, Redaction
from storage.link_reader import LinkReader
from storage.reader import Reader

PAGE = 500


class NoSuchSession(Exception):
    """No session has this id, or several begin so; the text says which."""


class Sessions:
    """Reads a store for an export. A context manager. Errors of each method: StoreError, NoSuchSession."""

    def __init__(self, path: str | Path, redaction: Redaction | None = None) -> None:
        self._reader = Reader(path)
        self._links = LinkReader(path)
        self._cleaner = Cleaner(redaction or engine)
        self.truncated: list[str] = []
        """Sessions with more items than a reader gives."""

    def __enter__(self) -> Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._links.close()

    @property
    def hidden(self) -> int:
        """Records of which nothing could be told, because redaction failed."""
        return self._cleaner.failures

    def chosen(self, wanted: Iterable[str]) -> list[tuple[str, str]]:
        """Tool and id of the sessions that are named, by id or by how one begins."""
        found = []
        for each in wanted:
            like = self._links.sessions_like(each)
            if not like:
                raise NoSuchSession(f"no session {each} is stored: see `hybrid-capture sessions list`")
            if len(like) > 1:
                raise NoSuchSession(f"several sessions begin with {each}: give more of the id")
            found.append(like[0])
        return list(dict.fromkeys(found))

    def everybody(self) -> Iterator[tuple[str, str]]:
        """Tool and id of every session, newest first."""
        at = 0
        told: set[tuple[str, str]] = set()
        while page := self._reader.sessions(limit=PAGE, offset=at):
            for row in page:
                key = (row["tool"], row["session_id"])
                if key not in told:  # one that began meanwhile moved the last ones to this page
                    told.add(key)
                    yield key
            at += len(page)

    def told(self, tool: str, session_id: str, *, bodies: bool) -> dict[str, Any] | None:
        """A session with everything, clean; None when it is gone meanwhile."""
        session = self._reader.session(session_id, tool=tool, bodies=bodies)
        if session is None:
            return None
        if session["truncated"]:
            self.truncated.append(session_id)
        session["links"] = self.links(tool, session_id)
        turns = session.pop("turns")
        clean = self.clean(session)
        clean["turns"] = []
        for turn in turns:
            items = turn.pop("items")
            clean["turns"].append({**self.clean(turn), "items": [self.clean(item) for item in items]})
        return clean

    def links(self, tool: str, session_id: str) -> dict[str, Any]:
        """State, reason and links of a session."""
        about = self._links.of_session(tool, session_id)
        return {name: about[name] for name in ("state", "reason", "links")}

    def about(self, tool: str, session_id: str) -> dict[str, Any]:
        """A session without its turns."""
        like = self._reader.sessions(limit=PAGE, query=session_id)
        found = next(row for row in like if (row["tool"], row["session_id"]) == (tool, session_id))
        return self.clean({**found, "links": self.links(tool, session_id)})

    def of_repo(self, repo: str) -> list[dict[str, Any]]:
        """Every sure link of a repository."""
        return [self.clean(link) for link in self._links.all_linked(repo)]

    def clean(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record redacted; only its ids are left when that fails."""
        clean = self._cleaner.body(record).body
        if clean is None:
            return {name: record[name] for name in record if name.endswith("_id")} | {"error": ERROR_TEXT}
        return clean
