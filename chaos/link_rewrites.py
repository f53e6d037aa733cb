"""Scenes that rewrite what they made: the old branch stands at the first look, the new one at the second."""

from __future__ import annotations

from chaos.link_stage import Stage, grown, work


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
