"""What happens to a session's work on its way into history: one scene for each hazard, with who truly made what.

A scene plays on a `Stage`: a project with a main branch, a clock, and people who commit beside the sessions. Scenes
that rewrite history leave the old branch for the first look and the new one for the second.
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


def plain(stage: Stage) -> None:
    session = stage.session("plain")
    session.truth.add(stage.commit(work(stage, session, stage.main.tree, files=stage.rng.randint(1, 3))))


def commands(stage: Stage) -> None:
    session = stage.session("commit command")
    told = stage.commit(work(stage, session, stage.main.tree))
    session.commit(told.at_s + 1, told, quiet=stage.rng.random() < 0.3)
    session.truth.add(told)


def several_commits(stage: Stage) -> None:
    session = stage.session("several commits")
    for _ in range(3):
        session.truth.add(stage.commit(work(stage, session, stage.main.tree)))
        if stage.rng.random() < 0.5:
            stage.person_commits()


def several_sessions(stage: Stage) -> None:
    one, two = stage.session("several sessions"), stage.session("several sessions")
    told = stage.commit(work(stage, two, work(stage, one, stage.main.tree)))
    one.truth.add(told)
    two.truth.add(told)


def same_file(stage: Stage) -> None:
    """Two sessions at once in one file; each part is committed alone."""
    path = stage.file()
    one, two = stage.session("concurrent, same file"), stage.session("concurrent, same file")
    base = stage.main.tree[path]
    functions = [code.function(stage.rng), code.function(stage.rng)]
    at = max((n for n, line in enumerate(base) if line.startswith("def ")), default=len(base))
    first, both = [*base[:at], *functions[0], *base[at:]], [*base[:at], *functions[0], *base[at:], *functions[1]]
    one.edit(stage.pass_time(20, 60), path, base, first)
    two.edit(stage.pass_time(20, 60), path, first, both)
    one.truth.add(stage.commit({**stage.main.tree, path: first}))
    two.truth.add(stage.commit({**stage.main.tree, path: both}))


def concurrent(stage: Stage) -> None:
    sessions = [stage.session("concurrent, same repository") for _ in range(3)]
    trees = [work(stage, each, stage.main.tree) for each in sessions]
    for session, tree in zip(sessions, trees, strict=True):
        changed = {path: lines for path, lines in tree.items() if session.edits and lines != stage_base(stage, path)}
        merged = {**stage.main.tree, **changed}
        session.truth.add(stage.commit(merged))
        stage.person_commits()


def stage_base(stage: Stage, path: str) -> list[str]:
    return stage.main.tree.get(path, [])


def new_files(stage: Stage) -> None:
    session = stage.session("new file")
    path = f"{stage.rng.choice(('src', 'lib', 'tools'))}/{code.name(stage.rng)}.py"
    content = code.module(stage.rng, 2)
    session.edit(stage.pass_time(), path, None, content)
    session.truth.add(stage.commit({**stage.main.tree, path: content}))


def odd_paths(stage: Stage) -> None:
    session = stage.session("odd paths", shape=stage.rng.choice(("codex", "claude", "codex_relative")))
    told_as, kept_as = stage.rng.choice(
        (
            ("src/größe é.py", "src/größe é.py"),
            ("src/Cafe\u0301.py", "src/Caf\u00e9.py"),
            ("Docs/Read Me.py", "docs/read me.py"),
        )
    )
    path = f"{stage.rng.randint(1, 10**6)} "
    content = code.module(stage.rng, 1)
    told_as, kept_as = (
        f"{name[: name.rindex('/') + 1]}{path}{name[name.rindex('/') + 1 :]}" for name in (told_as, kept_as)
    )
    session.edit(stage.pass_time(), told_as, None, content)
    session.truth.add(stage.commit({**stage.main.tree, kept_as: content}))


def through_a_link(stage: Stage) -> None:
    session = stage.session("symbolic link", cwd=stage.linked_path)
    session.truth.add(stage.commit(work(stage, session, stage.main.tree)))


def renamed(stage: Stage) -> None:
    """The file gets another name in the commit, or in one before."""
    session = stage.session("rename")
    path = stage.file()
    tree = work(stage, session, stage.main.tree, path)
    new = f"{path[:-3]}_{stage.rng.randint(1, 999)}.py"
    if stage.rng.random() < 0.5:
        stage.commit({new if name == path else name: lines for name, lines in stage.main.tree.items()})
    moved = {new if name == path else name: lines for name, lines in tree.items()}
    session.truth.add(stage.commit(moved))


def partial(stage: Stage) -> None:
    """One file is committed, the other never or later."""
    session = stage.session("partial commit")
    one, two = stage.rng.sample(source_files(stage.main.tree), 2)
    tree = work(stage, session, work(stage, session, stage.main.tree, one), two)
    session.truth.add(stage.commit({**stage.main.tree, one: tree[one]}))
    if stage.rng.random() < 0.5:
        stage.pass_time(HOUR, 3 * HOUR)
        session.truth.add(stage.commit({**stage.main.tree, two: tree[two]}))


def formatter(stage: Stage) -> None:
    session = stage.session("formatter")
    path = f"src/{code.name(stage.rng)}_{stage.rng.randint(1, 999)}.py"
    content = [*code.module(stage.rng, 1), *(code.long_call(stage.rng) for _ in range(3))]
    session.edit(stage.pass_time(), path, None, content)
    session.truth.add(stage.commit({**stage.main.tree, path: code.formatted(content)}))


def formatter_breaks_all(stage: Stage) -> None:
    session = stage.session("formatter")
    path = stage.file()
    lines = [code.long_call(stage.rng) for _ in range(stage.rng.randint(2, 4))]
    base = stage.main.tree[path]
    session.edit(stage.pass_time(), path, base, [*base, *lines])
    session.truth.add(stage.commit({**stage.main.tree, path: [*base, *code.formatted(lines)]}))


def undone(stage: Stage) -> None:
    """The session takes its work back before anybody commits."""
    session = stage.session("undone by itself")
    path = stage.file()
    base = stage.main.tree[path]
    after = grown(stage.rng, base)
    session.edit(stage.pass_time(), path, base, after)
    session.edit(stage.pass_time(), path, after, base)
    stage.person_commits()


def discarded(stage: Stage) -> None:
    """A person throws the work away, and works on in the same file."""
    session = stage.session("discarded")
    path = stage.file()
    work(stage, session, stage.main.tree, path)
    for _ in range(2):
        stage.commit({**stage.main.tree, path: grown(stage.rng, stage.main.tree[path])})


def reverted(stage: Stage) -> None:
    """Committed, and reverted by a person: the revert is not the session's."""
    session = stage.session("reverted")
    base = stage.main
    told = stage.commit(work(stage, session, base.tree))
    session.truth.add(told)
    if stage.rng.random() < 0.5:
        stage.person_commits()
    back = {
        path: base.tree[path] if told.tree[path] != base.tree[path] else lines
        for path, lines in stage.main.tree.items()
    }
    stage.commit(back, f'Revert "{told.subject}"')


