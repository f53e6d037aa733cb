"""Checks that come with a format's own definition."""

import base64

from storage.redacting.validators import (
    entropy,
    has_digit,
    has_mixed,
    is_aws_secret,
    is_discord,
    is_dummy,
    is_jwt,
    unbase64,
)


def test_entropy_is_bits_per_character():
    assert entropy("") == 0.0
    assert entropy("aaaa") == 0.0
    assert entropy("abcd") == 2.0


def test_base64_is_read_with_and_without_padding_and_never_raises():
    assert unbase64("aGk=") == b"hi"
    assert unbase64("aGk") == b"hi"
    assert unbase64("a") is None
    assert unbase64("!!!!") is None
    assert unbase64("A" * 200_000) is None


def test_headers_and_ids_inside_tokens_are_checked():
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    assert is_jwt(head + ".x.y")
    assert not is_jwt("bm90anNvbg.x.y")
    assert is_discord(base64.b64encode(b"198622483471925248").decode() + ".a.b")
    assert not is_discord("TnotAnId.a.b")


def test_spread_and_stand_ins():
    assert has_mixed("aB3")
    assert not has_mixed("ab3")
    assert has_digit("a1b2")
    assert is_aws_secret("wJ4rXUtn7EMIaK7MDENGbPxRfiCYzq2b9Kd0LmQs")
    assert not is_aws_secret("a/path/with/many/words/and/no/secret/xyz")
    assert is_dummy("ghp_xxxxxxxxxxxxxxxx")
    assert not is_dummy("ghp_a8Kd02LmQs7bPxRf")
