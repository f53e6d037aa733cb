"""Where a PostgreSQL store is, as a DSN. What is shown of it is server and database, never user or password.

A password with `@`, `/`, `?` or `#` that is not percent-encoded ends up in what looks like host or database, so a DSN
that does not read cleanly is refused without a word of it.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.errors import StoreNotWritable

SCHEMES = ("postgresql", "postgres")
_PLAIN = re.compile(r"[A-Za-z0-9._-]*")
_HOSTS = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])?(?::\d{1,5})?")
_HINT = "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password as %XX"


def is_dsn(place: str | Path) -> bool:
    """Whether this names a server rather than a file."""
    return "://" in str(place)


def label_of(dsn: str) -> str:
    """Server and database, for sentences. Errors: StoreNotWritable when the DSN cannot be read or is of another kind.

    The database's own name is shown only if it is plain, and never what stands in the query string.
    """
    scheme, _, rest = dsn.partition("://")
    if scheme not in SCHEMES:
        raise StoreNotWritable("the database setting is neither a path nor a postgresql:// DSN", _HINT)
    if rest.count("@") > 1 or "#" in rest or any(ord(char) <= 32 for char in rest):
        raise StoreNotWritable("the database's DSN cannot be read", _HINT)
    readable = True
    try:
        parts = urlsplit(f"{SCHEMES[0]}://{rest}")
    except ValueError:
        readable = False
    host = parts.netloc.rpartition("@")[2] if readable else ""
    name = unquote(parts.path.removeprefix("/")) if readable else ""
    if not readable or not all(map(_HOSTS.fullmatch, host.split(","))) or "@" in parts.path or "@" in parts.query:
        raise StoreNotWritable("the database's DSN cannot be read", _HINT)
    shown = name if _PLAIN.fullmatch(name) else "…"
    return f"postgresql://{host or 'local'}/{shown}"
