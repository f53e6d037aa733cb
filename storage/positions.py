"""How far files are stored. Runs inside the caller's transaction, or reads for the one who goes on from there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from messages.baseline import FileFound, FilePosition
from storage.cleaning import Cleaner
from storage.connection import Database
from storage.identity import Malformed, canonical, parsed, whole

_COLUMNS = 'id, path_key, device, inode, "offset", size, head, state'
_BY_PATH = f"SELECT {_COLUMNS} FROM files WHERE path_key = ?"
_BY_INODE = f"SELECT {_COLUMNS} FROM files WHERE device = ? AND inode = ? ORDER BY id DESC LIMIT 1"
_ADD = """INSERT INTO files (path_key, path, device, inode, "offset", size, head, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_WRITE = """UPDATE files SET path_key = ?, path = ?, device = ?, inode = ?, "offset" = ?, size = ?, head = ?, state = ?
    WHERE id = ?"""


class Positions:
    """Positions of all files."""

    def __init__(self, database: Database, cleaner: Cleaner) -> None:
        self._database = database
        self._cleaner = cleaner

    def told(self, files: Sequence[FileFound]) -> tuple[FilePosition, ...]:
        """The positions of those files that were ever stored; a moved one under its new path."""
        found = []
        for file in files:
            row = self._find(file.path, file.device, file.inode)
            if row is not None:
                _, _, device, inode, offset, size, head, state = row
                device, inode = _told(device), _told(inode)
                found.append(
                    FilePosition(
                        path=file.path,
                        device=device,
                        inode=inode,
                        offset=offset,
                        size=size,
                        head=head,
                        from_offset=offset,
                        state=state,
                    )
                )
        return tuple(found)

    def misfit(self, position: FilePosition) -> int | None:
        """The stored offset when records that begin at `from_offset` do not follow on it; None when they do.

        Records from 0 on are taken of a file that took another's place or shrank below what is stored.
        """
        row = self._find(position.path, position.device, position.inode)
        if row is None:
            return None if position.from_offset == 0 else 0
        _, _, device, inode, offset, _, head, _ = row
        stored: int = offset
        other = (_told(device), _told(inode), head) != (position.device, position.inode, position.head)
        if position.from_offset == stored or (position.from_offset == 0 and (other or position.size < stored)):
            return None
        return stored

    def keep(self, position: FilePosition) -> None:
        """Where the next records begin. A state that cannot be kept becomes an empty one."""
        try:
            clean, _ = self._cleaner.body(parsed(position.state))
        except Malformed:
            clean = None
        facts = (
            _key(position.path),
            self._cleaner.text(position.path),
            *(_kept(each) for each in (position.device, position.inode)),
            *(whole(each) or 0 for each in (position.offset, position.size)),
            self._cleaner.word(position.head),
            canonical({} if clean is None else clean).decode(),
        )
        row = self._find(position.path, position.device, position.inode)
        if row is None:
            self._database.run(_ADD, facts)
        else:
            self._database.run(_WRITE, (*facts, row[0]))

    def _find(self, path: str, device: int, inode: int) -> tuple[Any, ...] | None:
        """By path; else by what the file system calls it, if it was moved."""
        row: tuple[Any, ...] | None = self._database.run(_BY_PATH, (_key(path),)).fetchone()
        return row or self._database.run(_BY_INODE, (_kept(device), _kept(inode))).fetchone()


def _kept(number: int) -> int:
    """What a file system calls a file has 64 bits without a sign (network file systems use all of them), a database's
    whole number has a sign: the same bits."""
    return (number + 2**63) % 2**64 - 2**63


def _told(number: int) -> int:
    """The number whose bits these are."""
    return int(number % 2**64)


def _key(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
