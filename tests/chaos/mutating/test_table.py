"""The list of bugs fits the code it is for: each text is there once, and with its bug the file is still Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.mutating.graft import NotThere, grafted
from chaos.mutating.table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_fits_its_file(mutant: Mutant) -> None:
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    broken = grafted(mutant, source)
    assert broken != source
    compile(broken, mutant.path, "exec")
    assert all((ROOT / path).is_file() for path in mutant.tests)


def test_names_are_unique_and_there_are_enough_of_them() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


def test_a_text_that_is_gone_is_named() -> None:
    gone = Mutant("x", "actors/tree.py", "no such text", "", ())
    with pytest.raises(NotThere, match=r"actors/tree.py: x: its text is there 0 times"):
        grafted(gone, "something else")
