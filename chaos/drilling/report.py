"""Results of drills for people and programs: a table, JSON, and a page with distributions and timelines.

Everything is computed from files of raw samples; a figure that nobody measured is `not observed`, never 0.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from chaos.drilling.phases import NAMES
from hybrid_capture.console import Screen

SAMPLES_BYTES_MAX = 64 * 1024 * 1024
WIDTH, ROW, LEFT = 720, 16, 120
COLOURS = dict(zip(NAMES, ("#7a7a7a", "#d08a00", "#9a5fd0", "#3f7fd0", "#2f9a5f", "#1f6f4f"), strict=True))


class BadSamples(Exception):
    """A file holds no raw samples. The text names it and the place."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A file of raw samples."""

    path: Path
    head: dict[str, Any]
    rows: tuple[dict[str, Any], ...]

    def phase(self, name: str) -> list[float]:
        """What was observed of one phase, in ms."""
        values = (row.get("phases", {}).get(name) for row in self.rows)
        return [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]

    @property
    def failed(self) -> int:
        return sum(bool(row.get("failures")) for row in self.rows)


def read(path: Path) -> Samples:
    """Errors: BadSamples."""
    try:
        with path.open("rb") as file:
            content = file.read(SAMPLES_BYTES_MAX + 1)
    except OSError as error:
        raise BadSamples(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > SAMPLES_BYTES_MAX:
        raise BadSamples(f"{path} is larger than {SAMPLES_BYTES_MAX} bytes")
    return parse(content, path)


def parse(content: bytes, path: Path) -> Samples:
    """Raw samples from their bytes. Errors: BadSamples."""
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise BadSamples(f"{path}: line {number} is not a JSON object")
        found.append(value)
    if not found or found[0].get("samples") != "1":
        raise BadSamples(f"{path}: the first line does not say what the samples belong to")
    return Samples(path, found[0], tuple(found[1:]))


def share(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of them lie: nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(part * 1000) * len(ordered) // 1000) - 1))]


def figures(values: Sequence[float]) -> dict[str, Any]:
    """Count, median, p95 and maximum in ms; None for all when nothing was observed."""
    if not values:
        return {"n": 0, "median_ms": None, "p95_ms": None, "max_ms": None}
    shares = {"median_ms": median(values), "p95_ms": share(values, 0.95), "max_ms": max(values)}
    return {"n": len(values), **{name: round(value, 1) for name, value in shares.items()}}


def gather(folder: Path) -> list[Samples]:
    """Every drill's samples in a folder of results, by name. Errors: BadSamples when there is none."""
    found = [read(path) for path in sorted(folder.glob("*.samples.jsonl"))]
    drills = [each for each in found if "drill" in each.head]
    if not drills:
        raise BadSamples(f"{folder} holds no samples of a drill: run `hybrid-capture drill run` first")
    return drills


def summary(each: Samples) -> dict[str, Any]:
    """One drill as an object: figures of each phase, and what each repetition measured, for plots."""
    about = ("drill", "part", "server", "timing", "ends", "seed", "version", "machine", "began")
    return {
        **{name: each.head.get(name) for name in about},
        "n": len(each.rows),
        "failed": each.failed,
        "silent_drops": sum(row.get("silent_drops") or 0 for row in each.rows),
        "phases": {name: figures(each.phase(name)) for name in NAMES},
        "repetitions": [row.get("phases", {}) for row in each.rows],
    }


def tell(drills: Iterable[Samples], screen: Screen) -> None:
    """A table for a person, one line for a program."""
    told = [summary(each) for each in drills]
    screen.record({"drills": told})
    rows = []
    for one in told:
        cells = [f"{one['drill']} ({one['server']})", str(one["n"]), str(one["failed"]) if one["failed"] else "-"]
        for name in NAMES:
            phase = one["phases"][name]
            cells.append("not observed" if not phase["n"] else f"{phase['median_ms']:.0f} / {phase['p95_ms']:.0f}")
        rows.append(cells)
    screen.table(["drill", "n", "failed", *NAMES], rows)
    screen.say("ms from the fault: median / p95", "dim")


def page(drills: Sequence[Samples]) -> str:
    """A page that stands by itself: no script, no address outside it."""
    parts = [_PAGE_HEAD, "<h1>Drills</h1>", _table(drills)]
    for each in drills:
        name = html.escape(f"{each.head.get('drill')} ({each.head.get('server')})")
        parts += [f"<h2>{name}</h2>", f"<p>{html.escape(_about(each))}</p>", _timeline(each)]
    return "\n".join([*parts, "</body></html>\n"])


def _about(each: Samples) -> str:
    head = each.head
    return f"n {len(each.rows)}, seed {head.get('seed')}, {head.get('machine')}, version {head.get('version')}"


def _table(drills: Sequence[Samples]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("drill", "n", "failed", *(f"{name}, ms" for name in NAMES)))
    rows = []
    for each in drills:
        one = summary(each)
        cells = [html.escape(f"{one['drill']} ({one['server']})"), str(one["n"]), str(one["failed"])]
        for name in NAMES:
            phase = one["phases"][name]
            text = "not observed" if not phase["n"] else f"{phase['median_ms']:g} · p95 {phase['p95_ms']:g}"
            cells.append(text)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _timeline(each: Samples) -> str:
    """A line per repetition, a mark per phase; below it how each phase spreads."""
    longest = max((value for name in NAMES for value in each.phase(name)), default=0.0)
    if not longest:
        return "<p>No phase was observed: nothing was to be noticed.</p>"
    scale = (WIDTH - LEFT - 20) / longest
    marks = []
    for number, row in enumerate(each.rows):
        y = ROW * (number + 1)
        marks.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - 20}" y2="{y}" class="axis"/>')
        marks.append(f'<text x="{LEFT - 8}" y="{y + 4}" class="label">{number + 1}</text>')
        for name in NAMES:
            value = row.get("phases", {}).get(name)
            if isinstance(value, int | float):
                x = LEFT + value * scale
                title = f"<title>{name} {value:.1f} ms</title>"
                marks.append(f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{COLOURS[name]}">{title}</circle>')
    height = ROW * (len(each.rows) + 2)
    legend = " ".join(f'<span style="color:{colour}">● {name}</span>' for name, colour in COLOURS.items())
    title = html.escape(f"Timeline of {each.head.get('drill')}, 0 to {longest:.0f} ms")
    return (
        f'<svg role="img" aria-label="{title}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">{"".join(marks)}'
        f'<text x="{WIDTH - 20}" y="{height - 4}" class="label">{longest:.0f} ms</text></svg><p>{legend}</p>'
    )


_PAGE_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Drills</title><style>
:root { color-scheme: light dark } body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem }
table { border-collapse: collapse } th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #8884 }
.axis { stroke: #8884 } .label { font-size: 10px; text-anchor: end; fill: currentColor } svg { max-width: 100% }
</style></head><body>"""
