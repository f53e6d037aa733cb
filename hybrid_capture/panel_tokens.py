"""Who may open the panel's socket: the run's token, one-time codes for a browser, and the tokens of sessions.

The run's token is `STATE/panel.token`, 0600, fresh for each run. A browser gets a one-time code in the fragment of an
address, which is never sent nor logged, and exchanges it for the token of its session. That one is derived from the
run's token, so it outlives the gateway, and dies with the run. Nothing here ever stands in a URL's path or query, in a
log or in a process list.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from messages.renderer_words import ClientRole
from storage.whole_file import NotPlain, read_plain, write_whole

TOKEN_FILE, ADDRESS_FILE = "panel.token", "panel.url"
TOKEN_BYTES_MAX = 4_096
CODE_S = 600.0
"""A one-time code lives this long."""
CODES_MAX = 64
"""Codes that wait at once; the oldest is forgotten first."""
SAID_CHARS_MAX = 512
"""Of a token or code that somebody says; longer ones fit nothing."""


class NoToken(Exception):
    """There is no token to read: no runtime with a panel lives there. The text says what to do."""


@dataclass(frozen=True, slots=True)
class PanelDoor:
    """Where the panel of a running runtime is, and the token for it."""

    base: str
    """`http://127.0.0.1:PORT`."""
    token: str = field(repr=False)


def write_token(folder: Path, base: str) -> str:
    """A fresh token for this run, and where it is good; both readable for their owner alone. Errors: OSError."""
    token = secrets.token_urlsafe(32)
    for name, content in ((TOKEN_FILE, token), (ADDRESS_FILE, base)):
        write_whole(folder / name, content.encode() + b"\n")
        (folder / name).chmod(0o600)
    return token


def read_token(folder: Path) -> PanelDoor:
    """Those of the runtime that lives in this folder, or lived there last. Errors: NoToken."""
    found: list[str] = []
    for name in (ADDRESS_FILE, TOKEN_FILE):
        try:
            found.append((read_plain(folder / name, TOKEN_BYTES_MAX) or b"").decode("ascii").strip())
        except (OSError, NotPlain, UnicodeDecodeError):
            found.append("")
    if not all(found):
        raise NoToken(f"there is no panel in {folder}: start one with `hybrid-capture run`")
    return PanelDoor(*found)


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who may come in."""

    role: ClientRole
    session: str | None = None
    """Whose session token it was; None for a code and for the run's token."""


@dataclass(slots=True)
class PanelTokens:
    """Judges what is said at the socket. `now_s` is any monotonic clock; comparisons take the same time for all."""

    token: str = field(repr=False)
    _codes: OrderedDict[bytes, tuple[float, ClientRole]] = field(default_factory=OrderedDict, repr=False)
    """Digest of each code that was not used -> when it ends, what it is good for."""

    def code(self, role: ClientRole, now_s: float) -> str:
        """A fresh one-time code."""
        code = secrets.token_urlsafe(24)
        self._codes[_digest(code)] = (now_s + CODE_S, role)
        while len(self._codes) > CODES_MAX:
            self._codes.popitem(last=False)
        return code

    def once(self, code: object, now_s: float) -> Entry | None:
        """Use a code up; None when it is none, was used, or is too old."""
        if not isinstance(code, str) or len(code) > SAID_CHARS_MAX:
            return None
        # A digest is looked up, so that the time it takes says nothing of how near a guess was.
        due_s, role = self._codes.pop(_digest(code), (0.0, "observer"))
        return Entry(role) if now_s < due_s else None

    def known(self, token: object, role: object = None) -> Entry | None:
        """Whose token this is: the run's, with the role that is asked for, or a session's with its own."""
        if not isinstance(token, str) or len(token) > SAID_CHARS_MAX:
            return None
        if self.is_run(token):
            return Entry("observer" if role == "observer" else "operator")
        word, _, session = token.partition(".")[2].rpartition(".")[0].partition(".")
        found: ClientRole = "operator" if word == "operator" else "observer"
        if not _same(self.of_session(session, found), token):
            return None
        # A session may give rights away when it comes back, and never gain any.
        return Entry("observer" if role == "observer" else found, session)

    def is_run(self, token: str) -> bool:
        """Whether this is the run's own token."""
        return _same(token, self.token)

    def of_session(self, session: str, role: ClientRole) -> str:
        """The token of a session."""
        bound = f"session\n{role}\n{session}".encode(errors="replace")
        told = hmac.new(self.token.encode(), bound, hashlib.sha256).hexdigest()
        return f"s.{role}.{session}.{told}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
