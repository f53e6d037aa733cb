"""Which capture mode holds. Derived from facts at every change, never latched. DESIGN section 3."""

from __future__ import annotations

from dataclasses import dataclass

from messages.status import AuthState, CaptureMode, SidecarState


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the mode depends on."""

    baseline_healthy: bool
    """The store commits and every source works."""
    baseline_working: bool
    """The store commits and at least one source works."""
    baseline_reason: str
    stream_expected: bool
    stream_unexpected_reason: str
    sidecar: SidecarState
    sidecar_error: str
    initialize_sent: bool
    initialized: bool
    auth: AuthState
    auth_reason: str
    stream_healthy: bool
    stream_reason: str
    broken_part: str
    """Why a stream part (actor) cannot work, or empty."""


def stream_ready(facts: Facts) -> bool:
    """Decision 2, word for word."""
    return (
        facts.initialize_sent
        and facts.initialized
        and facts.auth == "authenticated"
        and facts.stream_healthy
        and not facts.broken_part
    )


def mode_of(facts: Facts) -> tuple[CaptureMode, str]:
    """The mode and why, as one sentence for a person."""
    if not facts.baseline_working:
        also = "; the live stream is still captured" if stream_ready(facts) and facts.stream_expected else ""
        return "FAILURE", f"durable baseline is not working: {facts.baseline_reason}{also}"
    if not facts.stream_expected:
        part = "" if facts.baseline_healthy else f"; part of the baseline is not working: {facts.baseline_reason}"
        return "OTEL_ONLY", facts.stream_unexpected_reason + part
    if stream_ready(facts):
        if not facts.baseline_healthy:
            return "DEGRADED_STREAMING", f"part of the durable baseline is not working: {facts.baseline_reason}"
        return "HYBRID_ACTIVE", "baseline and live stream are healthy"
    return "DEGRADED_STREAMING", _why_not_ready(facts)


def _why_not_ready(facts: Facts) -> str:
    if facts.broken_part:
        return facts.broken_part
    if facts.sidecar != "running":
        said = f": {facts.sidecar_error}" if facts.sidecar_error else ""
        return f"sidecar is {facts.sidecar}{said}"
    if not facts.initialized:
        return "handshake with the sidecar is not done"
    if facts.auth != "authenticated":
        said = f": {facts.auth_reason}" if facts.auth_reason else ""
        return f"auth is {facts.auth}{said}"
    return f"stream is not healthy: {facts.stream_reason}"
