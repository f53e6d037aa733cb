"""What a program completed is read from its own files alone, torn ends and foreign lines included."""

from __future__ import annotations

from pathlib import Path

import orjson

from chaos.drilling.completed import completed_in


def test_completed_items_are_read_from_every_rollout_file_and_a_torn_end_is_none(tmp_path: Path) -> None:
    def line(item: str, kind: str = "item_completed") -> bytes:
        payload = {"type": kind, "thread_id": "t1", "turn_id": "u1", "item": {"id": item}}
        return orjson.dumps({"payload": payload}) + b"\n"

    folder = tmp_path / "sessions" / "2026" / "11" / "01"
    folder.mkdir(parents=True)
    (folder / "rollout-a.jsonl").write_bytes(line("i1") + b"[]\n" + line("i2", "item_started") + line("i3")[:-9])
    (folder / "rollout-b.jsonl").write_bytes(line("i4"))
    (folder / "notes.jsonl").write_bytes(line("i5"))
    assert completed_in(tmp_path) == {("t1", "u1", "i1"), ("t1", "u1", "i4")}


def test_a_home_without_sessions_completed_nothing(tmp_path: Path) -> None:
    assert completed_in(tmp_path) == set()