def moved_later(stage: Stage) -> None:
    """A person moves the session's code into another file: that commit is not the session's."""
    session = stage.session("moved later")
    path = stage.file()
    block = code.function(stage.rng)
    base = stage.main.tree[path]
    session.edit(stage.pass_time(), path, base, [*base, *block])
    session.truth.add(stage.commit({**stage.main.tree, path: [*base, *block]}))
    stage.person_commits()
    rest = [line for line in stage.main.tree[path] if line not in block or not line.strip()]
    stage.commit({**stage.main.tree, path: rest, f"src/moved_{stage.rng.randint(1, 10**6)}.py": block})


def no_commit(stage: Stage) -> None:
    session = stage.session("no commit")
    if stage.rng.random() < 0.6:
        work(stage, session, stage.main.tree)
    else:
        body = {"command": "git log --oneline -3", "cwd": session.cwd, "exitCode": 0,
                "aggregatedOutput": f"{stage.rng.getrandbits(28):07x} {stage.main.subject}"}  # fmt: skip
        session.shape = "codex"
        session.edits.append((stage.pass_time(), "commandExecution", body))


def long_after(stage: Stage) -> None:
    session = stage.session("long after")
    tree = work(stage, session, stage.main.tree)
    changed = {path: lines for path, lines in tree.items() if lines != stage.main.tree[path]}
    stage.now_s += stage.rng.randint(2, 40) * 24 * HOUR
    session.truth.add(stage.commit({**stage.main.tree, **changed}))


def merged(stage: Stage) -> None:
    """A branch with a merge: its own commit is the session's, the merge is nobody's."""
    branch = stage.name("topic")
    session = stage.session("merge", branch=branch)
    base = stage.main
    told = stage.commit(work(stage, session, base.tree), parents=[base])
    session.truth.add(told)
    other = stage.person_commits()
    ours = {path: lines for path, lines in told.tree.items() if lines != base.tree.get(path)}
    stage.main = stage.commit({**other.tree, **ours}, f"Merge {branch}", [other, told])
    stage.first[branch] = told


