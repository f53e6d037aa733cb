"""What a line is worth."""

from __future__ import annotations

from storage.linking.lines import CREATED, DELETED, bare, counted, weight


def test_a_line_is_the_same_however_a_formatter_leaves_it() -> None:
    assert bare("  print('a', b),") == bare('print("a",b)') == bare("\tprint( `a`, b );")
    assert bare("cafe\u0301 = 1") == bare("caf\u00e9 = 1")


def test_empty_and_redacted_lines_are_no_evidence() -> None:
    assert counted(["", "   ", "key = '[REDACTED:aws-key]'", "x = compute()", "x = compute()"]) == {"x=compute()": 2}


def test_blanks_count_between_words_only() -> None:
    assert bare("return  None") == "return None"
    assert bare("returnNone") != bare("return None")
    assert bare("a [ 1 ]  =  b") == "a[1]=b"


def test_a_line_of_words_that_every_program_has_proves_little() -> None:
    for line in ("for item in items:", "except ValueError:", "if (err != null) { return null; }", "    return result"):
        assert weight(bare(line)) <= 0.2
    assert weight(bare("for order in pending_orders:")) == 1.0


def test_a_brace_proves_nothing_and_a_long_line_all() -> None:
    assert weight(bare("  }")) < 0.05 < weight(bare("else:")) < weight(bare("count += 7")) < 1
    assert weight(bare("total = price * amount")) == 1.0
    assert weight(DELETED) > 1 > weight(CREATED)
