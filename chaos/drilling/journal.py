"""What a drill came to, in Chaos Toolkit's journal form, with the raw samples beside it."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from chaos.drilling.running import Played

DISTRIBUTION = "hybrid-capture"


def journal(played: Played) -> dict[str, Any]:
    """One journal for all repetitions of a drill; the samples have their own file."""
    runs = played.repetitions
    ended = played.ended or played.began
    return {
        "chaoslib-version": "1.0",
        "platform": platform.platform(),
        "node": "localhost",
        "experiment": played.experiment.document(),
        "start": played.began.isoformat(),
        "end": ended.isoformat(),
        "duration": (ended - played.began).total_seconds(),
        "status": "interrupted" if played.interrupted else "completed" if played.ok else "failed",
        "deviated": any("steady state after" in text for each in runs for text in each.failures),
        "steady_states": {
            when: {"steady_state_met": all(each.steady.get(when, {}).get("steady_state_met", False) for each in runs)}
            for when in ("before", "after")
        },
        "run": [{**event, "repetition": each.number} for each in runs for event in each.events],
        "rollbacks": [{**event, "repetition": each.number} for each in runs for event in each.rollbacks],
        DISTRIBUTION: {**about(played), "samples": [each.sample() for each in runs]},
    }


def about(played: Played) -> dict[str, Any]:
    """What samples belong to: without it a figure says nothing."""
    return {
        "drill": played.name,
        "part": played.experiment.ours.part,
        "ends": played.experiment.ours.ends,
        "timing": played.experiment.ours.timing,
        "server": played.server,
        "seed": played.seed,
        "version": version(DISTRIBUTION),
        "machine": machine(),
        "began": played.began.isoformat(),
        "n": len(played.repetitions),
    }


def machine() -> str:
    """The machine that was measured on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write(folder: Path, played: Played) -> tuple[Path, Path]:
    """Write journal and raw samples of a drill into a folder of results; gives both paths. Errors: OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = f"{played.name}-{played.server}"
    journal_path, samples_path = folder / f"{stem}.journal.json", folder / f"{stem}.samples.jsonl"
    write_samples(samples_path, samples(played))
    replace(journal_path, orjson.dumps(journal(played), default=str, option=orjson.OPT_INDENT_2) + b"\n")
    return journal_path, samples_path


def write_samples(path: Path, content: bytes) -> None:
    """A file of raw samples and its seal beside it: the digest by which a gate knows that nobody touched it."""
    replace(path, content)
    replace(_seal(path), digest(content).encode() + b"\n")


def seal_of(path: Path) -> str | None:
    """The digest that was written with a file of samples; None when there is none."""
    try:
        return _seal(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _seal(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def samples(played: Played) -> bytes:
    """Raw samples: the first line says what they belong to, each further line is one repetition."""
    return lines(about(played), (each.sample() for each in played.repetitions))


def lines(head: dict[str, Any], rows: Iterable[dict[str, Any]]) -> bytes:
    """A file of raw samples."""
    return b"".join(orjson.dumps(each) + b"\n" for each in ({"samples": "1", **head}, *rows))


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for its owner alone."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def digest(content: bytes) -> str:
    """SHA-256 in hex, as gates name a file of samples by."""
    return hashlib.sha256(content).hexdigest()
