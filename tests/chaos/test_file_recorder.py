from __future__ import annotations

import orjson

from chaos.file_recorder import LIST_MAX, TEXT_CHARS_MAX, trimmed


def test_a_recorded_line_keeps_its_form_and_loses_its_bulk_and_its_place() -> None:
    line = {
        "type": "x",
        "cwd": "/tmp/abc/workspace",
        "prompt": "p" * 9_000,
        "many": list(range(99)),
        "deep": {"a": None},
    }
    kept = orjson.loads(trimmed(orjson.dumps(line), {"/tmp/abc": "/home/user"}))
    assert kept["cwd"] == "/home/user/workspace"
    assert len(kept["prompt"]) < TEXT_CHARS_MAX
    assert len(kept["many"]) == LIST_MAX
    assert kept["deep"] == {"a": None}
