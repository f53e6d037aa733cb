"""The door to the database fails closed."""

from __future__ import annotations

from storage import redaction
from storage.cleaning import ERROR_RULE, ERROR_TEXT, Cleaner, cut
from storage.redacting import finding
from tests.storage.story import HIDDEN, SECRET, FakeRedaction


def test_a_text_is_redacted_before_it_is_cut() -> None:
    # Cut first, and half a secret would pass unknown.
    assert Cleaner(FakeRedaction()).text(f"key {SECRET}", 12) == f"key {HIDDEN}"[:11] + "…"


def test_a_text_that_cannot_be_redacted_is_hidden_and_counted() -> None:
    cleaner = Cleaner(FakeRedaction())
    assert cleaner.text("EXPLODE") == ERROR_TEXT
    assert cleaner.text("FAIL") == ERROR_TEXT
    assert cleaner.failures == 2


def test_a_body_that_cannot_be_redacted_is_not_given_out() -> None:
    cleaner = Cleaner(FakeRedaction())
    assert cleaner.body({"a": "EXPLODE"}) == (None, True)
    assert cleaner.body({"a": "FAIL", "b": "c"}) == ({"a": ERROR_TEXT, "b": "c"}, True)
    assert cleaner.body({"a": SECRET}) == ({"a": HIDDEN}, False)
    assert cleaner.failures == 2


def test_a_redaction_that_changes_the_shape_is_not_trusted() -> None:
    class Flat(FakeRedaction):
        def redact_json(self, value: object, *, rules: list[str] | None = None) -> object:
            return "flat"

    assert Cleaner(Flat()).body({"a": "b"}) == (None, True)


def test_words_are_redacted_once() -> None:
    class Counting(FakeRedaction):
        calls = 0

        def redact(self, text: str) -> finding.Redacted:
            self.calls += 1
            return super().redact(text)

    counting = Counting()
    cleaner = Cleaner(counting)
    assert [cleaner.word(SECRET) for _ in range(3)] == [HIDDEN] * 3
    assert counting.calls == 1
    assert len(cleaner.word("x" * 900)) == 200


def test_the_engine_means_the_same_by_an_error() -> None:
    assert (finding.ERROR_RULE, finding.ERROR_TEXT) == (ERROR_RULE, ERROR_TEXT)
    assert Cleaner(redaction).text("plain words") == "plain words"


def test_cutting_leaves_a_mark() -> None:
    assert cut("12345", 5) == "12345"
    assert cut("123456", 5) == "1234…"


def test_what_no_utf_8_holds_does_not_reach_the_database() -> None:
    assert Cleaner(FakeRedaction()).text("caf\udce9 caf\u00e9 \U0001f600") == "caf? caf\u00e9 \U0001f600"
