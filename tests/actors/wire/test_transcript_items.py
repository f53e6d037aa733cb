from __future__ import annotations

from actors.wire.transcript_items import block_body, parts_of, result_of, result_text
from tests.actors.wire.file_house import Bytes


def test_a_result_of_texts_is_their_text_and_one_with_an_image_keeps_its_parts() -> None:
    texts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert result_text(texts) == "ab"
    assert result_text("plain") == "plain"
    assert result_text([*texts, {"type": "image"}]) == [*texts, {"type": "image"}]


def test_what_the_tool_tells_twice_is_kept_once() -> None:
    block = {"tool_use_id": "t", "content": "hi"}
    told = {"stdout": "hi", "stderr": "", "originalFile": "whole"}
    assert result_of(block, told, Bytes(b"")) == {
        "status": "completed",
        "result": "hi",
        "toolUseResult": {"stderr": ""},
    }
    assert result_of({**block, "is_error": True}, "Error: hi", Bytes(b"")) == {"status": "failed", "result": "hi"}


def test_a_block_of_an_unknown_kind_is_kept_whole() -> None:
    block = {"type": "dream", "of": ["sheep"]}
    assert block_body(block, "i") == {"type": "dream", "id": "i", "content": block}
    assert block_body({}, "i")["type"] == "unknown"


def test_odd_content_is_no_part() -> None:
    assert parts_of(None) == parts_of(7) == parts_of(["x"]) == []
