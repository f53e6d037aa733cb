"""Goes through the bugs, one process each, and tells who saw them. A bug that nobody sees is a hole in the net."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.mutating.graft import graft
from chaos.mutating.table import MUTANTS, Mutant

SEEDS = 60
"""Simulations that look for one bug."""
SECONDS = 15.0
"""Of processor time: a busy machine hides no bug."""
DEADLINE_S = 150.0
"""A bug may hang everything: that is seen, too."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one bug."""

    name: str
    by: str
    """`simulation`, `tests`, `deadline`, or empty: nobody saw it."""
    text: str
    seconds: float


def hunt(mutants: Iterable[Mutant] = MUTANTS, jobs: int | None = None) -> Iterator[Verdict]:
    """Every bug, `jobs` at a time, told in the order of the list."""
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        yield from pool.map(_in_its_own_process, mutants)


def _in_its_own_process(mutant: Mutant) -> Verdict:
    began = time.monotonic()
    command = [sys.executable, "-m", "chaos.mutating", "--one", mutant.name]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    except subprocess.TimeoutExpired:
        return Verdict(mutant.name, "deadline", f"everything hung for {DEADLINE_S:.0f} s", time.monotonic() - began)
    told = ran.stdout.strip().splitlines()[-1:] or [""]
    try:
        by, text = json.loads(told[0])
    except ValueError:
        return Verdict(
            mutant.name, "", f"the hunt itself failed: {ran.stderr.strip()[-400:]}", time.monotonic() - began
        )
    return Verdict(mutant.name, by, text, time.monotonic() - began)


def one(mutant: Mutant) -> tuple[str, str]:
    """Put this bug in and look for it, in this very process. Gives who saw it and what was seen."""
    graft(mutant)
    hunters = [simulate, test] if mutant.first == "simulation" else [test, simulate]
    for hunter in hunters:
        seen = hunter(mutant)
        if seen:
            return ("simulation" if hunter is simulate else "tests"), seen
    return "", ""


def simulate(mutant: Mutant) -> str:
    """What the simulation sees of it."""
    from chaos.simulation import search

    try:
        for found in search(range(SEEDS), SECONDS, timer=time.process_time):
            if found.failed:
                first = found.failed[0]
                return f"seed {first.plan.seed}: {first.problem}"
    except Exception as error:  # noqa: BLE001  the bug reached the stage itself
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def test(mutant: Mutant) -> str:
    """Which of its file's tests fail."""
    if not mutant.tests:
        return ""
    import pytest

    class Failures:
        names: list[str] = []

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                self.names.append(report.nodeid.rpartition("::")[2])

    seen = Failures()
    silent = ["-q", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        before, sys.stdout = sys.stdout, nowhere
        try:
            code = pytest.main([*silent, *mutant.tests], plugins=[seen])
        finally:
            sys.stdout = before
    return "" if code == 0 else (seen.names or [f"pytest ended with {int(code)}"])[0]


def main(arguments: Sequence[str]) -> int:
    """`--one NAME` hunts in this process; otherwise all, or those whose names are given. Exit code 1: one survived.

    `--quick`: only those that the simulation should see. What tests of a file see, they see in every run of the tests.
    """
    known = {mutant.name: mutant for mutant in MUTANTS}
    if list(arguments[:1]) == ["--one"]:
        sys.stdout.write(f"{json.dumps(one(known[arguments[1]]))}\n")
        return 0
    as_json = "--json" in arguments
    quick = "--quick" in arguments
    wanted = [name for name in arguments if not name.startswith("--")]
    wanted = wanted or [name for name, each in known.items() if not quick or each.first == "simulation"]
    began = time.monotonic()
    verdicts = []
    for verdict in hunt([known[name] for name in wanted]):
        verdicts.append(verdict)
        line = json.dumps(asdict(verdict)) if as_json else _line(verdict)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    caught = [verdict for verdict in verdicts if verdict.by]
    by = {who: sum(each.by == who for each in caught) for who in ("simulation", "tests", "deadline")}
    shares = ", ".join(f"{count} by the {who}" for who, count in by.items() if count)
    seconds = time.monotonic() - began
    if not as_json:
        sys.stdout.write(f"{len(caught)} of {len(verdicts)} bugs were seen ({shares}) in {seconds:.0f} s\n")
    return 0 if len(caught) == len(verdicts) else 1


def _line(verdict: Verdict) -> str:
    return f"{verdict.by or 'SURVIVED':<11} {verdict.seconds:5.1f} s  {verdict.name}: {verdict.text}"
