"""Marks the verbs by which a machine decides, so that what it was asked and what came of it can be watched.

Nobody watches unless told to: `actors/recording.py` writes decisions down, `chaos/replaying.py` asks for them again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Watcher(Protocol):
    """Who looks on. What it does with the values is its affair, as long as it changes none."""

    def asked(self, verb: str, given: tuple[Any, ...]) -> Any:
        """A machine (first of `given`) is about to decide; gives what `decided` gets back."""
        ...

    def decided(self, question: Any, outcome: Any) -> None:
        """It did."""
        ...


DECISIONS: dict[str, Callable[..., Any]] = {}
"""Every marked verb by its name, without the mark."""
_watcher: Watcher | None = None
_inside = False
"""A decision that another one makes is part of it."""


def watch(watcher: Watcher | None) -> None:
    """From now on this one looks on in this process; None: nobody."""
    global _watcher, _inside
    _watcher, _inside = watcher, False


def decides(verb: Callable[P, R]) -> Callable[P, R]:
    """Mark a verb. Its arguments have to be values: messages, numbers, texts, clocks."""
    name = f"{verb.__module__.rpartition('.')[2]}.{verb.__qualname__}"
    DECISIONS[name] = verb

    @wraps(verb)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        global _inside
        if _watcher is None or _inside:
            return verb(*args, **kwargs)
        assert not kwargs, f"{name} is asked by position"
        question = _watcher.asked(name, args)
        _inside = True
        try:
            outcome = verb(*args, **kwargs)
        finally:
            _inside = False
        _watcher.decided(question, outcome)
        return outcome

    return marked
