"""Scenes with more than one session at work on the same thing: which of them made what."""

from __future__ import annotations

from chaos import plausible_code as code
from chaos.link_stage import HOUR, Stage, work


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
