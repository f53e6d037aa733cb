"""What a file of measured samples begins with, and where it goes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chaos.drilling.journal import DISTRIBUTION, lines, machine, write_samples

READ_BYTES = 1 << 20


class Window:
    """Begins when it is made: samples say when they were taken."""

    def __init__(self) -> None:
        self.began = datetime.now(UTC)
        self._begun_s = time.monotonic()

    def head(self, measure: str, n: int, **more: Any) -> dict[str, Any]:
        """What the samples belong to, now that the last one was taken."""
        return {
            "measure": measure, **more, "n": n, "version": version(DISTRIBUTION), "machine": machine(),
            "began": self.began.isoformat(), "ended": datetime.now(UTC).isoformat(),
            "seconds": round(time.monotonic() - self._begun_s, 3),
        }  # fmt: skip


def write(out: Path, name: str, head: dict[str, Any], rows: Iterable[dict[str, Any]]) -> Path:
    """Write `NAME.samples.jsonl` and its seal into a folder of results. Errors: OSError."""
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = out / f"{name}.samples.jsonl"
    write_samples(path, lines(head, rows))
    return path


def program(path: Path) -> dict[str, str]:
    """Which program was measured: its file's name and SHA-256. Errors: OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return {"name": path.name, "sha256": digest.hexdigest()}
