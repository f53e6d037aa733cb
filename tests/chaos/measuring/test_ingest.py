"""Ingest success is what a program told, session by session, against the rows: what is missing is named."""

from __future__ import annotations

from chaos.measuring.ingest import Told, judged


def test_claude_s_items_are_looked_for_by_their_ids_and_its_prompts_by_their_number() -> None:
    sessions = {"s1": Told("tools", ["a", "b", "userMessage", "userMessage"]), "s2": Told("plain", ["c"])}
    rows = [("s1", "a", "agentMessage"), ("s1", "u1", "userMessage"), ("s1", "z", "reasoning"), ("s3", "c", "toolCall")]
    first, second = judged("claude", sessions, rows)
    assert (first["truth"], first["stored"], first["missing"]) == (4, 2, ["b", "userMessage"])
    assert (second["truth"], second["stored"], second["missing"]) == (1, 0, ["c"]), "another session's is not its own"


def test_codex_prints_no_ids_so_its_items_are_counted_by_kind() -> None:
    sessions = {"s1": Told("shell", ["commandExecution", "agentMessage", "agentMessage", "userMessage"])}
    rows = [("s1", "i1", "agentMessage"), ("s1", "i2", "commandExecution"), ("s1", "u1", "userMessage")]
    [row] = judged("codex", sessions, rows)
    assert (row["truth"], row["stored"], row["missing"]) == (4, 3, ["agentMessage"])
