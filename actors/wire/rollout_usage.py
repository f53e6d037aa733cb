"""How many tokens a response took, by a rollout: from a record of its own, or, in an older file, from the growth of the
session's total."""

from __future__ import annotations

from actors.wire.gathered import Json, text_of, whole_of, words
from actors.wire.rollout_reading import Reading
from messages.baseline import ResponseUsage

TOKENS = {
    "input": "input_tokens",
    "cached": "cached_input_tokens",
    "cache_written": "cache_write_input_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_output_tokens",
    "total": "total_tokens",
}
"""Our names of token counts, and upstream's."""


def usage_record(reading: Reading, kind: str, payload: Json) -> None:
    """The tokens of one response, by its id, and what its thread used up to then."""
    usage, response_id = payload.get("usage"), text_of(payload.get("response_id"))
    turn_id = text_of(payload.get("turn_id")) or reading.state.turn or None
    if not isinstance(usage, dict) or response_id is None:
        reading.got.drop("malformed", reading.state.session, "a token_usage_record without usage or id", reading.when)
        return
    owner = text_of(payload.get("thread_id")) or reading.state.session
    _use(reading, owner, turn_id, response_id, tokens_of(usage))
    total = payload.get("thread_token_usage")
    if isinstance(total, dict):
        reading.state.tokens = tokens_of(total)


def token_count(reading: Reading, payload: Json) -> None:
    """The session's running total, told again and again: at a compaction, at an interrupt, for rate limits alone.

    Older files have no other count, so a response's tokens are the growth of the total; where it did not grow nothing
    was used. A total that shrank began anew. The total names the response: told again, it is the same one.
    """
    state, total = reading.state, words(payload, "info", "total_token_usage")
    if not isinstance(total, dict):
        reading.count("control")
        return
    now = tokens_of(total)
    before, state.tokens = state.tokens, now
    grown = {name: count - before.get(name, 0) for name, count in now.items()}
    if any(count < 0 for count in grown.values()):
        last = words(payload, "info", "last_token_usage")
        grown = tokens_of(last) if isinstance(last, dict) else now
    if not any(grown.values()):
        reading.count("control")
        return
    owner = state.owner(state.turn) if state.turn else state.session
    response_id = "total:" + ":".join(str(now.get(name, 0)) for name in ("input", "output", "total"))
    _use(reading, owner, state.turn or None, response_id, grown)


def _use(reading: Reading, owner: str, turn_id: str | None, response_id: str, tokens: dict[str, int]) -> None:
    reading.got.usage.append(
        ResponseUsage(
            session_id=owner,
            turn_id=turn_id,
            response_id=response_id,
            model=reading.state.model,
            at_ms=reading.at_ms,
            frames=1,
            **tokens,
        )
    )


def tokens_of(usage: Json) -> dict[str, int]:
    """Upstream's counts by our names; absent ones are left out."""
    counts = {ours: whole_of(usage.get(theirs)) for ours, theirs in TOKENS.items()}
    return {name: count for name, count in counts.items() if count is not None}
