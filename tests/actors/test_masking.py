"""A mask keeps sizes and sameness, and nothing of what was said."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.masking import COMMAND_KEYS, Mask
from chaos.scripts import PLANTED_SECRETS

MASK = Mask(b"one")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(TEXTS)
@settings(deadline=None)
def test_a_masked_text_is_as_long_as_before_in_letters_in_bytes_and_as_json(text: str) -> None:
    masked = MASK.text(text)
    assert len(masked) == len(text)
    assert len(masked.encode()) == len(text.encode())
    assert len(orjson.dumps(masked)) == len(orjson.dumps(text))


def test_no_letter_of_a_text_stays_and_what_was_the_same_still_is() -> None:
    text = "Grüße, hunter2 said: 秘密 🔑 go!"
    masked = MASK.text(text)
    assert masked == MASK.text(text)
    assert masked != Mask(b"two").text(text)
    assert not {"Gr", "hunter2", "said", "秘密", "🔑"} & set(masked.replace(",", " ").split())
    assert masked.count(" ") == text.count(" ")
    assert MASK.text("hunter3") != MASK.text("hunter2")


def test_a_word_stays_unless_it_is_a_secret_or_no_word() -> None:
    assert MASK.word("item/completed") == "item/completed"
    assert MASK.word("0199a213-81c0-7800-8aa1-bbab2a035a53") == "0199a213-81c0-7800-8aa1-bbab2a035a53"
    assert MASK.word("two words") != "two words"
    token = "ghp_" + "Zx81kQ0vLmN3bT7cYw5dRf2hJp9sEa4gUi6o"
    assert MASK.word(token) != token
    assert len(MASK.word(token)) == len(token)


@given(st.lists(JSON.map(orjson.dumps) | st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b" ")), max_size=4))
@settings(deadline=None)
def test_lines_stay_as_many_and_as_long(lines: list[bytes]) -> None:
    masked = MASK.lines(b"\n".join(lines)).split(b"\n")
    assert [len(line) for line in masked] == [len(line) for line in lines] or not lines


def test_a_line_keeps_what_machines_decide_by() -> None:
    line = orjson.dumps(
        {"method": "item/completed", "params": {"threadId": "t1", "item": {"id": "i1", "text": "a key"}}}
    )
    masked = orjson.loads(MASK.line(line))
    assert masked["method"] == "item/completed"
    assert masked["params"]["threadId"] == "t1"
    assert masked["params"]["item"]["id"] == "i1"
    assert masked["params"]["item"]["text"] not in ("a key", "")


def test_a_renderers_command_keeps_its_name_and_loses_its_words() -> None:
    said = orjson.dumps({"command": "startTurn", "commandId": "c1", "threadId": "t1", "text": "delete all"})
    masked = orjson.loads(MASK.line(said, COMMAND_KEYS))
    assert (masked["command"], masked["commandId"], masked["threadId"]) == ("startTurn", "c1", "t1")
    assert "delete" not in masked["text"]


def test_planted_secrets_are_not_in_masked_lines_under_any_name() -> None:
    for secret in PLANTED_SECRETS.values():
        for key in ("text", "id", "command", secret):
            assert secret.encode() not in MASK.line(orjson.dumps({key: secret, "list": [secret]}))
