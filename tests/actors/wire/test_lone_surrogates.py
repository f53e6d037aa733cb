"""Half a character in a JSON document costs that character, and not the document."""

from __future__ import annotations

import orjson
import pytest

from actors.wire.lone_surrogates import loads


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\uDE00 begins in the middle"', "\ufffd begins in the middle"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\ud83d\n\\ud83d \u00e9"', "\ufffd\n\\ud83d \u00e9"),
        (rb'"\ud83d\ude00 whole"', "\U0001f600 whole"),
        (rb'{"\udfff": "\ud800"}', {"\ufffd": "\ufffd"}),
    ],
)
def test_half_a_character_is_replaced_and_everything_else_stands(line: bytes, said: object) -> None:
    assert loads(line) == said


@pytest.mark.parametrize("line", [b"", b"{", rb'"\ud83', rb'{"\ud83d": ', b'"\xff"', rb'"\x41 \ud83d"'])
def test_what_is_no_json_for_another_reason_is_none(line: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        loads(line)
