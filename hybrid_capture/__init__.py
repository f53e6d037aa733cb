"""hybrid-capture: capture AI coding sessions reliably, from inside a program or from the command line.

    from hybrid_capture import CaptureRuntime, Settings

The names come at first use, because the command line must answer `--help` at once and the runtime behind them brings
pydantic and peewee along. Read `runtime.py` next.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybrid_capture.async_runtime import AsyncCaptureRuntime
    from hybrid_capture.runtime import CaptureRuntime
    from hybrid_capture.settings import Settings

if sys.version_info < (3, 11):  # noqa: UP036  installers refuse by themselves; this is for a source tree
    raise ImportError(
        "hybrid-capture needs Python 3.11 or newer, and this is {}.{} ({}): make a virtual environment with a newer "
        "one".format(*sys.version_info[:2], sys.executable),
        name=__name__,
    )

__all__ = ["AsyncCaptureRuntime", "CaptureRuntime", "Settings"]


def __getattr__(name: str) -> Any:
    if name == "CaptureRuntime":
        from hybrid_capture.runtime import CaptureRuntime

        return CaptureRuntime
    if name == "AsyncCaptureRuntime":
        from hybrid_capture.async_runtime import AsyncCaptureRuntime

        return AsyncCaptureRuntime
    if name == "Settings":
        from hybrid_capture.settings import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
