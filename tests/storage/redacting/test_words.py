"""What a field's name says about its value."""

import pytest

from storage.redacting.words import COOKIE, HEADER, PASSWORD, TOKEN, WEAK, kind, words


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("password", PASSWORD),
        ("DB_PASSWORD", PASSWORD),
        ("dbPassword", PASSWORD),
        ("MYSQL_PWD", PASSWORD),
        ("passphrase", PASSWORD),
        ("password2", PASSWORD),
        ("token", TOKEN),
        ("accessToken", TOKEN),
        ("API_KEY", TOKEN),
        ("apiKey", TOKEN),
        ("x-api-key", TOKEN),
        ("client_secret", TOKEN),
        ("AWS_SECRET_ACCESS_KEY", TOKEN),
        ("secret_key_base", TOKEN),
        ("_authToken", TOKEN),
        ("PrivateKey", TOKEN),
        ("AccountKey", TOKEN),
        ("API_KEY_PROD", TOKEN),
        ("Authorization", HEADER),
        ("Proxy-Authorization", HEADER),
        ("Cookie", COOKIE),
        ("Set-Cookie", COOKIE),
        ("credential", WEAK),
        ("_auth", WEAK),
        ("max_tokens", ""),
        ("input_tokens", ""),
        ("token_count", ""),
        ("tokenType", ""),
        ("secretName", ""),
        ("passwordField", ""),
        ("password_reset_url", ""),
        ("public_key", ""),
        ("primary_key", ""),
        ("cache_key", ""),
        ("prompt_cache_key", ""),
        ("key", ""),
        ("monkey", ""),
        ("author", ""),
        ("hashKey", ""),
        ("csrf_token", ""),
        ("next_token", ""),
        ("credentialsId", ""),
        ("keyboard", ""),
        ("compass", ""),
        ("bypass", ""),
        ("", ""),
    ],
)
def test_a_name_tells(name, what):
    assert kind(name) == what


def test_names_are_read_as_words():
    assert words("apiKeyV2") == ["api", "key", "v", "2"]
    assert words("HTTPServer_port") == ["http", "server", "port"]
