from __future__ import annotations

import orjson
import pytest

from messages import renderer_reads as say
from messages.renderer_words import Data
from storage.paging import NAME_CHARS_MAX, BadPage, cut, fitting, numbers, places


@pytest.mark.parametrize("cursor", ["", "1", "1.2.3", "1.x", "-1.2", "1.\u0662", "1." + "9" * 20, "9" * 19 + ".1"])
def test_a_cursor_that_we_did_not_give_is_refused(cursor: str) -> None:
    with pytest.raises(BadPage) as refused:
        numbers(cursor, 2)
    assert refused.value.code == "BAD_COMMAND"
    assert numbers("1.22", 2) == [1, 22]


def test_a_name_is_cut_and_one_that_is_missing_stays_so() -> None:
    assert (cut("n" * 1_000), cut(None)) == ("n" * NAME_CHARS_MAX, None)


def test_each_id_has_a_place_in_a_statement() -> None:
    assert places([7, 8, 9]) == "?, ?, ?"


def test_data_that_no_answer_carries_is_refused() -> None:
    data: Data = say.TransitionsData(
        transitions=(say.TransitionLine(n=1, at_ms=1, kind="k", who="w", before="a", after="b", cause="c" * 500),)
    )
    assert orjson.loads(fitting(data, 1_000))["transitions"][0]["from"] == "a"
    with pytest.raises(BadPage):
        fitting(data, 100)
