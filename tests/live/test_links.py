"""A commit that somebody makes after a turn is linked by itself, while capture runs."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from tests.live.conftest import Build
from tests.live.house import ENDED_S, House, gone, runs
from tests.storage.linking.repository import Repository

pytestmark = pytest.mark.live

LINKED = """SELECT l."commit", l.state, l.method FROM links l"""
LOOKED = "SELECT state, reason FROM link_states WHERE looked_revision = revision"


def commit_now(repository: Repository) -> str:
    """What the scripted session patched, committed by a person."""
    (repository.root / "patched.txt").write_text("line one\nline two\n")
    repository.git("add", "-A")
    repository.git("-c", "user.name=p", "-c", "user.email=p@x", "commit", "-q", "-m", "By hand", at_s=10**8)
    return repository.git("rev-parse", "HEAD")


def helper_of(house: House) -> psutil.Process:
    ingest = next(each["pid"] for each in house.runtime.status()["actors"] if each["name"] == "ingest")
    return next(each for each in psutil.Process(ingest).children() if runs(each, "actors.link_rounds"))


def test_a_commit_made_after_the_turn_is_linked_by_itself(build: Build, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "project")
    repository.commit("base", 0, {"README": "a project\n"})
    with build(cwd=repository.root) as house:
        house.active()
        house.turn(house.thread(), "SCN:patch:approve")
        (looked,) = house.until_rows(LOOKED, bool)
        assert looked[0] == "unlinked"
        sha = commit_now(repository)
        assert house.until_rows(LINKED, bool) == [(sha, "linked", "hunks")]

        # The process that looks is nobody's loss: it comes again, and goes with its ingest.
        helper = helper_of(house)
        house.kill("ingest", signal.SIGKILL)
        assert gone({helper}, ENDED_S)
        house.until_status(lambda s: s["mode"] == "HYBRID_ACTIVE", "capture again")
        everything = house.everything()
    assert gone(everything, ENDED_S)


def test_looking_at_git_can_be_switched_off(build: Build, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "project")
    with build(cwd=repository.root, links=False) as house:
        house.active()
        house.turn(house.thread(), "SCN:patch:approve")
        house.until_rows("SELECT revision, looked_revision FROM link_states", bool)
        assert house.rows(LOOKED) == []
        with pytest.raises(StopIteration):
            helper_of(house)
