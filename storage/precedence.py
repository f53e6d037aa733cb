"""Which source is believed when several say the same thing of a session, a turn or an item.

Content is the live stream's before the app-server's history, that before the tool's own files, those before telemetry:
the stream has every field of an item, history the same item unless the tool left it out, a file its own spelling of it,
telemetry at most its name and times. Within one source the later word counts. So what is stored depends on who said
what, never on who came first.
"""

from __future__ import annotations

RANKS = {"stream": 4, "pull": 3, "rollout": 2, "transcript": 2, "otlp": 1}
"""The larger wins. Rollouts and transcripts belong to different tools and never meet."""

NAMES = {
    "stream": "the live stream",
    "pull": "the app-server's history",
    "rollout": "the rollout file",
    "transcript": "the transcript",
    "otlp": "telemetry",
}
"""What the decision log calls them."""


def rank(source: str | None) -> int:
    """How much a source is believed; 0 for none."""
    return RANKS.get(source or "", 0)


def comes_before(source: str, other: str) -> str:
    """The reason in the decision log."""
    return f"{NAMES.get(source, source)} comes before {NAMES.get(other, other)}"
