from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.account import AccountRead, called_back, read_account, read_only
from actors.wire.frames import AccountChanged, Unshaped

CHATGPT = AccountRead("chatgpt", "pro", True)
KEY = AccountRead("apiKey", None, True)
NOBODY = AccountRead(None, None, True)


def test_what_is_read():
    account = {"type": "chatgpt", "email": "a@b.c", "planType": "pro", "workspaceName": None}
    reply = {"account": account, "userId": "u", "requiresOpenaiAuth": True, "workspaceRouting": None}
    assert read_account(reply) == CHATGPT
    assert read_account(reply | {"account": {"type": "apiKey"}}) == KEY
    assert read_account(reply | {"account": None, "requiresOpenaiAuth": False}) == AccountRead(None, None, False)
    assert read_account({}) == NOBODY


@pytest.mark.parametrize("result", [None, [], "x", {"account": "secret"}, {"account": {"type": 5}}])
def test_a_strange_reply_is_unshaped_without_its_content(result):
    unshaped = read_account(result)
    assert isinstance(unshaped, Unshaped)
    assert "secret" not in unshaped.reason


@pytest.mark.parametrize("mode", ["chatgpt", "chatgptAuthTokens"])
def test_both_chatgpt_modes_are_chatgpt_once_an_account_is_read(mode):
    updated = called_back(3, AccountChanged(mode, "pro"), CHATGPT)
    assert (updated.auth_mode, updated.authenticated, updated.plan) == ("chatgpt", True, "pro")
    assert (updated.generation, updated.origin, updated.requires_login) == (3, "callback", True)


def test_an_api_key_is_a_login_of_its_own_kind():
    updated = called_back(1, AccountChanged("apikey", None), KEY)
    assert (updated.auth_mode, updated.authenticated) == ("apikey", True)


@pytest.mark.parametrize("read", [None, NOBODY, KEY, AccountRead("", None, True), AccountRead("moon", None, True)])
def test_a_callback_without_its_account_proves_nothing(read):
    updated = called_back(1, AccountChanged("chatgpt", "pro"), read)
    assert (updated.auth_mode, updated.authenticated) == ("chatgpt", False)


@pytest.mark.parametrize("mode", [None, "", "ChatGPT", "chatgpt ", "moon", "authenticated"])
def test_no_mode_or_an_unknown_one_never_authenticates(mode):
    updated = called_back(1, AccountChanged(mode, None), CHATGPT)
    assert not updated.authenticated
    assert updated.auth_mode != "chatgpt"


def test_a_logout_reads_as_nobody():
    updated = called_back(1, AccountChanged(None, None), NOBODY)
    assert (updated.auth_mode, updated.authenticated, updated.plan) == (None, False, None)


@pytest.mark.parametrize(
    ("read", "mode", "authenticated"),
    [
        (CHATGPT, "chatgpt", True),
        (KEY, "apikey", True),
        (NOBODY, None, False),
        (None, None, False),
        (AccountRead("", None, True), None, False),
        (AccountRead("moon", None, True), "moon", False),
        (AccountRead("amazonBedrock", None, True), "amazonBedrock", True),
    ],
)
def test_a_stored_login_is_proved_by_reading_alone(read, mode, authenticated):
    updated = read_only(2, read)
    assert (updated.auth_mode, updated.authenticated) == (mode, authenticated)
    assert updated.origin == "account_read"


def test_a_provider_without_login_says_so():
    assert not read_only(1, AccountRead(None, None, False)).requires_login
    assert read_only(1, None).requires_login
    assert not called_back(1, AccountChanged(None, None), AccountRead(None, None, False)).requires_login


WORDS = st.none() | st.sampled_from(["chatgpt", "chatgptAuthTokens", "apikey", "apiKey", ""]) | st.text(max_size=5)
READS = st.none() | st.builds(AccountRead, WORDS, WORDS, st.booleans())


@given(WORDS, WORDS, READS)
def test_chatgpt_is_proved_only_by_chatgpt_read(mode, plan, read):
    for updated in (called_back(1, AccountChanged(mode, plan), read), read_only(1, read)):
        if updated.authenticated:
            assert read is not None
            assert read.type
            assert (updated.auth_mode == "chatgpt") == (read.type == "chatgpt")


RECORDING = Path(__file__).parents[4] / "shared/data/codex/t2_auth_main.jsonl"


@pytest.mark.skipif(not RECORDING.exists(), reason="the recording is not here")
def test_the_account_replies_of_a_recorded_run_are_read():
    lines = [orjson.loads(line) for line in RECORDING.read_bytes().splitlines()]
    sent = {
        each["line"].get("id"): each["line"] for each in lines if each["dir"] == "out" and "_raw" not in each["line"]
    }
    replies = [
        each["line"]["result"]
        for each in lines
        if each["dir"] == "in" and "result" in each["line"] and sent[each["line"]["id"]]["method"] == "account/read"
    ]
    read = [read_account(reply) for reply in replies]
    assert not any(isinstance(each, Unshaped) for each in read)
    assert {each.type for each in read if isinstance(each, AccountRead)} >= {None, "apiKey", "chatgpt"}
