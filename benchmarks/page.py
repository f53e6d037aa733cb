"""The page of results, `docs/benchmarks.md`, from `benchmarks/results/*.json`: nothing in it is written by hand.

`python -m benchmarks --page` writes it from the results that are there. A result is what a benchmark printed last. What
is not there was not measured, and the page says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "growth.svg"

HEAD = """# Benchmarks

Written by `python -m benchmarks` from the results in `benchmarks/results/`; with names behind it, it measures those,
and with `--page` it only writes this page. What counts are the ratios: each stands beside the row of the same run that
it is told against. Absolute figures belong to the machine that is named, and to its load. Of a time, p99 is what 99 of
100 samples stay within; of a rate, what 99 of 100 reach. Where it says *CPU*, it is processor time of the program,
which other work on the machine stretches less than the wall clock. `make peers` installs what others make, below
`.tools/` only; what was not there when a benchmark ran is named below its table.
"""
COLOURS = {"sessions": "#2a78d6", "items": "#1baf7a", "imports": "#b8621b", "files": "#8a4fbf"}
WIDTH, HEIGHT, EDGE = 640, 360, 56
FONT = 'font-family="sans-serif" font-size="12"'


def titles(names: tuple[str, ...]) -> dict[str, str]:
    """What each benchmark says of itself, first sentence first."""
    said = {}
    for name in names:
        text = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        said[name] = text.split('"""')[1].strip().split("\n\n")[0].replace("\n", " ")
    return said


def write(names: tuple[str, ...]) -> None:
    """The page, and the plot beside it."""
    parts = [HEAD]
    missing = []
    for name, title in titles(names).items():
        path = RESULTS / f"{name}.json"
        if not path.exists():
            missing.append(f"`{name}`")
            continue
        result = orjson.loads(path.read_bytes())
        parts.append(f"## {name}\n\n{title}\n\n{_where(result)}\n\n{_body(result)}")
    if missing:
        parts.append(f"## Not measured yet\n\n{', '.join(missing)}.\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def _where(result: Mapping[str, Any]) -> str:
    """Machine, versions, and how long it took."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    took = f", in {result['took_s']:.0f} s" if "took_s" in result else ""
    return f"{result['machine']}; {versions}{took}."


def _body(result: Mapping[str, Any]) -> str:
    parts = [rows_table(result["rows"])] if result["rows"] else []
    parts += [f"Absent here: {each}\n" for each in result["absent"]]
    figures = dict(result["figures"])
    points = figures.pop("points", None)
    if points:
        PLOT.write_text(plot(points), encoding="utf-8")
        parts.append("![CPU seconds by the number of pieces, both logarithmic](growth.svg)\n")
        parts += [f"### {kind}\n\n{_table(each)}" for kind, each in points.items()]
    if figures:
        rows = [f"| {what} | {value} |" for what, value in _flat(figures)]
        parts.append("\n".join(["| beside it | |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def rows_table(rows: list[dict[str, Any]]) -> str:
    """One line for each thing measured; where no ratio is told there is nothing to tell it against."""
    head = "| what | n | median | p99 | unit | ratio |\n|---|---:|---:|---:|---|---:|"
    lines = [
        f"| {each['what']} | {each['n']:,} | {_shown(each['median'])} | {_shown(each['p99'])} | {each['unit']} | "
        f"{_shown(each['ratio']) if 'ratio' in each else ''} |"
        for each in rows
    ]
    return "\n".join([head, *lines, ""])


def _table(points: list[dict[str, Any]]) -> str:
    names = list(points[0])
    rows = ["| " + " | ".join(_shown(one.get(name)) for name in names) + " |" for one in points]
    return "\n".join(["| " + " | ".join(names) + " |", "|" + "---|" * len(names), *rows, ""])


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every figure with the names that lead to it."""
    for name, one in value.items():
        path = f"{before} {name}".strip()
        if isinstance(one, dict):
            yield from _flat(one, path)
        elif isinstance(one, list):
            yield path, ", ".join(_shown(each) for each in one[:8]) + (" …" if len(one) > 8 else "")
        else:
            yield path, _shown(one)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def plot(points: Mapping[str, list[dict[str, Any]]]) -> str:
    """CPU seconds over the number of pieces; a straight line of slope one is a cost that does not grow per piece."""
    every = [one for each in points.values() for one in each]
    xs = [math.log10(one["count"]) for one in every]
    ys = [math.log10(max(one["cpu_s"], 1e-3)) for one in every]
    left, right = math.floor(min(xs)), max(math.ceil(max(xs)), math.floor(min(xs)) + 1)
    low, high = math.floor(min(ys)), max(math.ceil(max(ys)), math.floor(min(ys)) + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        across = EDGE + (x - left) / (right - left) * (WIDTH - 2 * EDGE)
        return round(across, 1), round(HEIGHT - EDGE - (y - low) / (high - low) * (HEIGHT - 2 * EDGE), 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for x in range(left, right + 1):
        a, b = at(x, low), at(x, high)
        out.append(f'<line x1="{a[0]}" y1="{a[1]}" x2="{b[0]}" y2="{b[1]}" stroke="#ddd"/>')
        out.append(f'<text x="{a[0]}" y="{a[1] + 18}" text-anchor="middle" fill="#444">{10**x:,}</text>')
    for y in range(low, high + 1):
        a, b = at(left, y), at(right, y)
        out.append(f'<line x1="{a[0]}" y1="{a[1]}" x2="{b[0]}" y2="{b[1]}" stroke="#ddd"/>')
        out.append(f'<text x="{a[0] - 6}" y="{a[1] + 4}" text-anchor="end" fill="#444">{10.0**y:g} s</text>')
    for number, (kind, each) in enumerate(points.items()):
        colour = COLOURS.get(kind, "#555")
        dots = [at(math.log10(one["count"]), math.log10(max(one["cpu_s"], 1e-3))) for one in each]
        line = " ".join(f"{x},{y}" for x, y in dots)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in dots]
        out.append(f'<text x="{EDGE + 10 + 90 * number}" y="24" fill="{colour}">{kind}</text>')
    return "\n".join([*out, "</svg>", ""])
