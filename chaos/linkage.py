"""How right links are: a labelled corpus of sessions and git histories, linked by the real code, counted by hazard.

Everything is made from one seed: code, histories, sessions, dates. Each project is looked at twice, before and after
its history was rewritten, through a real store and real git. Precision counts every link that is told as sure.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from chaos import plausible_code as code
from chaos.link_scenes import SCENES
from chaos.link_stage import Stage
from chaos.made_repository import MadeRepository
from chaos.told_session import ToldSession
from messages.baseline import KeepRecords, RecordsKept
from messages.records import SessionSeen, Source
from storage.link_reader import LinkReader
from storage.linking.git import Git
from storage.linking.look import Looker
from storage.store import Store

BEGIN_S = 1_780_000_000
SCENES_IN_A_PROJECT = 14
FILES = ("src/app.py", "src/models.py", "src/views.py", "lib/tools.py", "lib/net.py", "tests/test_app.py")


@dataclass
class Counts:
    """What became of the links of one hazard."""

    sessions: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    asked: int = 0
    """Commits that a person is asked about."""

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One session of the corpus, judged after the last look. What is `eligible` and `linked` is 0 or 1."""

    session: str
    tool: str
    hazard: str
    commits: int
    """How many commits are its own by the corpus' label."""
    eligible: int
    """It belongs to commits at all."""
    linked: int
    """It does, and each of them is linked as sure."""
    wrong: int
    """Commits that are linked as sure and are not its own."""


@dataclass
class Linkage:
    """The result of one corpus."""

    seed: int
    by_hazard: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    verdicts: list[Verdict] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def all(self) -> Counts:
        total = Counts()
        for each in self.by_hazard.values():
            for name in ("sessions", "right", "wrong", "missed", "asked"):
                setattr(total, name, getattr(total, name) + getattr(each, name))
        return total


def measure(folder: Path, sessions: int, seed: int = 1) -> Linkage:
    """Make at least so many sessions below an empty folder, link them, and count."""
    result = Linkage(seed)
    rng = Random(seed)
    scenes = _endless(rng)
    number = 0
    while result.all.sessions < sessions:
        stage = _play(folder, number, Random(rng.getrandbits(64)), scenes)
        _judge(folder / f"state{number}", stage, result)
        number += 1
    return result


def _endless(rng: Random) -> Iterator[Any]:
    """Every scene once, in some order, then again."""
    while True:
        scenes = list(SCENES)
        rng.shuffle(scenes)
        yield from scenes


def _play(folder: Path, number: int, rng: Random, scenes: Iterator[Any]) -> Stage:
    repository = MadeRepository(folder / f"project{number}")
    tree = {path: code.module(rng, 3) for path in FILES}
    first = repository.commit(tree, [], BEGIN_S - 40 * 86_400, "Begin")
    stage = Stage(repository, rng, BEGIN_S, first, folder / f"link{number}")
    for _ in range(SCENES_IN_A_PROJECT):
        next(scenes)(stage)
        if rng.random() < 0.5:
            stage.person_commits()
    main = stage.main
    for later in stage.later:
        later()
    stage.last["main"] = stage.main
    repository.write()
    os.symlink(repository.root, stage.linked_path)
    repository.point({**stage.first, "main": main})
    repository.forget_drafts()
    for place in stage.trees:
        repository.tree_at(*place)
    return stage


def _judge(state: Path, stage: Stage, result: Linkage) -> None:
    begun = time.perf_counter()
    _store(state, stage.sessions)
    result.seconds["store"] += time.perf_counter() - begun
    database = state / "capture.sqlite3"
    looker = Looker(database, Git())
    now_ms = stage.now_s * 1000
    with closing(Store(database, run_id="corpus")) as store:
        for names in (None, stage.last):
            if names is not None:
                stage.repository.point(names)
            begun = time.perf_counter()
            for verdicts in looker.round(now_ms, everything=True):
                store.keep_links(verdicts, now_ms)
            result.seconds["first look" if names is None else "second look"] += time.perf_counter() - begun
    with LinkReader(database) as reader:
        for session in stage.sessions:
            _count(reader, session, result)


def _store(state: Path, sessions: list[ToldSession]) -> None:
    with closing(Store(state / "capture.sqlite3", run_id="corpus")) as store:
        sent: Counter[str] = Counter()
        for session in sessions:
            seen = SessionSeen(
                session_id=session.session_id,
                cwd=session.cwd,
                branch=session.branch,
                created_at_ms=session.began_s * 1000,
                frames=1,
            )
            items = tuple(session.items())
            source: Source = "transcript" if session.tool == "claude" else "rollout"
            sent[source] += 1
            message = KeepRecords(
                incarnation=1,
                n=sent[source],
                tool=session.tool,
                source=source,
                received=1 + len(items),
                sessions=(seen,),
                items=items,
            )
            reply = store.keep_records(message, BEGIN_S * 1000).reply
            assert isinstance(reply, RecordsKept), reply


def _count(reader: LinkReader, session: ToldSession, result: Linkage) -> None:
    about = reader.of_session(session.tool, session.session_id)
    told = {link["commit"]: link for link in about["links"]}
    linked = {commit for commit, link in told.items() if link["state"] == "linked"}
    truth = {each.sha for each in session.truth}
    allowed = truth | {each.sha for each in session.also}
    counts = result.by_hazard[session.hazard]
    counts.sessions += 1
    counts.right += len(linked & truth)
    counts.wrong += len(linked - allowed)
    counts.missed += len(truth - linked)
    counts.asked += sum(link["state"] == "needs_review" for link in told.values())
    right, wrong = int(bool(truth) and truth <= linked), len(linked - allowed)
    verdict = Verdict(session.session_id, session.tool, session.hazard, len(truth), int(bool(truth)), right, wrong)
    result.verdicts.append(verdict)
    for commit in sorted(linked - allowed):
        link = told[commit]
        words = (session.hazard, session.session_id, link["subject"], link["method"], link["reason"])
        result.mistakes.append("wrong: " + " | ".join(map(str, words)))
    for commit in sorted(truth - linked):
        state = told.get(commit, {}).get("state", about["reason"])
        result.mistakes.append(f"missed: {session.hazard} | {session.session_id} | {session.shape} | {state}")
