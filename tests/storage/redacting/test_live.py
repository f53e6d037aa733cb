"""The hold-back buffer."""

from storage.redacting.live import HELD_CHARS_MAX, LiveRedactor, safe_cut

TOKEN = "ghp_" + "aB3dE5gH7jK9" * 3
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo3ODkwYWJjZGVmZ2hpamtsbW5vcHFy\n" * 4


def test_a_line_is_given_only_when_it_is_complete():
    live = LiveRedactor()
    assert live.feed("hello ") == ""
    assert live.feed("world\nnext") == "hello world\n"
    assert live.finish() == "next"


def test_a_token_cut_in_two_is_never_shown():
    live = LiveRedactor()
    out = live.feed(f"use {TOKEN[:15]}") + live.feed(TOKEN[15:] + " now\n") + live.finish()
    assert out == "use [REDACTED:github-pat] now\n"


def test_a_private_key_is_held_until_it_is_whole():
    live = LiveRedactor()
    assert live.feed("cat key\n") == "cat key\n"
    assert live.feed(KEY) == ""
    out = live.feed("-----END RSA PRIVATE KEY-----\n$ \n")
    assert out == "[REDACTED:private-key]\n$ \n"


def test_the_line_before_explains_the_line_after():
    live = LiveRedactor()
    out = live.feed("- name: DB_PASSWORD\n") + live.feed("  value: x7Kq9Zt2vLm4\n") + live.finish()
    assert out == "- name: DB_PASSWORD\n  value: [REDACTED:password]\n"


def test_at_the_bound_the_held_text_becomes_one_line():
    live = LiveRedactor(held_chars_max=1000)
    out = "".join(live.feed("x" * 100) for _ in range(30))
    assert out == "[REDACTED:held_back]\n"
    assert live.feed("tail of the long line\nok\n") == "ok\n"
    assert [f.rule for f in live.findings] == ["held_back"]
    assert HELD_CHARS_MAX == 65536


def test_offsets_count_everything_fed():
    live = LiveRedactor()
    fed = ["one\n", f"token {TOKEN}\n", f"again {TOKEN}\n"]
    for piece in fed:
        live.feed(piece)
    whole = "".join(fed)
    assert [whole[f.start : f.end] for f in live.findings] == [TOKEN, TOKEN]


def test_an_apostrophe_does_not_stop_prose():
    live = LiveRedactor()
    assert live.feed("it's fine, don't worry\nnext\n") == "it's fine, don't worry\nnext\n"


def test_cuts_avoid_open_keys_and_waiting_lines():
    assert safe_cut("a\nb") == 2
    assert safe_cut("a\n" + KEY) == 2
    assert safe_cut("a\npassword:\n") == 2
    assert safe_cut("no break") == 0


def test_printing_shows_a_size():
    live = LiveRedactor()
    live.feed(TOKEN)
    assert repr(live) == f"LiveRedactor(held={len(TOKEN)})"


def test_the_data_of_a_manifest_wait_for_their_kind():
    live = LiveRedactor()
    manifest = "apiVersion: v1\ndata:\n  a: cGFzc3dvcmQxMjM0NTY3OA==\nkind: Secret\nmetadata:\n  name: x\n"
    shown = [live.feed(line) for line in manifest.splitlines(keepends=True)]
    assert shown[:4] == ["apiVersion: v1\n", "", "", "data:\n  a: [REDACTED:kubernetes-secret]\nkind: Secret\n"]


def test_data_that_belong_to_no_manifest_are_not_held_for_long():
    live = LiveRedactor()
    shown = [live.feed(line) for line in ("data:\n", "  a: 1\n", *["text\n"] * 5)]
    assert "".join(shown) == "data:\n  a: 1\n" + "text\n" * 5


def test_a_line_of_many_strings_is_read_once():
    # For each string the rest of the line used to be copied: an hour for this one.
    assert safe_cut('k:"v",' * 1_000_000 + "k\n") == 6_000_002
    assert safe_cut("a\n" + 'k:"v",' * 1_000 + 'k:"open\n') == 2


def test_a_long_line_waits_for_the_next_by_how_it_ends():
    assert safe_cut("a\n" + "x " * 5_000 + "password:\n") == 2
    assert safe_cut("x:" * 4_096 + " and so on\n") == 8_203
