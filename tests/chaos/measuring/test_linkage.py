"""Linkage samples say of each session of the corpus what belongs to it and whether all of that was linked."""

from __future__ import annotations

from pathlib import Path

from chaos.drilling import report
from chaos.gates import GATES
from chaos.measuring.linkage import linkage


def test_a_corpus_is_measured_session_by_session_and_the_gate_reads_the_same_rate_from_the_file(tmp_path: Path) -> None:
    path, verdicts = linkage(tmp_path, sessions=15, seed=9)
    found = report.read(path)
    assert len(found.rows) == len(verdicts) >= 15
    assert (found.head["measure"], found.head["seed"], found.head["n"]) == ("linkage", 9, len(verdicts))
    eligible = [each for each in verdicts if each.eligible]
    assert 0 < len(eligible) < len(verdicts), "some sessions of the corpus belong to no commit"
    assert all(each.commits and each.wrong == 0 for each in eligible)
    [gate] = [each for each in GATES if each.metric == "linkage"]
    assert gate.pick(found)
    assert gate.measure([found]) == (100 * sum(each.linked for each in eligible) / len(eligible), len(verdicts))
