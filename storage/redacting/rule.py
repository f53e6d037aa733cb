"""What a rule is: one row of data. A *shape* describes a vendor's format once; the expression that finds it, the
cheaper
expression that decides whether to look at all, and fresh instances for tests are all made from it.

Shape language: literal text; `{a36}` thirty-six characters of class `a`; `{a20,40}` and `{a20,}` ranges; `{u}` a UUID;
`(live|test)` one of the words. Classes are in `CLASSES`. Rows that need more carry a `pattern` with a group `v`.
"""

from __future__ import annotations

import random
import re
import re._parser as re_parser  # type: ignore[import-not-found]  # the only parser of expressions in the standard library
from dataclasses import dataclass
from typing import Any

CLASSES = {
    "a": "0-9A-Za-z",
    "w": "0-9A-Za-z_-",
    "v": "0-9A-Za-z_",
    "g": "0-9A-Za-z_.-",
    "q": "0-9A-Za-z_=-",
    "b": "0-9A-Za-z+/",
    "B": "0-9A-Za-z+/=_-",
    "h": "0-9a-f",
    "H": "0-9A-F",
    "x": "0-9a-fA-F",
    "d": "0-9",
    "l": "0-9a-z",
    "U": "0-9A-Z",
    "t": "2-7A-Z",
    "e": "A-Za-z",
    "f": "a-z",
    "z": "02-9AC-HJ-NP-Z",
}
"""Character classes of the shape language, as the inside of a bracket expression."""

UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PART = re.compile(
    r"\{(?:u|(?P<cls>[a-zA-Z])(?P<low>\d+)(?:(?P<comma>,)(?P<high>\d*))?)\}|\((?P<words>[^()]*)\)|(?P<lit>.)", re.S
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One secret format."""

    id: str
    """Stands in the placeholder."""
    vendor: str
    """Whose format, as the vendor's documentation names it."""
    shape: str = ""
    """The format in the shape language; also the source of test instances."""
    pattern: str = ""
    """A full expression where a shape cannot say it. Group `v` is what is hidden; without one, the whole match."""
    gate: str = ""
    """Expression without look-around that matches wherever `pattern` does. Default: made from the shape."""
    near: tuple[str, ...] = ()
    """Words one of which must stand before the value, any case. Empty: the format speaks for itself."""
    entropy: float = 2.6
    """Least Shannon entropy of the value in bits per character."""
    check: str = ""
    """Name in `validators.CHECKS`."""
    dummies: bool = False
    """True: hide even what looks like a stand-in (`xxxx…`), because the format is never written in documentation so."""
    caseless: bool = False
    """Whether letters match in either case."""
    reach: int = 120
    """How far before the value a `near` word may stand, in code points."""
    edge: str = ""
    """Characters that may not stand before the value, beyond letters and digits."""


def parts(shape: str) -> list[re.Match[str]]:
    """The pieces of a shape, in order."""
    return list(_PART.finditer(shape))


def to_pattern(shape: str) -> str:
    """Expression for a shape. A run without an upper bound may only stand last: elsewhere it could cost quadratic
    time."""
    out: list[str] = []
    for part in parts(shape):
        if part["lit"] is not None:
            out.append(re.escape(part["lit"]))
        elif part["words"] is not None:
            out.append("(?:" + "|".join(re.escape(word) for word in part["words"].split("|")) + ")")
        elif part["cls"] is None:
            out.append(UUID)
        else:
            low, high = part["low"], part["high"]
            if part["comma"] is None:
                out.append(f"[{CLASSES[part['cls']]}]{{{low}}}")
            else:
                # Possessive: what follows a run is never of its class, so giving characters back cannot help.
                out.append(f"[{CLASSES[part['cls']]}]{{{low},{high}}}+")
    return "".join(out)


def to_gate(shape: str) -> str:
    """Shortest prefix expression of a shape: every match of the shape begins with a match of this."""
    out: list[str] = []
    for part in parts(shape):
        if part["cls"] is not None and part["comma"] is not None:
            low, high = part["low"], part["high"]
            if not high or int(high) > 64:
                out.append(f"[{CLASSES[part['cls']]}]{{{low}}}")
                break
            out.append(f"[{CLASSES[part['cls']]}]{{{low},{high}}}")
            continue
        out.append(to_pattern(part[0]))
    # What a trailing range takes beyond its least count does not change whether the shape occurs.
    return re.sub(r"\{(\d+),\d+\}$", r"{\1}", "".join(out))


def last_class(shape: str) -> str:
    """Inside of the bracket expression that may not follow a match (what follows would belong to the token)."""
    last = parts(shape)[-1]
    if last["cls"] is not None:
        return CLASSES[last["cls"]]
    return "0-9A-Za-z"


def literals(shape: str) -> tuple[str, ...]:
    """Fixed strings one of which is in every instance: the longest literal run, or the words of an alternation."""
    best: tuple[str, ...] = ()
    run = [""]
    for part in [*parts(shape), None]:
        if part is not None and part["lit"] is not None:
            run = [r + part["lit"] for r in run]
        elif part is not None and part["words"] is not None and len(run) * (part["words"].count("|") + 1) <= 24:
            run = [r + word for r in run for word in part["words"].split("|")]
        else:
            if min(map(len, run)) > (min(map(len, best)) if best else 0):
                best = tuple(run)
            run = [""]
    return best


def leads(shape: str) -> tuple[str, ...]:
    """Fixed strings one of which every instance begins with; empty when the shape begins otherwise."""
    run = [""]
    for part in parts(shape):
        if part["lit"] is not None:
            run = [r + part["lit"] for r in run]
        elif part["words"] is not None and len(run) * (part["words"].count("|") + 1) <= 24:
            run = [r + word for r in run for word in part["words"].split("|")]
        else:
            break
    return tuple(run) if min(map(len, run)) >= 2 else ()


def expression(rule: Rule) -> str:
    """The expression that finds the rule's values in a shadow view."""
    if not rule.pattern:
        return f"{_begins(f'0-9A-Za-z{rule.edge}')}(?P<v>{to_pattern(rule.shape)})(?![{last_class(rule.shape)}])"
    plain = _BEHIND.match(rule.pattern)
    return rule.pattern if plain is None else _begins(plain[1]) + rule.pattern[plain.end() :]


_BEHIND = re.compile(r"\(\?<!\[([^\]]+)\]\)")


def _begins(edge: str) -> str:
    """What may stand before a token: nothing of these classes, except the end of a percent escape (`%22` ends in a
    digit) and the sign of a diff at the start of a line."""
    sign = r"|(?m:(?<=^-))" if "-" in edge else ""
    return rf"(?:(?<![{edge}])|(?<=%2[0-9A-Fa-f])|(?<=%3[0-9A-Fa-f]){sign})"


def instance(shape: str, rng: random.Random) -> str:
    """A fresh random string of this shape, for tests and benchmarks."""
    out: list[str] = []
    for part in parts(shape):
        if part["lit"] is not None:
            out.append(part["lit"])
        elif part["words"] is not None:
            out.append(rng.choice(part["words"].split("|")))
        elif part["cls"] is None:
            hexed = f"{rng.getrandbits(128):032x}"
            out.append(f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}")
        else:
            low = int(part["low"])
            high = int(part["high"] or low + 24) if part["comma"] else low
            alphabet = _alphabet(CLASSES[part["cls"]])
            out.append("".join(rng.choice(alphabet) for _ in range(rng.randint(low, min(high, low + 40)))))
    return "".join(out)


def _alphabet(bracket: str) -> str:
    return "".join(c for c in map(chr, range(33, 127)) if re.match(f"[{bracket}]", c) and c != "=")


def required(gate: str) -> tuple[tuple[str, ...], bool]:
    """Fixed strings one of which is in every match of a gate expression, and whether they are in lower case for
    any case.

    Empty when there is no such set of strings of two characters or more.
    """
    found = _required(re_parser.parse(gate))
    if not found or min(map(len, found)) < 2 or len(found) > 64:
        return (), False
    folded = "(?i" in gate
    return tuple(sorted({f.lower() if folded else f for f in found})), folded


HEADS_MAX = 48


def heads(pattern: str) -> tuple[str, ...]:
    """Lower-case strings one of which every match of an expression begins with, in any case; empty when there are none.

    Looking for a word and then trying the expression there is twenty times faster than searching with the expression.
    """
    found, _ = _heads(list(re_parser.parse(pattern)))
    found = {head.lower() for head in found}
    if not found or min(map(len, found)) < 2:
        return ()
    # "token" finds every place that "token:" would.
    return tuple(sorted(h for h in found if not any(h != other and h.startswith(other) for other in found)))


def _heads(tokens: list[Any]) -> tuple[set[str], bool]:
    """What a sequence begins with, and whether that is all of it."""
    out = {""}
    for op, argument in tokens:
        name = str(op)
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        if name == "LITERAL":
            out = {head + chr(argument) for head in out}
            continue
        if name == "SUBPATTERN":
            more, whole = _heads(list(argument[3]))
        elif name == "BRANCH":
            each = [_heads(list(branch)) for branch in argument[1]]
            more, whole = set().union(*(strings for strings, _ in each)), all(whole for _, whole in each)
        else:
            return out, False
        if len(out) * len(more) > HEADS_MAX:
            return out, False
        out = {head + tail for head in out for tail in more}
        if not whole:
            return out, False
    return out, True


def _required(tokens: Any) -> tuple[str, ...]:
    best: tuple[str, ...] = ()
    run = ""

    def take(candidate: tuple[str, ...]) -> None:
        nonlocal best
        if candidate and min(map(len, candidate)) > (min(map(len, best)) if best else 0):
            best = candidate

    for op, argument in tokens:
        name = str(op)
        if name == "LITERAL":
            run += chr(argument)
            continue
        if run:
            take((run,))
            run = ""
        if name == "SUBPATTERN":
            take(_required(argument[3]))
        elif name == "BRANCH":
            branches = [_required(branch) for branch in argument[1]]
            if all(branches):
                take(tuple(string for branch in branches for string in branch))
        elif name in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] >= 1:
            take(_required(argument[2]))
    if run:
        take((run,))
    return best