def boilerplate(stage: Stage) -> None:
    """A session and a person each begin a file with the same header; a third file of a person has nothing else."""
    session = stage.session("boilerplate")
    mine, theirs = (f"src/{code.name(stage.rng)}_{stage.rng.randint(1, 9999)}.py" for _ in range(2))
    content = code.module(stage.rng, 1)
    session.edit(stage.pass_time(), mine, None, content)
    stage.commit({**stage.main.tree, theirs: [*code.HEADER, *code.function(stage.rng)]})
    session.truth.add(stage.commit({**stage.main.tree, mine: content}))


def deleted(stage: Stage) -> None:
    path = f"src/old_{stage.rng.randint(1, 10**6)}.py"
    stage.commit({**stage.main.tree, path: code.module(stage.rng, 1)})
    session = stage.session("deletion")
    session.edit(stage.pass_time(), path, stage.main.tree[path], None)
    session.truth.add(stage.commit({name: lines for name, lines in stage.main.tree.items() if name != path}))


def own_tree(stage: Stage) -> None:
    """A linked working tree with a branch of its own."""
    branch = stage.name("side")
    root = stage.repository.root.parent / f"{stage.repository.root.name}-{branch}"
    session = stage.session("worktree", cwd=root, branch=branch)
    told = stage.commit(work(stage, session, stage.main.tree), parents=[stage.main])
    session.truth.add(told)
    stage.first[branch] = told
    stage.trees.append((root, branch, branch, [told]))


def same_work_twice(stage: Stage) -> None:
    """Two sessions are given the same task in two trees and write the same; one tree is committed."""
    base, block, path = stage.main, code.function(stage.rng), stage.file()
    after = {**base.tree, path: [*base.tree[path], *block]}
    pair = []
    for _ in range(2):
        branch = stage.name("try")
        root = stage.repository.root.parent / f"{stage.repository.root.name}-{branch}"
        session = stage.session("same work in two trees", cwd=root, branch=branch)
        session.edit(stage.pass_time(), path, base.tree[path], after[path])
        pair.append((session, branch, root))
    told = stage.commit(after, parents=[base])
    winner = stage.rng.randrange(2)
    for at, (session, branch, root) in enumerate(pair):
        stage.trees.append((root, branch, branch, [told] if at == winner else []))
        stage.first[branch] = told if at == winner else base
        if at == winner:
            session.truth.add(told)


def nobody_can_tell(stage: Stage) -> None:
    """The same in one tree: a person must look."""
    base, block, path = stage.main, code.function(stage.rng), stage.file()
    after = {**base.tree, path: [*base.tree[path], *block]}
    for _ in range(2):
        session = stage.session("ambiguous")
        session.edit(stage.pass_time(), path, base.tree[path], after[path])
    stage.commit(after)


def small_change(stage: Stage) -> None:
    """One line, replaced."""
    session = stage.session("small change")
    path = stage.file()
    base = stage.main.tree[path]
    own = [at for at, line in enumerate(base) if len(line.strip()) > 20 and not line.startswith("#")]
    at = stage.rng.choice(own)
    after = [*base[:at], code.line(stage.rng), *base[at + 1 :]]
    session.edit(stage.pass_time(), path, base, after)
    session.truth.add(stage.commit({**stage.main.tree, path: after}))


def tweaked(stage: Stage) -> None:
    """A person rewrites a good part of what the session wrote before it is committed."""
    session = stage.session("tweaked by a person")
    path = stage.file()
    base = stage.main.tree[path]
    block = [*code.function(stage.rng), *code.function(stage.rng)]
    session.edit(stage.pass_time(), path, base, [*base, *block])
    kept = [code.line(stage.rng) if stage.rng.random() < 0.4 and line.startswith("    ") else line for line in block]
    session.truth.add(stage.commit({**stage.main.tree, path: [*base, *kept]}))


def mixed(stage: Stage) -> None:
    """A large commit of a person, with a little of the session in it."""
    session = stage.session("mixed commit")
    tree = work(stage, session, stage.main.tree)
    for path in source_files(tree):
        tree[path] = [*tree[path], *(line for _ in range(4) for line in code.function(stage.rng))]
    session.truth.add(stage.commit(tree))


def swept_up(stage: Stage) -> None:
    """A session commits everything there is, another session's work too."""
    one, two = stage.session("commit of another session"), stage.session("commit of another session")
    told = stage.commit(work(stage, two, work(stage, one, stage.main.tree)))
    one.commit(told.at_s + 1, told)
    one.truth.add(told)
    two.truth.add(told)


