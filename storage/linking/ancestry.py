"""Who comes from whom among the commits that were read, as sets of bits: asked thousands of times in one round."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from storage.linking.history import Commit


class Ancestry:
    """Commits parents first, and the names that point at them."""

    def __init__(self, commits: Sequence[Commit], tips: Mapping[str, str]) -> None:
        self._number = {commit.sha: number for number, commit in enumerate(commits)}
        self._above: list[int] = []
        for commit in commits:
            bits = 0
            for parent in commit.parents:
                number = self._number.get(parent)
                if number is not None and number < len(self._above):
                    bits |= self._above[number] | 1 << number
            self._above.append(bits)
        self._tips = tips

    def has(self, number: int, ancestor: int) -> bool:
        """Whether commit `number` comes from commit `ancestor`."""
        return bool(self._above[number] >> ancestor & 1)

    def on_branch(self, sha: str, branches: Collection[str]) -> bool:
        """Whether one of these branches, as a person names them, reaches the commit."""
        number = self._number[sha]
        for branch in branches:
            tip = self._number.get(self._tips.get(f"refs/heads/{branch}", ""))
            if tip is not None and (tip == number or self.has(tip, number)):
                return True
        return False
