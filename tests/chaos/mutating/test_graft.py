"""A bug is in the code of the process that asked for it, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from actors.machines.restarts import RestartWindow
from chaos.mutating.graft import graft
from chaos.mutating.table import MUTANTS
from messages.settings import Timing

ROOT = Path(__file__).resolve().parents[3]
LOOK = """
import sys
from chaos.mutating.graft import graft
from chaos.mutating.table import MUTANTS
graft(next(each for each in MUTANTS if each.name == "count the 60,000th ms as inside"))
from actors.machines.restarts import RestartWindow
from messages.settings import Timing
print(RestartWindow((0,)).recent(60_000, Timing()))
"""


def test_a_bug_is_in_the_process_that_asked_for_it() -> None:
    ran = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert ran.stdout == "(0,)\n"
    assert RestartWindow((0,)).recent(60_000, Timing()) == ()


def test_what_was_imported_before_cannot_get_its_bug() -> None:
    edge = next(each for each in MUTANTS if each.name == "count the 60,000th ms as inside")
    with pytest.raises(AssertionError, match="was imported without its bug"):
        graft(edge)
