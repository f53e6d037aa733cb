"""What redaction hands back: where something was hidden and why, never what it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PLACEHOLDER_START = "[REDACTED:"
PLACEHOLDER = re.compile(r"\[REDACTED:[a-z0-9_-]{1,64}\]")
ERROR_RULE = "error"
ERROR_TEXT = "[REDACTED:error]"
REPEATED = "[REDACTED:repeated]"
"""Stands where a value stood that another item of the session gave away."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One redacted stretch of the input. Holds no part of the value."""

    rule: str
    """Id of the rule that decided, as it stands in the placeholder."""
    start: int
    """First code point of the stretch in the input text."""
    end: int
    """One past its last code point."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """The redacted text and its findings. Prints sizes only: a repr must never become a second copy of a transcript."""

    text: str = field(repr=False)
    """Safe text."""
    findings: tuple[Finding, ...] = field(repr=False, default=())
    """In order of `start`, never overlapping."""

    def __repr__(self) -> str:
        return f"Redacted(chars={len(self.text)}, findings={len(self.findings)})"


@dataclass(frozen=True, slots=True)
class Span:
    """A candidate stretch, before overlaps are settled."""

    start: int
    end: int
    priority: int
    """Lower wins among spans of equal extent: 0 a vendor's own format, 1 a block, 2 structure, 3 a repeated value."""
    rule: str


def placeholder(rule: str) -> str:
    """The text that stands where the secret stood. Depends on the rule alone, so equal inputs give equal outputs."""
    return f"[REDACTED:{rule}]"


def settle(spans: list[Span], kept: list[tuple[int, int]]) -> list[Span]:
    """Disjoint spans in order, covering everything any candidate covered.

    Overlaps go to the first by (start, -end, priority, rule); the winner is stretched over the losers' tails, because
    a tail left standing would be part of a secret. `kept` are placeholders already in the text: they are cut out.
    """
    if kept:
        spans = [piece for span in spans for piece in _cut(span, kept)]
    spans.sort(key=lambda s: (s.start, -s.end, s.priority, s.rule))
    out: list[Span] = []
    for span in spans:
        if out and span.start < out[-1].end:
            if span.end > out[-1].end:
                out[-1] = Span(out[-1].start, span.end, out[-1].priority, out[-1].rule)
        else:
            out.append(span)
    return out


def _cut(span: Span, kept: list[tuple[int, int]]) -> list[Span]:
    pieces: list[Span] = []
    at = span.start
    for start, end in kept:
        if end <= at:
            continue
        if start >= span.end:
            break
        if start > at:
            pieces.append(Span(at, start, span.priority, span.rule))
        at = end
    if at < span.end:
        pieces.append(Span(at, span.end, span.priority, span.rule))
    # What lies between two placeholders in one old span is punctuation, not a secret.
    return pieces if len(pieces) == 1 and at == span.start else [p for p in pieces if p.end - p.start >= 4]


def render(text: str, spans: list[Span]) -> Redacted:
    """Write the placeholders into `text`."""
    if not spans:
        return Redacted(text)
    parts: list[str] = []
    at = 0
    for span in spans:
        parts.append(text[at : span.start])
        parts.append(placeholder(span.rule))
        at = span.end
    parts.append(text[at:])
    return Redacted("".join(parts), tuple(Finding(s.rule, s.start, s.end) for s in spans))
