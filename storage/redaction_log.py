"""Redaction of log lines, on the final string: after arguments, exception text and traceback have been put together.

A `logging.Filter` that edits the message alone leaks through `args`, `exc_info` and `stack_info`; a formatter cannot.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from storage.redaction import redact

LINE_CHARS_MAX = 65536
"""Longest log line written. A longer one is cut after redaction."""


def _safe(text: str) -> str:
    text = redact(text).text
    return text if len(text) <= LINE_CHARS_MAX else text[:LINE_CHARS_MAX] + "[cut]"


class RedactingFormatter(logging.Formatter):
    """Formats with `inner` (or as `logging.Formatter`), then redacts the whole line. Never raises: an
    unformattable record becomes `[REDACTED:error]`."""

    def __init__(
        self, fmt: str | None = None, datefmt: str | None = None, *, inner: logging.Formatter | None = None
    ) -> None:
        super().__init__(fmt, datefmt)
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = self._inner.format(record) if self._inner is not None else super().format(record)
        except Exception:  # noqa: BLE001 - its error would print the arguments
            return "[REDACTED:error]"
        return _safe(text)


def redact_tracebacks() -> None:
    """From now on an exception nobody catches, in any thread of this process or a fork of it, leaves its traceback on
    standard error redacted. Python's own hooks print the exception's words as they are, and ours end in a log file.
    """
    sys.excepthook = _left
    threading.excepthook = lambda told: _left(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _left(told.exc_type, told.exc_value, told.exc_traceback)
    if logging.lastResort is not None:
        # What is logged where nobody set logging up (asyncio's "exception was never retrieved") goes the same way.
        logging.lastResort.setFormatter(RedactingFormatter())


def _left(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if sys.stderr is None or kind is SystemExit:
        return
    try:
        text = _safe("".join(traceback.format_exception(kind, error, trace)))
    except Exception:  # noqa: BLE001 - its error would print what this one says
        text = f"{kind.__name__}: [REDACTED:error]\n"
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def redacting_processor(_logger: Any, _method: str, event: MutableMapping[str, Any] | str | bytes) -> Any:
    """A structlog processor. Put it last, after the renderer: it redacts the rendered line. Before one, it redacts each
    string of the event instead. Never raises."""
    try:
        if isinstance(event, str):
            return _safe(event)
        if isinstance(event, bytes):
            return _safe(event.decode("utf-8", "replace")).encode("utf-8", "replace")
        from storage.redaction import redact_json

        return {
            key: redact_json({key: value})[key]
            if isinstance(value, (str, dict, list, tuple)) and isinstance(key, str) and key in redact_json({key: 0})
            else _scalar(value)
            for key, value in event.items()
        }
    except Exception:  # noqa: BLE001 - fail closed: whatever went wrong, raw text must not leave
        return "[REDACTED:error]" if not isinstance(event, MutableMapping) else {"event": "[REDACTED:error]"}


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _safe(str(value))
