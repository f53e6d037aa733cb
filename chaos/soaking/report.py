"""What a soak came to: figures and slopes for a terminal and for programs, and a page with everything over time.

A slope is the least-squares line through the second half: what is warm by then and still grows, leaks.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from chaos.drilling.journal import DISTRIBUTION, machine
from chaos.drilling.report import figures
from chaos.soaking.gauges import Gauge
from chaos.soaking.soak import Soaked
from hybrid_capture.console import Screen

WIDTH, HEIGHT, LEFT = 720, 120, 60
POINTS_MAX = 1_000
"""Points of one plot; more are thinned out."""
MEASURES: tuple[tuple[str, str, Callable[[Gauge], float]], ...] = (
    ("memory", "MiB", lambda each: each.memory_mib),
    ("descriptors", "", lambda each: each.descriptors),
    ("processes", "", lambda each: each.processes),
    ("database", "MiB", lambda each: each.database_mib),
    ("write-ahead log", "MiB", lambda each: each.log_mib),
    ("rows", "", lambda each: each.rows),
)
Point = tuple[float, float]


def slope(points: Sequence[Point]) -> float | None:
    """What the second value grows by per hour, from points of (s, value); None for fewer than three moments."""
    if len({at for at, _ in points}) < 3:
        return None
    n = len(points)
    mean_at, mean = sum(at for at, _ in points) / n, sum(value for _, value in points) / n
    spread = sum((at - mean_at) ** 2 for at, _ in points)
    return 3600 * sum((at - mean_at) * (value - mean) for at, value in points) / spread


def later_half(points: Sequence[Point]) -> list[Point]:
    middle = points[-1][0] / 2 if points else 0.0
    return [point for point in points if point[0] >= middle]


def summary(done: Soaked) -> dict[str, Any]:
    """Everything as one object."""
    from importlib.metadata import version

    by_kind: dict[str, list[float]] = defaultdict(list)
    for fault in done.faults:
        by_kind[fault.kind].extend([] if fault.healthy_ms is None else [fault.healthy_ms])
    parts = {name for each in done.gauges for name in each.memory_by_part_mib}
    quarters = _quarters(done)
    return {
        "soak": "1", "hours": done.hours, "seconds": round(done.seconds, 1), "seed": done.seed, "server": done.server,
        "version": version(DISTRIBUTION), "machine": machine(), "began": done.began.isoformat(),
        "interrupted": done.interrupted, "failures": done.failures,
        "measures": {name: _measured(_points(done, value), unit) for name, unit, value in MEASURES},
        "memory_by_part": {
            name: _measured([(each.at_s, each.memory_by_part_mib.get(name, 0.0)) for each in done.gauges], "MiB")
            for name in sorted(parts)
        },
        "latency": {"all": figures([took for _, took in done.turns]), "by_quarter": quarters},
        "turns": done.outcomes, "traffic": done.traffic,
        "faults": {kind: figures(values) for kind, values in sorted(by_kind.items())},
        "samples": {
            "gauges": [asdict(each) for each in done.gauges], "faults": [asdict(each) for each in done.faults],
            "turns": done.turns,
        },
    }  # fmt: skip


def _points(done: Soaked, value: Callable[[Gauge], float]) -> list[Point]:
    return [(each.at_s, float(value(each))) for each in done.gauges]


def _measured(points: Sequence[Point], unit: str) -> dict[str, Any]:
    values = [value for _, value in points]
    grows = slope(later_half(points))
    return {
        "unit": unit, "first": values[0] if values else None, "last": values[-1] if values else None,
        "max": max(values, default=None), "slope_per_hour": None if grows is None else round(grows, 2),
    }  # fmt: skip


def _quarters(done: Soaked) -> list[dict[str, Any]]:
    """Latency of live turns in each quarter of the time: whether it creeps."""
    length = max(done.seconds / 4, 1e-9)
    quarters: list[list[float]] = [[], [], [], []]
    for at_s, took_ms in done.turns:
        quarters[min(3, int(at_s / length))].append(took_ms)
    return [figures(values) for values in quarters]


def tell(told: dict[str, Any], screen: Screen) -> None:
    """Tables for a person; for a program the whole object."""
    screen.record(told)
    rows = []
    for name, each in [*told["measures"].items(), *((f"  {k}", v) for k, v in told["memory_by_part"].items())]:
        grows = "-" if each["slope_per_hour"] is None else f"{each['slope_per_hour']:+g} {each['unit']}/h"
        rows.append([name, *(f"{each[key]:g} {each['unit']}" for key in ("first", "last", "max")), grows])
    screen.table(["measure", "first", "last", "max", "slope, second half"], rows)
    quarters = [_shown(each) for each in told["latency"]["by_quarter"]]
    screen.table(["live turns until durable", "1st", "2nd", "3rd", "4th quarter"], [["median / p95, ms", *quarters]])
    faults = [[kind, str(each["n"]), _shown(each)] for kind, each in told["faults"].items()]
    screen.table(["fault", "n", "to HYBRID_ACTIVE: median / p95, ms"], faults)
    screen.say(f"{told['seconds']:g} s; turns {told['turns']}; traffic {told['traffic']}", "dim")
    for failure in told["failures"]:
        screen.say(f"FAILED: {failure}", "red")
    if not told["failures"]:
        screen.say("everything that was written and said is stored, once; the books balance", "bold")


def _shown(each: dict[str, Any]) -> str:
    return "-" if not each["n"] else f"{each['median_ms']:g} / {each['p95_ms']:g}"


def page(told: dict[str, Any]) -> str:
    """A page that stands by itself: no script, no address outside it."""
    gauges, faults = told["samples"]["gauges"], told["samples"]["faults"]
    marks = [each["at_s"] for each in faults]
    keys = ("memory_mib", "descriptors", "processes", "database_mib", "log_mib", "rows")
    plots = [
        (f"{name}, {unit}" if unit else name, [(each["at_s"], each[key]) for each in gauges])
        for (name, unit, _), key in zip(MEASURES, keys, strict=True)
    ]
    plots.append(("live turns until durable, ms", [(at_s, took_ms) for at_s, took_ms in told["samples"]["turns"]]))
    about = f"{told['seconds']:g} s, seed {told['seed']}, {told['server']} app-server, {told['machine']}"
    verdict = "; ".join(told["failures"]) or "everything is stored, once; the books balance"
    rows = "".join(
        f"<tr><td>{html.escape(kind)}</td><td>{each['n']}</td><td>{_shown(each)}</td></tr>"
        for kind, each in told["faults"].items()
    )
    return "\n".join(
        [
            _HEAD, "<h1>Soak</h1>", f"<p>{html.escape(about)}, version {html.escape(told['version'])}</p>",
            f"<p><strong>{html.escape(verdict)}</strong></p>", "<p>Dotted lines are faults.</p>",
            *(_plot(title, points, marks) for title, points in plots),
            f"<h2>Faults</h2><table><tr><th>fault</th><th>n</th><th>median / p95, ms</th></tr>{rows}</table>",
            "</body></html>\n",
        ]
    )  # fmt: skip


def _plot(title: str, points: Sequence[Point], marks: Sequence[float]) -> str:
    points = points[:: max(1, -(-len(points) // POINTS_MAX))]
    if len(points) < 2:
        return f"<h2>{html.escape(title)}</h2><p>Not measured.</p>"
    longest, highest = points[-1][0] or 1.0, max(value for _, value in points) or 1.0

    def x(at_s: float) -> float:
        return LEFT + at_s / longest * (WIDTH - LEFT - 10)

    line = " ".join(f"{x(at_s):.1f},{HEIGHT - value / highest * (HEIGHT - 20):.1f}" for at_s, value in points)
    faults = "".join(f'<line x1="{x(at):.1f}" y1="10" x2="{x(at):.1f}" y2="{HEIGHT}" class="fault"/>' for at in marks)
    label = html.escape(f"{title}: from {points[0][1]:g} to {points[-1][1]:g}, at most {highest:g}")
    return (
        f'<h2>{html.escape(title)}</h2><svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT + 20}" '
        f'width="{WIDTH}">{faults}<polyline points="{line}" class="line"/>'
        f'<text x="{LEFT - 6}" y="24" class="label">{highest:g}</text><text x="{LEFT - 6}" y="{HEIGHT}" '
        f'class="label">0</text><text x="{WIDTH - 10}" y="{HEIGHT + 14}" class="label">{longest:.0f} s</text></svg>'
    )


_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Soak</title><style>
:root { color-scheme: light dark } body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 48rem }
h2 { font-size: 1rem } table { border-collapse: collapse } th, td { padding: .2rem .6rem; text-align: left }
.line { fill: none; stroke: #3f7fd0; stroke-width: 1.5 } .fault { stroke: #d08a00; stroke-dasharray: 2 3 }
.label { font-size: 10px; text-anchor: end; fill: currentColor } svg { max-width: 100% }
</style></head><body>"""