def redone(stage: Stage) -> None:
    """Thrown away, and written again, the same, by a second session: the first has nothing in history."""
    first, second = stage.session("thrown away and redone"), stage.session("thrown away and redone")
    path, block = stage.file(), code.function(stage.rng)
    base = stage.main.tree[path]
    first.edit(stage.pass_time(), path, base, [*base, *block])
    stage.pass_time(HOUR, 2 * HOUR)
    second.edit(stage.pass_time(), path, base, [*base, *block])
    told = stage.commit({**stage.main.tree, path: [*base, *block]})
    if stage.rng.random() < 0.5:
        second.commit(told.at_s + 1, told)
        second.truth.add(told)
    else:
        second.also.add(told)


def tree_removed(stage: Stage) -> None:
    """The working tree inside the project is removed before anybody looks; its branch is merged by a squash."""
    root = stage.repository.root / ".trees" / stage.name("gone")
    session = stage.session("removed worktree", cwd=root, branch=stage.name("gone"))
    session.truth.add(stage.commit(work(stage, session, stage.main.tree)))


def copied(stage: Stage) -> None:
    """A person copies a session's committed function into another file: the copy is not the session's."""
    session = stage.session("copied later")
    path, block = stage.file(), code.function(stage.rng)
    base = stage.main.tree[path]
    session.edit(stage.pass_time(), path, base, [*base, *block])
    session.truth.add(stage.commit({**stage.main.tree, path: [*base, *block]}))
    other = stage.rng.choice([each for each in source_files(stage.main.tree) if each != path])
    stage.commit({**stage.main.tree, other: [*stage.main.tree[other], *block]})


# Scenes that rewrite what they made.


def amended(stage: Stage) -> None:
    branch = stage.name("amend")
    session = stage.session("amend", branch=branch)
    base = stage.main
    old = stage.commit(work(stage, session, base.tree), parents=[base])
    if stage.rng.random() < 0.6:
        session.commit(old.at_s + 1, old)
    session.before.add(old)
    stage.first[branch] = old
    path = stage.file()
    extra = grown(stage.rng, old.tree[path]) if stage.rng.random() < 0.7 else old.tree[path]
    new = stage.commit({**old.tree, path: extra}, f"{old.subject}, better", [base])
    stage.last[branch] = new
    session.truth.add(new)


def rebased(stage: Stage) -> None:
    branch = stage.name("rebase")
    session = stage.session("rebase", branch=branch)
    base = stage.main
    old = [stage.commit(work(stage, session, base.tree), parents=[base])]
    old.append(stage.commit(work(stage, session, old[0].tree), parents=[old[0]]))
    session.before.update(old)
    stage.first[branch] = old[1]

    def later() -> None:
        onto, below = stage.main, base
        for each in old:
            changed = {path: lines for path, lines in each.tree.items() if lines != below.tree.get(path)}
            onto, below = stage.commit({**onto.tree, **changed}, each.subject, [onto]), each
            session.truth.add(onto)
        stage.last[branch] = onto

    stage.later.append(later)


def squashed(stage: Stage) -> None:
    """Two sessions, three commits, one squash on main; the branch goes."""
    branch = stage.name("squash")
    one, two = stage.session("squash", branch=branch), stage.session("squash", branch=branch)
    base = tip = stage.main
    for session in (one, two, one):
        tip = stage.commit(work(stage, session, tip.tree), parents=[tip])
        session.before.add(tip)
        if stage.rng.random() < 0.3:
            session.commit(tip.at_s + 1, tip)
    stage.first[branch] = tip
    last = tip

    def later() -> None:
        changed = {path: lines for path, lines in last.tree.items() if lines != base.tree.get(path)}
        squash = stage.commit({**stage.main.tree, **changed}, f"{branch} (#12)")
        stage.last[branch] = None
        one.truth.add(squash)
        two.truth.add(squash)

    stage.later.append(later)


def picked(stage: Stage) -> None:
    """Picked onto a release branch: both hold the work."""
    branch, release = stage.name("pick"), stage.name("release")
    session = stage.session("cherry-pick", branch=branch)
    base = stage.main
    told = stage.commit(work(stage, session, base.tree), parents=[base])
    session.truth.add(told)
    stage.first[branch] = told

    def later() -> None:
        changed = {path: lines for path, lines in told.tree.items() if lines != base.tree.get(path)}
        pick = stage.commit({**base.tree, **changed}, told.subject, [base])
        stage.last[release] = pick
        session.truth.add(pick)

    stage.later.append(later)


SCENES: tuple[Callable[[Stage], None], ...] = (
    plain, commands, several_commits, several_sessions, same_file, concurrent, new_files, odd_paths, through_a_link,
    renamed, partial, formatter, formatter_breaks_all, undone, discarded, reverted, moved_later, no_commit, long_after,
    merged, boilerplate, deleted, small_change, tweaked, mixed, swept_up, redone, tree_removed, copied, own_tree,
    same_work_twice, nobody_can_tell, amended, rebased, squashed, picked,
)  # fmt: skip
