import orjson

from chaos.ingest_success import report, success_of


def test_what_is_missing_is_named_and_the_rate_follows_from_it() -> None:
    success = success_of("claude", ["a", "b", "b", "c"], ["a", "b", "z"])
    assert (success.expected, success.stored, success.missing, success.rate) == (4, 2, ("b", "c"), 0.5)


def test_nothing_expected_is_not_measured_and_no_success() -> None:
    assert success_of("codex", [], ["a"]).rate is None


def test_the_report_can_be_computed_again() -> None:
    told = orjson.loads(report([success_of("claude", "ab", "ab"), success_of("codex", "ab", "a")]))["ingest_success"]
    assert told["claude"] == {"expected": 2, "stored": 2, "rate": 1.0, "missing": []}
    assert told["codex"]["missing"] == ["b"]
    assert told["codex"]["stored"] == told["codex"]["expected"] - len(told["codex"]["missing"])
