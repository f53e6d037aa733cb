"""Settling overlaps and writing placeholders."""

from storage.redacting.finding import Finding, Redacted, Span, placeholder, render, settle


def test_the_earliest_and_longest_span_wins_and_swallows_the_rest():
    spans = [Span(4, 9, 0, "late"), Span(0, 6, 2, "first"), Span(0, 5, 0, "short")]
    assert settle(spans, []) == [Span(0, 9, 2, "first")]


def test_equal_spans_go_to_the_lower_priority_then_to_the_name():
    assert settle([Span(0, 5, 2, "a"), Span(0, 5, 0, "z")], [])[0].rule == "z"
    assert settle([Span(0, 5, 1, "b"), Span(0, 5, 1, "a")], [])[0].rule == "a"


def test_placeholders_already_there_are_cut_out():
    assert settle([Span(0, 10, 2, "a")], [(4, 10)]) == [Span(0, 4, 2, "a")]
    assert settle([Span(4, 10, 2, "a")], [(0, 12)]) == []


def test_rendering_keeps_everything_else():
    out = render("key=abc;", [Span(4, 7, 0, "token")])
    assert out == Redacted("key=[REDACTED:token];", (Finding("token", 4, 7),))
    assert placeholder("token") == "[REDACTED:token]"
    assert render("same", []).text == "same"


def test_results_print_sizes_not_content():
    assert repr(Redacted("hello", ())) == "Redacted(chars=5, findings=0)"
