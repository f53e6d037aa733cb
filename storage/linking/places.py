"""Which repository a path belongs to, and what the repository calls it.

Symbolic links are resolved as far as the path exists. A working tree that was removed is known from before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from storage.linking.git import Git, GitFailed
from storage.linking.history import Place, place_of

PATH_CHARS_MAX = 4_096
"""A longer path names no file, and what a model calls a path may be megabytes."""
FOLDERS_MAX = 20_000
"""Folders that are remembered; then all are forgotten."""


class Places:
    """Finds places, and remembers them for one round."""

    def __init__(self, git: Git, known: Mapping[str, str]) -> None:
        """`known`: repository of every working tree that was met before, by its root."""
        self._git = git
        self._gone = {root: repo for root, repo in known.items() if not os.path.isdir(root)}
        self._by_root: dict[str, Place | str] = {}
        self._by_folder: dict[str, Place | str] = {}
        self._real: dict[str, str] = {}

    def of(self, path: str) -> tuple[Place, str] | str:
        """The place of an absolute path and its name there; or why there is none."""
        if not path.startswith("/"):
            return "nothing says which folder its paths start from"
        if len(path) > PATH_CHARS_MAX or "\0" in path:
            return "it names a path that no file can have"
        folder, name = os.path.split(os.path.normpath(path))
        real = self._resolved(folder)
        for root, repo in self._gone.items():
            if real == root or real.startswith(f"{root}/"):
                return Place(root, repo), os.path.relpath(f"{real}/{name}", root)
        place = self._of_folder(real)
        if isinstance(place, str):
            return place
        return place, os.path.relpath(f"{real}/{name}", place.root)

    def of_folder(self, folder: str) -> Place | str:
        """The place of a folder."""
        found = self.of(f"{folder}/any")
        return found if isinstance(found, str) else found[0]

    def _resolved(self, folder: str) -> str:
        if len(self._real) > FOLDERS_MAX:
            self._real.clear()
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return self._real[folder]

    def _of_folder(self, folder: str) -> Place | str:
        if len(self._by_folder) > FOLDERS_MAX:
            self._by_folder.clear()
        if folder not in self._by_folder:
            root = _top(folder)
            self._by_folder[folder] = self._of_root(root) if root else f"{folder} is in no git repository"
        return self._by_folder[folder]

    def _of_root(self, root: str) -> Place | str:
        if root not in self._by_root:
            try:
                self._by_root[root] = place_of(self._git, root)
            except GitFailed as failed:
                self._by_root[root] = f"git cannot read {root}: {failed}"
        return self._by_root[root]


def _top(folder: str) -> str | None:
    """The nearest folder upwards that has a `.git`: asking the file system is a thousand times cheaper than git."""
    while True:
        if os.path.lexists(f"{folder}/.git"):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
