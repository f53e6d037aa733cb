"""Reading one text: view, gate, the rules that fired, the spans that remain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from storage.redacting import (
    anchors,
    blocks,
    rules_ai,
    rules_calls,
    rules_cloud,
    rules_code,
    rules_command,
    rules_files,
    rules_services,
    rules_tools,
)
from storage.redacting.conditions import JUDGEMENTS
from storage.redacting.examples import is_published
from storage.redacting.finding import PLACEHOLDER, PLACEHOLDER_START, Span, settle
from storage.redacting.gate import Gate, Probe, build
from storage.redacting.rule import Rule, expression, heads, leads, literals, required, to_gate
from storage.redacting.shadow import shadow
from storage.redacting.validators import CHECKS, entropy, is_dummy

RULES: tuple[Rule, ...] = (
    rules_ai.RULES
    + rules_cloud.RULES
    + rules_code.RULES
    + rules_services.RULES
    + rules_command.RULES
    + rules_tools.RULES
    + rules_calls.RULES
    + rules_files.RULES
)
"""Every row, in order of priority among equals."""
NESTED_MAX = 8
"""Values inside values that are read before the rest of the run is left alone."""
NEAR_VALUE_CHARS = 4400
"""How far past a telling word's reach its value may run."""


def _mask(match: re.Match[str]) -> str:
    return PLACEHOLDER_START + "x" * (len(match[0]) - len(PLACEHOLDER_START) - 1) + "]"


def _probe(rule: Rule) -> Probe:
    if rule.near and not rule.gate:
        # The value alone (32 hexadecimal digits, say) stands in every lock file; the word beside it is the rare part.
        words = tuple(word.lower() for word in rule.near)
        return Probe("(?:" + "|".join(map(re.escape, words)) + ")", words, caseless=True)
    if rule.shape:
        fixed = literals(rule.shape)
        # A single character stands in every text: looking for it first would only cost time.
        return Probe(to_gate(rule.shape), fixed if fixed and min(map(len, fixed)) > 1 else ())
    hints, folded = required(rule.gate)
    return Probe(rule.gate, hints, folded=folded)


class _Seen(NamedTuple):
    """What the gate said about a text. Prints nothing of it."""

    text: str
    view: bytes
    fired: set[int]
    ends: list[tuple[int, int]]

    def __repr__(self) -> str:
        return f"_Seen(fired={len(self.fired)})"


