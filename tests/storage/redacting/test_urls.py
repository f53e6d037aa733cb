"""User information and query parameters."""

import pytest

from storage.redaction import redact

SECRET = "x7Kq9Zt2vLm4Rw8Yb3"


@pytest.mark.parametrize(
    "scheme",
    [
        "postgresql",
        "mongodb+srv",
        "redis",
        "rediss",
        "amqp",
        "amqps",
        "mysql",
        "https",
        "ftp",
        "smtp",
        "ldap",
        "jdbc:postgresql",
    ],
)
def test_passwords_in_urls_go_and_the_rest_stays(scheme):
    assert redact(f"{scheme}://bob:{SECRET}@host:1/x").text == f"{scheme}://bob:[REDACTED:url-password]@host:1/x"


def test_tokens_as_users_go():
    assert SECRET not in redact(f"https://{SECRET}@github.com/x.git").text
    assert SECRET not in redact(f"redis://:{SECRET}@cache").text


@pytest.mark.parametrize(
    "name", ["token", "access_token", "api_key", "password", "secret", "sig", "signature", "X-Amz-Signature", "key"]
)
def test_telling_parameters_go(name):
    assert redact(f"https://h/p?a=1&{name}={SECRET}&b=2").text.startswith(f"https://h/p?a=1&{name}=[REDACTED:")
    assert redact(f"https://h/p?{name}={SECRET}&b=2").text.endswith("&b=2")


def test_codes_and_states_go_only_from_login_urls():
    assert SECRET not in redact(f"https://h/callback?code={SECRET}&state={SECRET}").text
    plain = "https://shop/items?code=SUMMER25&state=open"
    assert redact(plain).text == plain


@pytest.mark.parametrize(
    "url",
    [
        "https://user@host/x",
        "http://localhost:8080/@scope/pkg",
        "postgres://user:password@localhost/db",
        "https://$USER:$PASS@host",
        "ssh://git@github.com:22/x",
        "https://h/?q=a@b.c",
    ],
)
def test_ordinary_urls_stay(url):
    assert redact(url).text == url


def test_a_url_whose_slashes_are_escaped_is_one():
    text = r'{"url":"mysql:\/\/root:' + SECRET + r'@db\/shop","n":1}'
    assert redact(text).text == text.replace(SECRET, "[REDACTED:url-password]")
