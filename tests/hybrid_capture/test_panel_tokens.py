"""Who may come in: the run's token, a code once, a session's own token and no other."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hybrid_capture.panel_tokens import CODE_S, CODES_MAX, Entry, NoToken, PanelTokens, read_token, write_token

TOKENS = PanelTokens("run-token-0123456789")


def test_each_run_has_a_token_of_its_own_that_only_its_owner_can_read(tmp_path: Path) -> None:
    first = write_token(tmp_path, "http://127.0.0.1:1")
    second = write_token(tmp_path, "http://127.0.0.1:2")
    assert first != second
    here = read_token(tmp_path)
    assert (here.base, here.token) == ("http://127.0.0.1:2", second)
    assert second not in repr(here)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_without_a_token_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoToken, match="hybrid-capture run"):
        read_token(tmp_path)


def test_a_code_is_good_once_and_not_for_long() -> None:
    tokens = PanelTokens("t")
    code = tokens.code("operator", 0.0)
    assert tokens.once(code, 1.0) == Entry("operator")
    assert tokens.once(code, 1.0) is None
    assert tokens.once(tokens.code("observer", 0.0), CODE_S - 1) == Entry("observer")
    assert tokens.once(tokens.code("operator", 0.0), CODE_S) is None
    assert code not in repr(tokens)


def test_codes_that_wait_are_bounded() -> None:
    tokens = PanelTokens("t")
    codes = [tokens.code("operator", 0.0) for _ in range(CODES_MAX + 1)]
    assert tokens.once(codes[0], 1.0) is None
    assert tokens.once(codes[1], 1.0) is not None


def test_a_sessions_token_is_its_own_and_never_gains_rights() -> None:
    token = TOKENS.of_session("abc", "observer")
    assert TOKENS.known(token) == Entry("observer", "abc")
    assert TOKENS.known(token, "operator") == Entry("observer", "abc")
    operator = TOKENS.of_session("abc", "operator")
    assert TOKENS.known(operator) == Entry("operator", "abc")
    assert TOKENS.known(operator, "observer") == Entry("observer", "abc")
    for forged in (
        token.replace("observer", "operator"), operator.replace("abc", "abd"), operator[:-1], operator + "0",
        PanelTokens("another-run").of_session("abc", "operator"),
    ):  # fmt: skip
        assert TOKENS.known(forged) is None


@pytest.mark.parametrize("said", [None, 7, [], {}, "", "s", "s.operator", "s.operator.x", "\ud800", "x" * 10_000])
def test_what_is_no_token_opens_nothing(said: object) -> None:
    assert TOKENS.known(said) is None
    assert TOKENS.once(said, 0.0) is None
