"""What `doctor` finds about the sources of the baseline: whether they work, and whether the receiver's port is free."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hybrid_capture.client import Unanswered, attach
from hybrid_capture.doctor import STATUS_S, Check
from hybrid_capture.doorway import port_fault, remembered_port
from hybrid_capture.settings import BadSettings, load_settings
from hybrid_capture.statefolder import NotRunning


def sources(folder: Path) -> Iterator[Check]:
    """Each source of the running runtime; without one, whether its receiver could listen."""
    try:
        with attach(folder) as client:
            answer = client.ask({"command": "getStatus"}, STATUS_S)
    except NotRunning:
        yield from _port(folder)
        return
    except Unanswered as error:
        yield Check("sources", "wrong", f"the runtime does not answer: {error}", "`hybrid-capture stop`, and start it")
        return
    for source in answer.get("status", {}).get("sources", ()):
        where = f"{source['address']}: " if source["address"] else ""
        state = "ok" if source["healthy"] else "wrong"
        hint = "" if source["healthy"] else "see `hybrid-capture status`, and STATE/logs/root.log"
        yield Check(f"source {source['name']}", state, where + source["reason"], hint)  # type: ignore[arg-type]  # two of the three words


def _port(folder: Path) -> Iterator[Check]:
    try:
        settings = load_settings(folder)
    except BadSettings:
        return  # told by another look
    if not settings.otlp:
        yield Check("source otlp", "note", "the OTLP receiver is switched off in the settings")
        return
    known = remembered_port(folder)
    port = settings.otlp_port if settings.otlp_port is not None else known
    if not port:
        yield Check("source otlp", "ok", "the receiver takes 4318 or a free port when it is started first")
        return
    fault = port_fault(port)
    if fault:
        yield Check("source otlp", "wrong", fault, "until then telemetry is not captured")
    else:
        yield Check("source otlp", "ok", f"port {port} is free for the receiver")
