"""What happens to a session's work on its way into history: one scene for each hazard, with who truly made what.

A scene plays on a `Stage`. Here are those of one session; `link_crowds.py` has those of several, `link_rewrites.py`
those that rewrite history.
"""

from __future__ import annotations

from collections.abc import Callable

from chaos import plausible_code as code
from chaos.link_crowds import (
    concurrent,
    nobody_can_tell,
    redone,
    same_file,
    same_work_twice,
    several_sessions,
    swept_up,
)
from chaos.link_rewrites import amended, picked, rebased, squashed
from chaos.link_stage import HOUR, Stage, grown, source_files, work


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


SCENES: tuple[Callable[[Stage], None], ...] = (
    plain, commands, several_commits, several_sessions, same_file, concurrent, new_files, odd_paths, through_a_link,
    renamed, partial, formatter, formatter_breaks_all, undone, discarded, reverted, moved_later, no_commit, long_after,
    merged, boilerplate, deleted, small_change, tweaked, mixed, swept_up, redone, tree_removed, copied, own_tree,
    same_work_twice, nobody_can_tell, amended, rebased, squashed, picked,
)  # fmt: skip
