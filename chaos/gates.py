"""Release gates: computed from raw samples that they name, and recomputed by whoever does not believe them.

One table says what is measured, from which samples, and what is enough. The release gates decide; our own targets are
told beside them. A measurement that is missing, too short, too old, of another version, or whose file is not byte for
byte what was written is `no-go: not measured`: silence never passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import orjson

from chaos.drilling import journal, report
from chaos.drilling.experiment import packaged
from chaos.drilling.phases import SPINE
from chaos.drilling.report import BadSamples, Samples

FRESH_DAYS = 30
"""Samples older than this prove nothing about what is released today."""
N_MIN = 20
VERDICT_BYTES_MAX = 4 * 1024 * 1024
LEAVES = ("ingest", "stager", "auth", "sidecar", "facade", "baseline")
Comparison = Literal["<=", ">=", "=="]


class BadVerdict(Exception):
    """A file is no verdict. The text says why."""


Pick = Callable[[Samples], bool]
Measure = Callable[[list[Samples]], tuple[float | None, int]]
"""The value of a metric and how many samples it stands on."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One line of the table."""

    metric: str
    kind: Literal["release", "own"]
    unit: str
    comparison: Comparison
    bound: float
    pick: Pick
    measure: Measure
    says: str
    n_min: int = N_MIN
    lacks: Callable[[list[Samples]], list[str]] | None = None
    """Names what is not measured, where a number alone would not say it."""


def _drill(*parts: str, server: str | None = None, prefix: str = "") -> Pick:
    """Drills about these parts, or whose name begins so."""

    def pick(samples: Samples) -> bool:
        head = samples.head
        return bool(
            "drill" in head
            and str(head["drill"]).startswith(prefix)
            and (not parts or head.get("part") in parts)
            and (server is None or head.get("server") == server)
        )

    return pick


def _measured(name: str, **wanted: str) -> Pick:
    """Samples of a measurement that is no drill."""
    return lambda samples: (
        samples.head.get("measure") == name and all(samples.head.get(key) == value for key, value in wanted.items())
    )


def _p95(phase: str) -> Measure:
    def measure(found: list[Samples]) -> tuple[float | None, int]:
        values = [value for each in found for value in each.phase(phase)]
        return (report.share(values, 0.95) if values else None), len(values)

    return measure


def _sum(name: str) -> Measure:
    def measure(found: list[Samples]) -> tuple[float | None, int]:
        values = [row.get(name) for each in found for row in each.rows]
        if not values or any(not isinstance(value, int) for value in values):
            return None, 0
        return float(sum(value for value in values if isinstance(value, int))), len(values)

    return measure


def _share(part: str, whole: str) -> Measure:
    """Percent: the sum of one field in the sum of another."""

    def measure(found: list[Samples]) -> tuple[float | None, int]:
        rows = [row for each in found for row in each.rows]
        wholes = sum(int(row.get(whole) or 0) for row in rows)
        parts = sum(int(row.get(part) or 0) for row in rows)
        return (100.0 * parts / wholes if wholes else None), len(rows)

    return measure


def _stored(found: list[Samples]) -> tuple[float | None, int]:
    """Percent of what the program itself says it completed that is stored."""
    rows = [row for each in found for row in each.rows if isinstance(row.get("completed"), int)]
    whole = sum(row["completed"] for row in rows)
    return (100.0 * (whole - sum(row["silent_drops"] for row in rows)) / whole if whole else None), len(rows)


def _flawless(found: list[Samples]) -> tuple[float | None, int]:
    """Percent of repetitions without any failure."""
    rows = [row for each in found for row in each.rows]
    return (100.0 * sum(not row.get("failures") for row in rows) / len(rows) if rows else None), len(rows)


SERVERS = ("scripted", "real")
EVERY = tuple((name, server) for name in packaged() for server in SERVERS)
"""Each declared drill on each app-server: a part that nobody broke is a part that nobody knows."""
NAMED_MAX = 8


def _played(found: list[Samples]) -> Counter[tuple[str, str]]:
    """Repetitions of each drill on each server, over all files."""
    played: Counter[tuple[str, str]] = Counter()
    for each in found:
        played[str(each.head.get("drill")), str(each.head.get("server"))] += len(each.rows)
    return played


def _every(found: list[Samples]) -> tuple[float | None, int]:
    """Percent of repetitions without a failure, and how often the drill was repeated that was repeated least."""
    played = _played(found)
    return _flawless(found)[0], min(played[each] for each in EVERY)


def _unplayed(found: list[Samples]) -> list[str]:
    played = _played(found)
    return [f"{name} {server} {played[name, server]} of {N_MIN}" for name, server in EVERY
            if played[name, server] < N_MIN]  # fmt: skip


