"""Puts one bug into the code as it is imported. Nothing on disk changes, and no compiled file is written or read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from chaos.mutating.table import Mutant


class NotThere(Exception):
    """The text of a mutant does not stand in its file exactly once: the list is out of date."""


def grafted(mutant: Mutant, source: str) -> str:
    """The file with the bug in it. Errors: NotThere."""
    if source.count(mutant.before) != 1:
        raise NotThere(f"{mutant.path}: {mutant.name}: its text is there {source.count(mutant.before)} times: mend it")
    return source.replace(mutant.before, mutant.after)


class _Loader(SourceFileLoader):
    mutant: Mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(grafted(self.mutant, self.get_source(fullname) or ""), self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None, f"{fullname} is not there"
        assert spec.origin is not None, f"{fullname} is no file"
        loader = _Loader(fullname, spec.origin)
        loader.mutant = self._mutant
        spec.loader = loader
        return spec


def graft(mutant: Mutant) -> None:
    """From now on this process imports the file with the bug. Errors: AssertionError when it was imported before."""
    assert mutant.module not in sys.modules, f"{mutant.module} was imported without its bug"
    sys.meta_path.insert(0, _Finder(mutant))
