"""A login that was brought from outside and expired: refused once, named once, and no proof until a new one comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.codex_home import ACCOUNT_ID, unsigned_jwt
from chaos.scripts import ProcessScript
from tests.live.house import House

pytestmark = pytest.mark.live
Build = Callable[..., House]


def bring_tokens(house: House) -> None:
    given = {"kind": "chatgptAuthTokens", "secret": unsigned_jwt(), "accountId": ACCOUNT_ID}
    done = house.runtime.do({"command": "startLogin", **given})
    assert done["ok"], str(dict(done))
    house.active()


def check_expiry(house: House) -> None:
    """Tokens expire in a turn: one refusal, one audit row, one `needs_login`; new tokens work again."""
    bring_tokens(house)
    ended = house.turn(house.thread(), "SCN:refresh now")
    assert ended["status"] == "failed"
    status = house.until_status(lambda s: s["auth"]["state"] == "needs_login", "needs_login")
    assert status["mode"] == "DEGRADED_STREAMING"
    assert len(house.until_rows("SELECT id FROM audit WHERE kind = 'login_expired'", bool)) == 1
    # Reading the account again proves nothing: it still names what expired.
    moves = "SELECT after FROM transitions WHERE what = 'auth' ORDER BY seq"
    before = len(house.until_rows(moves, lambda rows: rows[-1] == ("needs_login",)))
    house.runtime.do({"command": "retryAuth"})
    rows = house.until_rows(moves, lambda rows: len(rows) > before and rows[-1] == ("needs_login",))
    assert rows[before:] == [("authenticating",), ("needs_login",)]
    assert house.runtime.status()["auth"]["state"] == "needs_login"
    assert len(house.rows("SELECT id FROM audit WHERE kind = 'login_expired'")) == 1
    bring_tokens(house)
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"


def test_expired_tokens_from_outside_are_one_clear_needs_login(build: Build) -> None:
    house = build(script=ProcessScript(auth="none"))
    once = "[model_providers.mock]\nstream_max_retries = 0\nrequires_openai_auth = true\n"
    assert house.settings.codex_home is not None
    (house.settings.codex_home / "config.toml").write_text(once)
    with house:
        house.until_status(lambda s: s["auth"]["state"] == "needs_login", "needs_login")
        check_expiry(house)