GATES: tuple[Gate, ...] = (
    Gate("ingest success, Codex", "release", "%", ">=", 95, _measured("ingest", tool="codex"),
         _share("stored", "truth"), "of what the real codex printed and was asked, session by session"),
    Gate("ingest success, Claude Code", "release", "%", ">=", 95, _measured("ingest", tool="claude"),
         _share("stored", "truth"), "of what the real claude printed and was asked, session by session"),
    Gate("linkage", "release", "%", ">=", 90, _measured("linkage"), _share("linked", "eligible"),
         "of the sessions of a labelled corpus that belong to commits", 300),
    Gate("degraded visible, p95", "release", "ms", "<=", 5_000, _drill(), _p95("visible"),
         "fault to the first status at a listener, every drill on a user's deadlines"),
    Gate("MTTR, p95", "release", "ms", "<=", 900_000, _drill(), _p95("active"),
         "fault to HYBRID_ACTIVE, every drill on a user's deadlines"),
    Gate("every drill ends as it says", "release", "%", ">=", 99, lambda samples: "drill" in samples.head, _every,
         "repetitions of every drill there is, each on the scripted and on the real codex", lacks=_unplayed),
    Gate("crash loops contained", "release", "%", "==", 100, _drill(prefix="crash-loop"), _flawless,
         "repetitions in which the third restart was refused and nothing was spawned until a person said so"),
    Gate("stored after faults, Codex", "release", "%", ">=", 95, _drill(server="real"), _stored,
         "of the items in the program's own rollout files, after every drill with the real codex"),
    Gate("silent drops", "release", "items", "==", 0, _drill(), _sum("silent_drops"),
         "items that the program completed and that are neither stored nor named"),
    Gate("degraded visible, p95", "own", "ms", "<=", 100, _drill(prefix="kill"), _p95("visible"),
         "SIGKILL of any part"),
    Gate("a leaf caught up, p95", "own", "ms", "<=", 50, _drill(*LEAVES, prefix="kill", server="scripted"),
         _p95("active"), "SIGKILL of an actor to HYBRID_ACTIVE with the new one"),
    Gate("the real codex caught up, p95", "own", "ms", "<=", 800, _drill("codex", prefix="kill", server="real"),
         _p95("active"), "SIGKILL of codex to HYBRID_ACTIVE in the next generation"),
    Gate("a dead host's processes gone, p95", "own", "ms", "<=", 2_000, _drill("host", prefix="kill"), _p95("noticed"),
         "SIGKILL of the host to the end of everything below it"),
    Gate("the tree answers, p95", "own", "ms", "<=", 500, _drill(*SPINE, prefix="kill"), _p95("restarted"),
         "SIGKILL of supervisor, admin or root to the first actor of the new tree"),
    Gate("orphans", "own", "processes", "==", 0, _drill(), _sum("orphans"), "left after any repetition of any drill"),
)  # fmt: skip
"""What is enough. The release gates are the plan's; the others are our own targets."""


def evaluate(folder: Path, now: datetime | None = None) -> dict[str, Any]:
    """The verdict from every file of raw samples in a folder. A folder without any gives a no-go, not an error."""
    now = now or datetime.now(UTC)
    found, spoiled = _gather(folder)
    told = {kind: [_judge(gate, found, now) for gate in GATES if gate.kind == kind] for kind in ("release", "own")}
    failed = [
        f"{each['metric']}: {each['reason'].removeprefix('no-go: ')}"
        for each in told["release"]
        if each["verdict"] != "go"
    ]
    # Evidence that somebody touched makes all of it doubtful, whatever the rest would say.
    reasons = [*failed, *spoiled]
    return {
        "schema": "1",
        "verdict": "no-go" if reasons else "go",
        "reason": f"no-go: {'; '.join(reasons)}" if reasons else "every release gate is met",
        "evaluated_at": now.isoformat(),
        "version": version(journal.DISTRIBUTION),
        **told,
    }


def _gather(folder: Path) -> tuple[list[Samples], list[str]]:
    """Samples that are what was written, each once, and what is wrong with the others."""
    found: list[Samples] = []
    spoiled: list[str] = []
    known: dict[str, str] = {}
    for path in sorted(folder.glob("*.samples.jsonl")):
        try:
            content = path.read_bytes()
            seal = journal.digest(content)
            if journal.seal_of(path) != seal:
                raise BadSamples(f"{path.name} is not what was written")
            if seal in known:
                raise BadSamples(f"{path.name} is a copy of {known[seal]}: what was measured once counts once")
            known[seal] = path.name
            found.append(report.parse(content, path))
        except OSError as error:
            spoiled.append(f"{path.name} cannot be read: {error.strerror}")
        except BadSamples as error:
            spoiled.append(str(error))
    return found, spoiled


