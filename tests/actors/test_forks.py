"""A forked child lets go of what it must not have; where nothing is forked nothing is asked of the system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors import forks

ROOT = Path(__file__).resolve().parents[2]
FAMILY = """
import os
from actors import forks
done = []
forks.in_each_child(lambda: done.append(os.getpid()))
def child(below):
    pid = os.fork()
    if pid == 0:
        left = child(below - 1) if below else 0
        os._exit(left if len(done) == 2 - below and done[-1] == os.getpid() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(child(1), done)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_it_runs_in_the_child_and_in_the_childs_child_and_never_in_who_asked() -> None:
    told = subprocess.run(
        [sys.executable, "-c", FAMILY], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.stdout == "0 []\n", told.stderr


def test_where_there_is_no_fork_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork")
    ran: list[int] = []
    forks.in_each_child(lambda: ran.append(1))
    assert ran == []
