"""Every limit and every deadline has a default and a lower bound."""

from __future__ import annotations

import pytest
from annotated_types import Ge, Le
from pydantic import ValidationError

from messages.settings import Limits, SidecarSettings, Timing, TreeSettings

FIELDS = [(kind, name) for kind in (Limits, Timing) for name in kind.model_fields]
EVERY = pytest.mark.parametrize(("kind", "name"), FIELDS, ids=lambda each: getattr(each, "__name__", each))
UNITS = ("_bytes_max", "_ms", "_max", "_chars_max", "_min_ms", "_max_ms")


@EVERY
def test_a_limit_has_a_default_a_bound_and_a_unit(kind: type[Limits | Timing], name: str) -> None:
    field = kind.model_fields[name]
    low = [each.ge for each in field.metadata if isinstance(each, Ge)]
    assert len(low) == 1, f"{kind.__name__}.{name} has no lower bound: add ge="
    assert field.default >= low[0]
    assert name.endswith(UNITS), f"{kind.__name__}.{name} names no unit"
    with pytest.raises(ValidationError):
        kind(**{name: low[0] - 1})
    for each in field.metadata:
        if isinstance(each, Le):
            with pytest.raises(ValidationError):
                kind(**{name: each.le + 1})


def test_the_defaults_are_those_of_the_design() -> None:
    limits, timing = Limits(), Timing()
    assert (limits.line_bytes_max, limits.open_items_max, limits.staged_bytes_max) == (8 << 20, 1024, 64 << 20)
    assert (limits.window_batches_max, limits.read_bytes_max) == (3, 256 << 10)
    assert (limits.dedupe_keys_max, limits.dedupe_ttl_ms) == (10_000, 24 * 3_600_000)
    assert (limits.pending_requests_max, limits.request_deadline_ms, limits.login_deadline_ms) == (256, 10_000, 600_000)
    assert (limits.approvals_max, limits.approval_deadline_ms) == (128, 300_000)
    assert (limits.stderr_lines_max, limits.stderr_line_chars_max, limits.command_bytes_max) == (256, 1024, 65_536)
    assert limits.subscriber_events_max == 1_000
    assert (timing.restart_window_ms, timing.restarts_max) == (60_000, 2)


def test_the_environment_of_the_child_never_prints() -> None:
    settings = TreeSettings(
        run_id="r", state_dir="/s", database="d",
        sidecar=SidecarSettings(codex_path=None, environment={"OPENAI_API_KEY": "sk-secret"}),
    )  # fmt: skip
    assert "sk-secret" not in f"{settings} {settings.sidecar!r}"
    assert "OPENAI" not in f"{settings} {settings.sidecar!r}"


def test_the_history_of_messages_is_a_ring_of_a_hundred_thousand() -> None:
    assert Limits().trace_rows_max == 100_000
    with pytest.raises(ValidationError):
        Limits(trace_rows_max=0)
    with pytest.raises(ValidationError):
        Limits(trace_waiting_max=10**9)
