"""The `stop` verb: ask the `run` process to leave, and see that nothing of it stays."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil

from actors import lifeline
from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, TIMED_OUT, WRONG, Problem
from hybrid_capture.statefolder import Whereabouts, find_runtime

WAIT_S = 40.0
"""An orderly stop is bounded at 20 s by the runtime, its last resort at some seconds more."""
PROGRESS_S = 1.0
LOOK_S = 0.02
BELOW_S = 3.0
"""What the runtime started is gone within 2 s of it, however it ended."""


def stop(folder: Path, screen: Screen, wait_s: float = WAIT_S) -> int:
    """Stop the runtime of this state folder and wait until it is gone. Errors: NotRunning, Problem."""
    here = find_runtime(folder)
    if here.kind != "run":
        text = f"the runtime in {folder} lives inside another program (pid {here.pid}): stop it from there"
        raise Problem("EMBEDDED", text)
    began = time.monotonic()
    below = _below(here)
    try:
        os.kill(here.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it ended by itself in this moment
    except PermissionError:
        raise Problem("NOT_ALLOWED", f"pid {here.pid} belongs to another user: stop it as that user") from None
    told = False
    while not lifeline.process_is_gone(here.pid, here.created_at):
        waited = time.monotonic() - began
        if waited > PROGRESS_S and not told:
            screen.note(f"waiting for pid {here.pid} to account for what is staged ...")
            told = True
        if waited > wait_s:
            text = (
                f"pid {here.pid} did not end within {wait_s:g} s: end it with `kill -9 {here.pid}`; all below follows"
            )
            raise Problem("TIMED_OUT", text, TIMED_OUT)
        time.sleep(LOOK_S)
    _check_gone(here, below)
    took_ms = round((time.monotonic() - began) * 1000)
    screen.record({"stopped": True, "pid": here.pid, "ms": took_ms})
    screen.say(f"stopped (pid {here.pid}, {took_ms} ms); no process and no socket is left")
    return DONE


def _below(here: Whereabouts) -> list[psutil.Process]:
    """Every process that the runtime has below it now."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(here.pid).children(recursive=True)
    return []


def _check_gone(here: Whereabouts, below: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(below, timeout=BELOW_S)
    left = [str(each.pid) for each in alive if lifeline.lives(each)]
    if left:
        text = f"the runtime ended, but these processes of it did not: {', '.join(left)}; end them with `kill -9`"
        raise Problem("LEFT_OVER", text, WRONG)
    if os.path.isabs(here.address) and Path(here.address).exists():
        text = f"the runtime ended without removing {here.address}: the next `hybrid-capture run` does"
        raise Problem("LEFT_OVER", text, WRONG)