class Scanner:
    """All rules compiled for one engine. Thread-safe after construction; construction takes about a second."""

    def __init__(self, engine: str | None = None, cache: Path | None = None) -> None:
        self._expressions = [re.compile(expression(rule), re.ASCII) for rule in RULES]
        self._leads = [leads(rule.shape) if rule.shape else () for rule in RULES]
        self._heads = [heads(rule.pattern) if rule.pattern else () for rule in RULES]
        probes = [_probe(rule) for rule in RULES]
        self._anchor_base = len(probes)
        probes += [anchor.probe for anchor in anchors.ANCHORS]
        self._key_probe = len(probes)
        probes.append(Probe(r"PRIVATE KEY|OpenVPN Static key", ("PRIVATE KEY", "OpenVPN Static key")))
        self._putty_probe = len(probes)
        probes.append(Probe(r"Private-Lines:", ("Private-Lines:",)))
        self._kube_probe = len(probes)
        probes.append(Probe(r"kind[^\n]{0,16}secret", ("kind",), caseless=True))
        self._wrap_probe = len(probes)
        wrapped = blocks.wrapped_literals()
        self._wrapped = re.compile("|".join(map(re.escape, wrapped)))
        probes.append(Probe("(?:" + "|".join(map(re.escape, wrapped)) + ")", wrapped))
        self._gate: Gate = build(probes, engine, cache)
        self._last: _Seen | None = None
        """The last text that a glance found loud: it is read next."""

    @property
    def engine(self) -> str:
        """Which gate this scanner uses."""
        return self._gate.name

    def fires(self, text: str) -> bool:
        """Whether any rule has to look at this text; false means that nothing in it is a secret."""
        view = shadow(text)
        fired, ends = self._gate.fired(view)
        if fired:
            self._last = _Seen(text, view, fired, ends)
        return bool(fired)

    def spans(self, text: str, depth: int = 0) -> list[Span]:
        """Disjoint stretches of `text` that hold secrets, in order. Offsets are code points of `text`."""
        last = self._last  # of whichever thread: it is whole, and about its own text
        if last is not None and last.text is text:
            view, fired, ends = last.view, last.fired, last.ends
        else:
            view = shadow(text)
            fired, ends = self._gate.fired(view)
        if not fired:
            return []
        plain = view.decode("ascii")
        kept = [m.span() for m in PLACEHOLDER.finditer(plain)] if PLACEHOLDER_START in plain else []
        if kept:
            # `[REDACTED:api-key] = x`: the rule's name must not be read as the name of a field.
            plain = PLACEHOLDER.sub(_mask, plain)
        found = [span for span in self._candidates(plain, fired, ends, depth) if span.end > span.start]
        return settle(found, kept) if found else []

    def _candidates(self, view: str, fired: set[int], ends: list[tuple[int, int]], depth: int) -> Iterator[Span]:
        base = self._anchor_base
        formats = [index for index in fired if index < base]
        lowered = view.lower() if formats else ""
        for index in formats:
            yield from self._format(view, lowered, index)
        for index, end in ends:
            yield from anchors.ANCHORS[index - base].read(view, end)
        if self._key_probe in fired:
            yield from blocks.private_key(view)
        if self._putty_probe in fired:
            yield from blocks.putty_key(view)
        if self._kube_probe in fired:
            yield from blocks.kubernetes_secret(view)
        if self._wrap_probe in fired and depth < blocks.DEPTH_MAX:
            yield from blocks.wrapped(view, lambda text, at: bool(self.spans(text, at)), depth, self._wrapped)

    def _format(self, view: str, lowered: str, index: int) -> Iterator[Span]:
        rule = RULES[index]
        found = self._expressions[index]
        if self._leads[index]:
            # Twenty times faster than searching with the expression, whose look-behind hides the fixed
            # start from the engine.
            for lead in self._leads[index]:
                at = view.find(lead)
                while at >= 0:
                    match = found.match(view, at)
                    if match is not None and holds(rule, view, *match.span("v")):
                        yield Span(*match.span("v"), 0, rule.id)
                    at = view.find(lead, at + len(lead) if match is None else match.end())
            return
        if self._heads[index]:
            yield from self._behind_heads(view, lowered, index)
            return
        for low, high in _near(view, lowered, rule) if rule.near else ((0, len(view)),):
            for match in found.finditer(view, low, high):
                start, end = match.span("v")
                if holds(rule, view, start, end):
                    yield Span(start, end, 0, rule.id)

    def _behind_heads(self, view: str, lowered: str, index: int) -> Iterator[Span]:
        rule = RULES[index]
        for head in self._heads[index]:
            at = lowered.find(head)
            last = nested = 0
            while at >= 0:
                match = self._expressions[index].match(view, at)
                after = at + len(head)
                if match is not None:
                    start, end = match.span("v")
                    if holds(rule, view, start, end):
                        yield Span(start, end, 0, rule.id)
                        after = max(after, end)
                    # `pw:pw:pw:…`: each value begins inside the last. A few are read, then the run is left.
                    nested = nested + 1 if start < last else 0
                    last = max(last, end)
                    if nested >= NESTED_MAX:
                        after = max(after, last)
                at = lowered.find(head, after)


def _near(view: str, lowered: str, rule: Rule) -> list[tuple[int, int]]:
    """Stretches of the view within reach of the rule's words, merged."""
    starts: list[int] = []
    for word in rule.near:
        word = word.lower()
        at = lowered.find(word)
        while at >= 0:
            starts.append(at)
            at = lowered.find(word, at + 1)
    out: list[tuple[int, int]] = []
    for at in sorted(starts):
        high = min(len(view), at + rule.reach + NEAR_VALUE_CHARS)
        if out and at <= out[-1][1]:
            out[-1] = (out[-1][0], high)
        else:
            out.append((at, high))
    return out


def holds(rule: Rule, view: str, start: int, end: int) -> bool:
    """Whether what the rule's expression found passes the rule's own conditions."""
    value = view[start:end]
    judge = JUDGEMENTS.get(rule.check)
    if judge is not None:
        return judge(value) and (not rule.near or _beside(rule, view, start))
    if not rule.dummies and (is_dummy(value) or is_published(value)):
        return False
    if rule.entropy and entropy(value) < rule.entropy:
        return False
    if rule.check and not CHECKS[rule.check](value):
        return False
    return not rule.near or _beside(rule, view, start)


def _beside(rule: Rule, view: str, start: int) -> bool:
    before = view[max(0, start - rule.reach) : start].lower()
    return any(word.lower() in before for word in rule.near)
