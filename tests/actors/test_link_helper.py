"""A process that looks at git and hangs does not stay."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from actors.link_helper import HUNG_MS, LinkHelper
from storage.linking.verdict import Verdict
from tests.storage.linking.repository import Repository, patched
from tests.storage.story import Stream, open_store, thread


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[LinkHelper]:
    repository = Repository(tmp_path / "r")
    with closing(open_store(tmp_path / "state")) as store:
        Stream(store).send(1, sessions=[thread(cwd=str(repository.root))], items=[patched("a.py", "+x = 1")])
        made = LinkHelper(str(tmp_path / "state" / "capture.sqlite3"))
        yield made
        made.stop()


def process_of(helper: LinkHelper) -> psutil.Process:
    """The child whose standard output is the pipe that is read; one that has ended has none."""
    pipe = os.fstat(helper.watched()[0]).st_ino
    for each in psutil.Process().children():
        with suppress(FileNotFoundError):
            if os.stat(f"/proc/{each.pid}/fd/1").st_ino == pipe:
                return each
    pytest.fail("no child says anything")


def test_one_that_gives_no_sign_of_life_is_killed_and_another_looks(helper: LinkHelper) -> None:
    helper.poke(0)
    stuck = process_of(helper)
    stuck.send_signal(signal.SIGSTOP)
    assert helper.replace_hung(HUNG_MS - 1) is None
    assert helper.replace_hung(HUNG_MS) == stuck.pid
    assert psutil.wait_procs([stuck], timeout=30)[0] == [stuck], "killed"
    assert helper.running
    found: list[Verdict] = []
    while not found:
        assert select.select(helper.watched(), [], [], 30)[0], "the other one said nothing"
        found = helper.read(HUNG_MS + 5)
    assert found[0].session_row == 1
    assert helper.replace_hung(HUNG_MS + 5 + HUNG_MS - 1) is None, "a word is a sign of life"


def test_without_a_process_nothing_hangs(helper: LinkHelper) -> None:
    assert helper.replace_hung(10 * HUNG_MS) is None
    assert not helper.running
