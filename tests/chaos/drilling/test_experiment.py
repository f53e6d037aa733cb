"""An experiment is data: it may name our actions and probes, and nothing else runs."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import orjson
import pytest

from chaos.drilling import actions, probes
from chaos.drilling.experiment import EXPERIMENT_BYTES_MAX, BadExperiment, find, packaged, parse
from chaos.drilling.phases import TIMINGS
from messages.settings import Timing

DRILLS = packaged()


def document(**changes: Any) -> dict[str, Any]:
    return {**DRILLS["kill-ingest"].document(), **changes}


def acting(provider: dict[str, Any]) -> dict[str, Any]:
    return {"method": [{"type": "action", "name": "x", "provider": provider}]}


@pytest.mark.parametrize("name", DRILLS)
def test_every_drill_that_comes_along_can_be_played(name: str) -> None:
    drill = DRILLS[name]
    assert parse(orjson.dumps(drill.document()), name) == drill
    activities = (*drill.steady_state.probes, *drill.method, *drill.rollbacks)
    for each in activities:
        room = probes if each.provider.module == "chaos.drilling.probes" else actions
        function = getattr(room, each.provider.func)
        inspect.signature(function).bind(None, **each.provider.arguments)
    assert sum("fault" in each.name for each in drill.method if each.type == "action") == 1


def test_every_fault_of_the_plan_has_its_drill() -> None:
    parts = ("ingest", "stager", "auth", "sidecar", "facade", "codex", "supervisor", "admin", "root")
    parts += ("baseline", "gateway", "host")
    wanted = {f"{what}-{part}" for what in ("kill", "hang") for part in parts}
    wanted |= {"crash-loop", "auth-loss", "delta-flood", "otlp-flood", "slow-disk", "full-disk", "locked-store"}
    wanted |= {"torn-store", "corrupt-config", "clock-jump"}
    assert wanted <= set(DRILLS)


def test_every_drill_is_played_twenty_times_on_the_scripted_and_on_the_real_app_server() -> None:
    for name, drill in DRILLS.items():
        assert (drill.ours.repetitions, drill.ours.servers) == (20, ("scripted", "real")), name


@pytest.mark.parametrize("timing", TIMINGS)
def test_whatever_is_measured_counts_as_hung_as_late_as_it_does_for_a_user(timing: str) -> None:
    late = ("ping_interval_ms", "ping_deadline_ms", "liveness_interval_ms", "liveness_late_ms", "liveness_deadline_ms")
    assert [getattr(TIMINGS[timing], name) for name in late] == [getattr(Timing(), name) for name in late]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": []}, "method"),
        ({"surprise": 1}, "surprise"),
        ({"extensions": []}, "extensions"),
        (acting({"type": "process", "path": "rm"}), "provider"),
        (acting({"type": "python", "module": "os", "func": "kill"}), "module"),
    ],
)
def test_what_a_drill_may_not_do_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadExperiment, match=said):
        parse(orjson.dumps(document(**change)), "mine.json")


@pytest.mark.parametrize(("content", "said"), [(b"{", "not JSON"), (b" " * (EXPERIMENT_BYTES_MAX + 1), "larger")])
def test_bytes_that_are_no_experiment_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadExperiment, match=said):
        parse(content, "mine.json")


def test_a_drill_is_found_by_name_or_by_file_and_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(orjson.dumps(document(title="mine")))
    assert find(str(path)).title == "mine"
    assert find("kill-ingest") == DRILLS["kill-ingest"]
    with pytest.raises(BadExperiment, match="kill-ingest"):
        find("kill-everything")
    with pytest.raises(BadExperiment, match="cannot be read"):
        find(str(tmp_path / "none.json"))
