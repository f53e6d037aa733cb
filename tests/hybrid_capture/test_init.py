"""What a host imports, and what it does not pay for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hybrid_capture

ROOT = Path(__file__).parents[2]


def test_the_three_names_of_the_embedded_api_come_at_first_use() -> None:
    from hybrid_capture import AsyncCaptureRuntime, CaptureRuntime, Settings
    from hybrid_capture.async_runtime import AsyncCaptureRuntime as Async
    from hybrid_capture.runtime import CaptureRuntime as Blocking
    from hybrid_capture.settings import Settings as Chosen

    assert (AsyncCaptureRuntime, CaptureRuntime, Settings) == (Async, Blocking, Chosen)
    assert set(hybrid_capture.__all__) <= set(dir(hybrid_capture))
    with pytest.raises(AttributeError, match="nothing_such"):
        hybrid_capture.nothing_such


def test_the_command_line_starts_without_what_only_verbs_need() -> None:
    heavy = ("pydantic", "peewee", "psutil", "thespian", "rich", "orjson")
    code = f"import sys, hybrid_capture.cli; print([name for name in {heavy!r} if name in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert told.stdout.strip() == "[]"
