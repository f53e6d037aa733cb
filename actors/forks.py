"""What a forked child does first. The one place that knows that some systems have no fork."""

from __future__ import annotations

import os
from collections.abc import Callable


def in_each_child(call: Callable[[], None]) -> None:
    """Run `call` first thing in every process forked from here on, and from those; it cannot be taken back.

    Without fork no process begins as a copy of another, so there is nothing that a child would have to let go.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)
