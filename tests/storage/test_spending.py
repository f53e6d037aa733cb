"""What was spent, counted once, whoever told it."""

from __future__ import annotations

from typing import Any

from storage.spending import of_session, of_turn


def row(total: int, *, in_file: bool = True, cost: int | None = None) -> dict[str, Any]:
    return {"input": total - 1, "output": 1, "total": None, "cost_usd_micros": cost, "in_file": in_file}


STREAM = {"input": 25, "cached": 3, "output": 5, "reasoning": 1, "total": 30}


def test_the_file_s_responses_count_for_an_ended_codex_turn() -> None:
    found = of_turn("codex", "completed", [row(10), row(20)], STREAM)
    assert found is not None
    assert (found["total"], found["responses"], found["told_by"]) == (30, 2, "files")


def test_the_stream_counts_when_no_file_tells() -> None:
    found = of_turn("codex", "completed", [], STREAM)
    assert found is not None
    assert (found["total"], found["cached"], found["responses"], found["told_by"]) == (30, 3, None, "stream")


def test_while_a_turn_runs_the_larger_of_file_and_stream_counts() -> None:
    for streamed, total in ((5, 10), (30, 30)):
        found = of_turn("codex", "inProgress", [row(10)], {**STREAM, "total": streamed})
        assert found is not None
        assert found["total"] == total


def test_claude_s_responses_are_told_by_id_so_all_of_them_count() -> None:
    turn = of_turn("claude", None, [row(10, cost=5), row(20, in_file=False, cost=7)], None)
    found = of_session("claude", [turn], [row(4, in_file=False)], [row(20, in_file=False), row(4, in_file=False)])
    assert found is not None
    assert (found["total"], found["cost_usd_micros"], found["responses"]) == (34, 12, 3)


def test_telemetry_of_codex_is_not_added_to_what_file_and_stream_tell() -> None:
    turn = of_turn("codex", "completed", [row(30)], STREAM)
    loose = [row(30, in_file=False)]
    found = of_session("codex", [turn], loose, loose)
    assert found is not None
    assert (found["total"], found["told_by"]) == (30, "files")


def test_telemetry_of_codex_counts_when_it_alone_knows() -> None:
    loose = [row(30, in_file=False), row(40, in_file=False)]
    found = of_session("codex", [None], loose, loose)
    assert found is not None
    assert (found["total"], found["told_by"]) == (70, "telemetry")


def test_what_nobody_told_is_unknown() -> None:
    assert of_turn("codex", "completed", [], None) is None
    assert of_session("claude", [None], [], []) is None
