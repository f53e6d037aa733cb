"""Where scenes of linking play: one project with a main branch, a clock, people who commit, and sessions that edit.

`link_scenes.py` says what happens here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos import plausible_code as code
from chaos.made_repository import MadeRepository, Told, Tree
from chaos.told_session import SHAPES, ToldSession

HOUR = 3_600


@dataclass
class Stage:
    """One project in the making."""

    repository: MadeRepository
    rng: Random
    now_s: int
    main: Told
    linked_path: Path
    """A symbolic link to the project."""
    sessions: list[ToldSession] = field(default_factory=list)
    first: dict[str, Told | None] = field(default_factory=dict)
    """Branches as they stand at the first look; those of `last` are set for the second."""
    last: dict[str, Told | None] = field(default_factory=dict)
    trees: list[tuple[Path, str, str, list[Told]]] = field(default_factory=list)
    later: list[Callable[[], None]] = field(default_factory=list)
    """The second half of scenes that rewrite: played when the first look is over."""

    def session(self, hazard: str, *, cwd: Path | None = None, branch: str = "main", shape: str = "") -> ToldSession:
        number = len(self.sessions)
        made = ToldSession(
            f"{self.repository.root.name}-{number:03d}", hazard, shape or self.rng.choice(SHAPES),
            str(cwd or self.repository.root), branch, self.now_s, self.rng,
        )  # fmt: skip
        self.sessions.append(made)
        return made

    def pass_time(self, low_s: int = 60, high_s: int = 900) -> int:
        self.now_s += self.rng.randint(low_s, high_s)
        return self.now_s

    def file(self) -> str:
        """A source file of the project."""
        return self.rng.choice(source_files(self.main.tree))

    def commit(self, tree: Tree, subject: str = "", parents: list[Told] | None = None) -> Told:
        """A commit now; on main unless parents are given."""
        told = self.repository.commit(tree, parents or [self.main], self.pass_time(), subject or self.subject())
        if parents is None:
            self.main = told
        return told

    def subject(self) -> str:
        return f"{self.rng.choice(code.VERBS).title()} {self.rng.choice(code.NOUNS)} {self.rng.randint(10, 9999)}"

    def person_commits(self) -> Told:
        """Somebody else works on, in any file."""
        path = self.file()
        return self.commit({**self.main.tree, path: grown(self.rng, self.main.tree[path])})

    def name(self, word: str) -> str:
        return f"{word}-{len(self.repository.told)}-{len(self.sessions)}"


def source_files(tree: Tree) -> list[str]:
    """What people and sessions work in."""
    return [path for path in tree if path.endswith(".py")]


def grown(rng: Random, lines: list[str]) -> list[str]:
    """A function more, or some lines changed, or one function less and another more."""
    new = list(lines)
    own = [at for at, line in enumerate(new) if len(line.strip()) > 20 and not line.startswith("#")]
    if rng.random() < 0.6 or len(own) < 4:
        starts = [at for at, line in enumerate(new) if line.startswith("def ")] or [len(new)]
        at = rng.choice(starts)
        return [*new[:at], *code.function(rng), *new[at:]]
    for at in rng.sample(own, min(rng.randint(2, 4), len(own))):
        new[at] = code.line(rng, len(new[at]) - len(new[at].lstrip()))
    return new


def work(stage: Stage, session: ToldSession, tree: Tree, path: str | None = None, files: int = 1) -> Tree:
    """The session edits files of a tree; gives the tree afterwards."""
    new = dict(tree)
    for _ in range(files):
        name = path or stage.rng.choice(source_files(new))
        after = grown(stage.rng, new[name])
        session.edit(stage.pass_time(20, 200), name, new[name], after)
        new[name] = after
    return new