def _judge(gate: Gate, found: Iterable[Samples], now: datetime) -> dict[str, Any]:
    picked = [each for each in found if gate.pick(each)]
    fresh = [each for each in picked if _is_fresh(each, now)]
    value, n = gate.measure(fresh)
    told: dict[str, Any] = {
        "metric": gate.metric, "says": gate.says, "unit": gate.unit, "bound": f"{gate.comparison} {gate.bound:g}",
        "value": None if value is None else round(value, 3), "n": n, "n_min": gate.n_min,
        "window": _window(fresh), "machines": sorted({str(each.head.get("machine")) for each in fresh}),
        "samples": [{"file": each.path.name, "sha256": journal.seal_of(each.path), "rows": len(each.rows)}
                    for each in fresh],
    }  # fmt: skip
    if value is None or n < gate.n_min:
        why = "no samples" if not picked else "only old samples" if not fresh else f"{n} of {gate.n_min} samples"
        if fresh and gate.lacks is not None:
            lacking = gate.lacks(fresh)
            more = f" and {len(lacking) - NAMED_MAX} more" if len(lacking) > NAMED_MAX else ""
            why = f"missing: {', '.join(lacking[:NAMED_MAX])}{more}"
        return {"verdict": "no-go", "reason": f"no-go: not measured ({why})", **told}
    met = {"<=": value <= gate.bound, ">=": value >= gate.bound, "==": value == gate.bound}[gate.comparison]
    return {"verdict": "go" if met else "no-go", "reason": "met" if met else "no-go: measured and not met", **told}


def _is_fresh(samples: Samples, now: datetime) -> bool:
    """Of this version, and not older than FRESH_DAYS. What does not say when it began is not."""
    try:
        began = datetime.fromisoformat(str(samples.head.get("began")))
        age = now - began
    except (ValueError, TypeError):
        return False
    current = samples.head.get("version") == version(journal.DISTRIBUTION)
    return current and timedelta(0) <= age <= timedelta(days=FRESH_DAYS)


def _window(samples: Iterable[Samples]) -> dict[str, str] | None:
    moments = sorted(str(each.head["began"]) for each in samples)
    return {"from": moments[0], "to": moments[-1]} if moments else None


def write(path: Path, verdict: dict[str, Any]) -> None:
    """Errors: OSError."""
    journal.replace(path, orjson.dumps(verdict, option=orjson.OPT_INDENT_2) + b"\n")


def read(path: Path) -> dict[str, Any]:
    """A verdict as it was written. Errors: BadVerdict."""
    try:
        with path.open("rb") as file:
            value = orjson.loads(file.read(VERDICT_BYTES_MAX))
        datetime.fromisoformat(value["evaluated_at"])
    except OSError as error:
        hint = "`hybrid-capture gates evaluate` writes it"
        raise BadVerdict(f"{path} cannot be read: {error.strerror}: {hint}") from None
    except (ValueError, TypeError, KeyError):
        raise BadVerdict(f"{path} is no verdict: `hybrid-capture gates evaluate` writes one") from None
    missing = [key for key in SCHEMA["required"] if key not in value]
    if missing:
        raise BadVerdict(f"{path} is no verdict: it has no {', '.join(missing)}")
    if not all(isinstance(value[kind], list) and all(isinstance(each, dict) for each in value[kind])
               for kind in ("release", "own")):  # fmt: skip
        raise BadVerdict(f"{path} is no verdict: its gates are no list of objects")
    verdict: dict[str, Any] = value
    return verdict


def verify(path: Path, folder: Path) -> list[str]:
    """What differs between a verdict and the one that its samples give; empty when nothing does. Errors: BadVerdict."""
    told = read(path)
    again = evaluate(folder, datetime.fromisoformat(told["evaluated_at"]))
    differences = []
    for kind in ("release", "own"):
        known = {each["metric"]: each for each in again[kind]}
        for each in told[kind]:
            other = known.pop(each.get("metric"), None)
            if other is None:
                differences.append(f"{kind}: there is no gate {each.get('metric')!r}")
                continue
            wrong = sorted(key for key in {*each, *other} if each.get(key) != other.get(key))
            if wrong:
                differences.append(f"{kind}: {each['metric']}: {', '.join(wrong)} do not follow from the samples")
        differences += [f"{kind}: {metric} is missing" for metric in known]
    differences += [f"{key} is not what follows" for key in ("verdict", "reason", "version") if told[key] != again[key]]
    if evaluate(folder)["verdict"] != told["verdict"] and not differences:
        differences.append("the samples are too old by now")
    return differences


SCHEMA: dict[str, Any] = orjson.loads((files("chaos") / "reliability-gates.schema.json").read_bytes())
"""The form of a verdict, as JSON schema; published in the package under this name."""
