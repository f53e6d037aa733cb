"""Linkage of a labelled corpus as raw samples: one row per session, with what belongs to it and what was linked."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from chaos.linkage import Verdict, measure
from chaos.measuring import samples
from chaos.measuring.samples import Window


def linkage(out: Path, sessions: int, seed: int) -> tuple[Path, list[Verdict]]:
    """Make at least so many sessions and histories, link them, write the samples. Errors: OSError."""
    window = Window()
    with tempfile.TemporaryDirectory(prefix="hc-linkage-") as folder:
        verdicts = measure(Path(folder), sessions, seed).verdicts
    head = window.head("linkage", len(verdicts), seed=seed)
    return samples.write(out, "linkage", head, (asdict(each) for each in verdicts)), verdicts
