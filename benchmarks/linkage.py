"""How right links are, hazard by hazard, and how long linking takes: the whole labelled corpus, three seeds.

    python -m benchmarks.linkage [sessions] [seeds]

Everything is made below a temporary folder with real git. A link counts as wrong when it is told as sure and is not.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import samples
from benchmarks.samples import print_result
from chaos.linkage import Counts, Linkage, measure

WIDTHS = (8, 6, 6, 6, 6, 9, 7)


def rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def row(name: str, each: Counts) -> str:
    cells = (each.sessions, each.right, each.wrong, each.missed, each.asked, rate(each.precision), rate(each.recall))
    return f"{name:30} " + " ".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))


def _shares(found: list[Linkage]) -> tuple[list[float | None], list[float | None]]:
    return [each.all.precision for each in found], [each.all.recall for each in found]


def main(sessions: int, seeds: int) -> None:
    found: list[Linkage] = []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(Path(folder), sessions, seed))
    columns = ("sessions", "right", "wrong", "missed", "asked", "precision", "recall")
    print(f"{'hazard':30} " + " ".join(f"{name:>{width}}" for name, width in zip(columns, WIDTHS, strict=True)))
    total: dict[str, Counter[str]] = {}
    for each in found:
        for hazard, counts in each.by_hazard.items():
            total.setdefault(hazard, Counter()).update(vars(counts))
    for hazard in sorted(total):
        print(row(hazard, Counts(**total[hazard])))
    for each in found:
        print(row(f"all, seed {each.seed}", each.all))
    looks = [each.seconds["first look"] + each.seconds["second look"] for each in found]
    rates = [2 * each.all.sessions / took_s for each, took_s in zip(found, looks, strict=True)]
    for each in found:
        print("\n".join(each.mistakes))
    every = sum((Counter(vars(each.all)) for each in found), Counter[str]())
    right, linked = ([100 * (value or 0) for value in each] for each in _shares(found))
    rows = [
        samples.row("sure links that are right", right, "%", rate=True),
        samples.row("links that were to be found, and were", linked, "%", rate=True),
        samples.row("linking", rates, "sessions/s", rate=True),
    ]
    samples.print_table(rows)
    print_result("linkage", rows, {"all seeds": dict(every), "hazards": len(total)})


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 330, given[1] if len(given) > 1 else 3)
