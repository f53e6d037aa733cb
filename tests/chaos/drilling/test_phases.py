"""What a listener saw, and when: the first status that fits, after the fault, or nothing at all."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.drilling.phases import Before, NotSeen, Watch, returned, shows

WAS = Before(generation=3, pids={"ingest": 10, "auth": 11})


def status(mode: str = "HYBRID_ACTIVE", generation: int = 3, **pids: int | None) -> dict[str, Any]:
    known = {"ingest": 10, "auth": 11, **pids}
    actors = [{"name": name, "pid": pid} for name, pid in known.items()]
    return {"mode": mode, "mode_reason": "", "sidecar": {"generation": generation}, "actors": actors}


def heard(*at: tuple[float, dict[str, Any]]) -> Watch:
    return Watch(heard=list(at))


def test_the_first_status_after_the_fault_that_fits_counts() -> None:
    watch = heard((1.0, status("FAILURE")), (5.0, status()), (7.0, status("DEGRADED_STREAMING")))
    assert watch.first(shows("auth", WAS), 2.0, "the loss", 0) == 7.0


def test_what_never_came_is_named_with_what_was_last() -> None:
    with pytest.raises(NotSeen, match=r"the loss was not seen within 0 s .*HYBRID_ACTIVE"):
        heard((1.0, status())).first(shows("auth", WAS), 0.0, "the loss", 0)


def test_only_statuses_are_kept() -> None:
    watch = Watch()
    watch.hear({"event": "itemStored"})
    watch.hear({"event": "status", "status": status()})
    assert len(watch.heard) == 1


def test_a_part_shows_its_loss_by_the_mode_or_by_another_process() -> None:
    assert not shows("auth", WAS)(status())
    assert shows("auth", WAS)(status(auth=None))
    assert shows("auth", WAS)(status("FAILURE"))
    assert shows("codex", WAS)(status(generation=4))
    assert not shows("codex", WAS)(status(auth=99))


def test_a_part_is_back_only_with_another_process_and_the_mode() -> None:
    assert not returned("auth", WAS)(status(auth=11))
    assert not returned("auth", WAS)(status(auth=None))
    assert not returned("auth", WAS)(status("DEGRADED_STREAMING", auth=99))
    assert returned("auth", WAS)(status(auth=99))
    assert returned("sidecar", WAS)(status(generation=4))
    assert returned("store", WAS)(status()), "what is no process is back with the mode"
