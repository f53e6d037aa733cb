"""A git repository made to measure: commits are told, then written in one go, with the dates and names that were told.

`git fast-import` writes a few thousand commits a second; branches are moved afterwards in stages, so that a history can
be looked at before and after it was rewritten.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ZONES = ("-0500", "+0000", "+1200")
Tree = dict[str, list[str]]


@dataclass(eq=False, slots=True)
class Told:
    """A commit that will be."""

    number: int
    parents: list[Told]
    tree: Tree
    at_s: int
    zone: str
    subject: str
    sha: str = ""


@dataclass(slots=True)
class MadeRepository:
    """Tell commits, then `write` them, then `point` names at them."""

    root: Path
    told: list[Told] = field(default_factory=list)

    @property
    def git_folder(self) -> Path:
        return self.root / ".git"

    def commit(self, tree: Tree, parents: list[Told], at_s: int, subject: str) -> Told:
        """One more commit with this whole tree."""
        number = len(self.told) + 1
        told = Told(
            number, parents, {path: list(lines) for path, lines in tree.items()}, at_s, ZONES[number % 3], subject
        )
        self.told.append(told)
        return told

    def write(self) -> None:
        """Make the repository; every commit has its name then."""
        self.root.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        marks = self.root.parent / f"{self.root.name}.marks"
        stream = b"".join(self._commit_bytes(told) for told in self.told)
        self._git("fast-import", "--quiet", f"--export-marks={marks}", stdin=stream)
        shas = dict(line.split() for line in marks.read_text().splitlines())
        for told in self.told:
            told.sha = shas[f":{told.number}"]
        marks.unlink()

    def point(self, names: dict[str, Told | None]) -> None:
        """Set branches (None removes one) in one step, as one push would."""
        lines = [
            f"delete refs/heads/{name}\n" if told is None else f"update refs/heads/{name} {told.sha}\n"
            for name, told in names.items()
        ]
        self._git("update-ref", "--stdin", stdin="".join(lines).encode())

    def tree_at(self, root: Path, name: str, branch: str, made: list[Told]) -> None:
        """A linked working tree without files in it, whose own log names the commits that were made there."""
        inside = self.git_folder / "worktrees" / name
        (inside / "logs").mkdir(parents=True)
        root.mkdir(parents=True)
        (root / ".git").write_text(f"gitdir: {inside}\n")
        (inside / "gitdir").write_text(f"{root}/.git\n")
        (inside / "commondir").write_text("../..\n")
        (inside / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
        before = "0" * 40
        with (inside / "logs" / "HEAD").open("w") as log:
            for told in made:
                log.write(f"{before} {told.sha} A <a@x> {told.at_s} +0000\tcommit: {told.subject}\n")
                before = told.sha

    def _commit_bytes(self, told: Told) -> bytes:
        person = f"Author {told.number % 4} <a{told.number % 4}@example.org> {told.at_s} {told.zone}"
        subject = told.subject.encode()
        head = [f"commit refs/made/{told.number}\nmark :{told.number}\nauthor {person}\ncommitter {person}\n".encode()]
        head.append(b"data %d\n%s\n" % (len(subject), subject))
        for at, parent in enumerate(told.parents):
            head.append(f"{'merge' if at else 'from'} :{parent.number}\n".encode())
        before = told.parents[0].tree if told.parents else {}
        for path in sorted(before.keys() - told.tree.keys()):
            head.append(b"D %s\n" % _path(path))
        for path, lines in sorted(told.tree.items()):
            if before.get(path) != lines:
                content = "".join(f"{line}\n" for line in lines).encode()
                head.append(b"M 100644 inline %s\ndata %d\n%s\n" % (_path(path), len(content), content))
        return b"".join([*head, b"\n"])

    def forget_drafts(self) -> None:
        """Take away the names that writing needed: from now on a commit is reached by a branch, or not at all."""
        lines = "".join(f"delete refs/made/{told.number}\n" for told in self.told)
        self._git("update-ref", "--stdin", stdin=lines.encode())

    def _git(self, *words: str, stdin: bytes = b"") -> None:
        subprocess.run(
            ["git", "-C", str(self.root), *words],
            input=stdin,
            check=True,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"},
        )


def _path(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode()
