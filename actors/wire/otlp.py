"""The one shape that OTLP bodies are read into, whatever their encoding, and what they are when they cannot be read.

`otlp_json.py` and `otlp_protobuf.py` read; `claude_telemetry.py` and `codex_telemetry.py` understand; `telemetry.py`
puts both together. Never here: what an event means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NESTING_MAX = 16
"""Arrays and maps inside an attribute. Deeper: the value is replaced by TOO_DEEP."""
TOO_DEEP = "[nested too deeply]"
NO_ID = ("", "0" * 32, "0" * 16)
"""What stands where there is no trace or span."""

Attributes = dict[str, Any]
"""JSON values by name. A repeated name: the last one stands."""


class Undecodable(ValueError):
    """A body that is no OTLP request of its encoding. The text is ours and holds nothing of the body."""


@dataclass(slots=True)
class Record:
    """A log record, a span or a data point."""

    attributes: Attributes
    name: str = ""
    """Of a span or a metric; of a log record what stands in its `eventName`."""
    text: str = ""
    """A log record's body when it is a text."""
    at_ns: int = 0
    """`timeUnixNano`, of a span its start; 0 where the program did not say."""
    observed_ns: int = 0
    """When the exporter saw it, of a span its end."""
    trace_id: str = ""
    """32 hex digits, or empty."""
    span_id: str = ""
    parent_id: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    """What else is worth keeping: events, links and status of a span, value and unit of a point."""


@dataclass(slots=True)
class Group:
    """Records of one resource and scope. None stands for a record that is none."""

    resource: Attributes
    scope: str
    records: Iterator[Record | None]
