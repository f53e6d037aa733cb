"""What is stored of one item: worked out from its redacted body alone, by whichever process redacts it.

Pure. What its session gave away elsewhere is hidden afterwards (`spreading.py`), in the words and not in the hash.
Read `preparing.py` for who asks, `items.py` for where it goes.
"""

from __future__ import annotations

from typing import NamedTuple

from storage.cleaning import ERROR_TEXT, CleanBody
from storage.identity import ID_CHARS_MAX, canonical, content_hash
from storage.linking.evidence import EVIDENT, evidence_of
from storage.linking.findings import CommitSeen, Found
from storage.texts import item_text


class Shown(NamedTuple):
    """A file that an item changed or a commit that it shows being made, as `links.py` keeps it."""

    kind: str
    """What was done: `add`, `update`, `delete`, `touch`; or `commit`."""
    path: str | None
    old_path: str | None = None
    commit: str | None = None
    subject: str | None = None
    branch: str | None = None


class Content(NamedTuple):
    """The words of an item. Prints sizes only."""

    content_hash: str
    text: str
    body: str
    """Canonical JSON."""
    agent_id: str | None
    failed: bool
    """Redaction failed for all of it, or for a part that is hidden."""
    shows: tuple[Shown, ...] = ()

    def __repr__(self) -> str:
        return f"Content(text={len(self.text)}, body={len(self.body)}, shows={len(self.shows)})"


def content_of(kind: str, status: str | None, clean: CleanBody) -> Content:
    """The content of an item with this redacted body. Errors: Malformed when it cannot be written as JSON."""
    body, failed = clean
    data = canonical(ERROR_TEXT if body is None else body)
    digest = content_hash(kind, status, data)
    if body is None:
        return Content(digest, ERROR_TEXT, data.decode(), None, failed)
    agent = body.get("agentId")
    agent = agent if isinstance(agent, str) and 0 < len(agent) <= ID_CHARS_MAX else None
    shows = tuple(map(_shown, evidence_of(kind, status, body, lines=False))) if kind in EVIDENT else ()
    return Content(digest, item_text(kind, body), data.decode(), agent, failed, shows)


def _shown(one: Found) -> Shown:
    if isinstance(one, CommitSeen):
        return Shown("commit", one.cwd, None, one.abbrev, one.subject, one.branch)
    return Shown(one.deed, one.path, one.old_path)
