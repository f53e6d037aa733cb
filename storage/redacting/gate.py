"""Which rules are worth running on a text, decided in one pass over its shadow view.

Two engines answer the same question and may only differ in speed: Hyperscan where it is installed, otherwise RE2 with
an Aho-Corasick automaton. Each answer is a superset of the truth (a gate never decides that something *is* a secret),
so what is found depends on the rules alone. `tests/storage/redacting/test_gate.py` holds the two to identical results.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from storage.redacting.automaton_file import AutomatonFile


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to the gate."""

    pattern: str
    """Expression both engines compile: no look-around, no back-references, no possessive runs."""
    hints: tuple[str, ...] = ()
    """Strings one of which is in every match; empty when there is none. Lower case when `caseless` or `folded`."""
    caseless: bool = False
    """Whether the whole expression ignores case."""
    folded: bool = False
    """Whether `hints` are to be looked for in lower case although the expression as a whole minds case."""
    everywhere: bool = False
    """True: report the end of every match; False: report once that there is one."""


WINDOW_BEFORE = 128
WINDOW_AFTER = 768


class Gate(Protocol):
    """What both engines offer."""

    name: str

    def fired(self, view: bytes) -> tuple[set[int], list[tuple[int, int]]]:
        """Indices of the probes that match, and `(index, end)` for the `everywhere` probes, in any order."""


class HyperscanGate:
    """All probes in one automaton. Compiles in about a second; scanning is thread-safe (scratch space per thread)."""

    name = "hyperscan"

    def __init__(self, probes: list[Probe], cache: Path | None = None) -> None:
        hs: Any = importlib.import_module("hyperscan")
        self._hs = hs
        flags = [
            (hs.HS_FLAG_CASELESS if p.caseless else 0) | (0 if p.everywhere else hs.HS_FLAG_SINGLEMATCH) for p in probes
        ]
        expressions = [p.pattern.encode() for p in probes]
        kept = None if cache is None else AutomatonFile(cache, expressions, flags, str(hs.__version__))
        found = None if kept is None else kept.load(hs)
        if found is None:
            found = hs.Database()
            found.compile(expressions=expressions, ids=list(range(len(probes))), elements=len(probes), flags=flags)
            if kept is not None:
                kept.save(hs, found)
        self._database = found
        self._everywhere = frozenset(i for i, p in enumerate(probes) if p.everywhere)
        self._local = threading.local()

    def fired(self, view: bytes) -> tuple[set[int], list[tuple[int, int]]]:
        hits: list[tuple[int, int]] = []
        add = hits.append

        def on_match(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((index, end))

        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hs.Scratch(self._database)
        self._database.scan(view, match_event_handler=on_match, scratch=scratch)
        if not hits:
            return set(), hits
        everywhere = self._everywhere
        return {i for i, _ in hits}, [h for h in hits if h[0] in everywhere]


class Re2Gate:
    """Fixed strings first (Aho-Corasick), RE2 only for the probes whose strings occur."""

    name = "re2"

    def __init__(self, probes: list[Probe]) -> None:
        re2: Any = importlib.import_module("re2")
        ahocorasick: Any = importlib.import_module("ahocorasick")
        options = re2.Options()
        options.log_errors = False
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 64 << 20
        loose = re2.Options()
        loose.log_errors = False
        loose.encoding = re2.Options.Encoding.LATIN1
        loose.max_mem = 64 << 20
        loose.case_sensitive = False
        self._compiled = [re2.compile(p.pattern.encode(), loose if p.caseless else options) for p in probes]
        self._everywhere = [p.everywhere for p in probes]
        self._always = [i for i, p in enumerate(probes) if not p.hints]
        self._exact = self._automaton(ahocorasick, probes, caseless=False)
        self._folded = self._automaton(ahocorasick, probes, caseless=True)

    @staticmethod
    def _automaton(ahocorasick: Any, probes: list[Probe], *, caseless: bool) -> Any:
        owners: dict[str, list[int]] = {}
        for index, probe in enumerate(probes):
            if (probe.caseless or probe.folded) is caseless:
                for hint in probe.hints:
                    owners.setdefault(hint, []).append(index)
        if not owners:
            return None
        automaton = ahocorasick.Automaton()
        for hint, indices in owners.items():
            automaton.add_word(hint, tuple(indices))
        automaton.make_automaton()
        return automaton

    def fired(self, view: bytes) -> tuple[set[int], list[tuple[int, int]]]:
        text = view.decode("ascii")
        maybe = set(self._always)
        if self._exact is not None:
            for owned in {o for _, o in self._exact.iter(text)}:
                maybe.update(owned)
        near: dict[int, list[int]] = {}
        if self._folded is not None:
            everywhere = self._everywhere
            for at, owned in self._folded.iter(text.lower()):
                for index in owned:
                    if everywhere[index]:
                        near.setdefault(index, []).append(at)
                    else:
                        maybe.add(index)
        fired: set[int] = set()
        ends: list[tuple[int, int]] = []
        for index, hits in near.items():
            compiled = self._compiled[index]
            for low, high in _windows(hits, len(view)):
                found = [(index, low + m.end()) for m in compiled.finditer(view[low:high])]
                if found:
                    fired.add(index)
                    ends.extend(found)
        for index in maybe:
            if self._compiled[index].search(view) is not None:
                fired.add(index)
        return fired, ends


def _windows(hits: list[int], size: int) -> list[tuple[int, int]]:
    """Stretches around the hits, merged where they touch, wide enough for any anchor that begins at or just
    before its word."""
    out: list[tuple[int, int]] = []
    for at in hits:
        low, high = max(0, at - WINDOW_BEFORE), min(size, at + WINDOW_AFTER)
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


def installed() -> str:
    """Name of the engine to use here: `hyperscan` when it is importable, else `re2`."""
    return "hyperscan" if importlib.util.find_spec("hyperscan") is not None else "re2"


def build(probes: list[Probe], engine: str | None = None, cache: Path | None = None) -> Gate:
    """A compiled gate; `cache` is a private folder for what is worth keeping.

    `engine` None takes `installed()`; a Hyperscan that will not load on this processor falls back.

    Errors: ValueError for an unknown engine name; ImportError when neither engine is there.
    """
    name = engine or installed()
    if name == "re2":
        return Re2Gate(probes)
    if name != "hyperscan":
        raise ValueError(f"unknown redaction engine {name!r}: use 'hyperscan' or 're2'")
    try:
        return HyperscanGate(probes, cache)
    except (
        Exception
    ):  # a missing library, a processor without its instructions, a pattern it refuses: each its own type
        if engine is not None:
            raise
        return Re2Gate(probes)
