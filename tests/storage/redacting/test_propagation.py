"""Further copies of a value that gave itself away."""

from storage.redacting.finding import Span
from storage.redacting.propagation import FEW, Values, is_worth_remembering, spellings, within


def test_words_and_short_values_are_not_remembered():
    assert not is_worth_remembering("hunter2")
    assert not is_worth_remembering("aaaaaaaaaaaa")
    assert not is_worth_remembering("password")
    assert not is_worth_remembering("x" * 5000)
    assert is_worth_remembering("q8ZkP2vLx9Wb")


def test_the_least_recently_seen_value_leaves_at_the_bound():
    values = Values(2)
    for value in ("first1First1", "second2Second2", "third3Third3"):
        values.add(value, "token")
    assert len(values) == 2
    assert values.spans("first1First1") == []
    assert values.spans("a third3Third3")[0].start == 2


def test_few_and_many_values_are_found_alike():
    values = Values()
    known = [f"value{i:03d}Xy{i * 7}" for i in range(FEW * 3)]
    text = " ".join(known)
    for value in known:
        values.add(value, "token")
    assert len(values.spans(text)) == len(known)


def test_other_spellings_are_known():
    assert "p%40ss" in spellings("p@ss")
    assert 'a\\"b' in spellings('a"b')


def test_copies_within_one_text_are_found():
    text = "token=q8ZkP2vLx9Wb then q8ZkP2vLx9Wb"
    assert [(s.start, s.end) for s in within(text, [Span(6, 18, 0, "token")])] == [(6, 18), (24, 36)]


def test_a_repr_counts_only():
    values = Values()
    values.add("q8ZkP2vLx9Wb", "token")
    assert repr(values) == "Values(1)"
