"""The one shape of telemetry."""

from __future__ import annotations

from actors.wire.otlp import Record, Undecodable


def test_a_record_that_says_nothing_is_empty_everywhere() -> None:
    record = Record({})
    assert (record.name, record.text, record.trace_id, record.span_id, record.parent_id) == ("",) * 5
    assert (record.at_ns, record.observed_ns, record.extra) == (0, 0, {})
    assert Record({}).extra is not record.extra


def test_what_cannot_be_read_is_a_value_error() -> None:
    assert issubclass(Undecodable, ValueError)
