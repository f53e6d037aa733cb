"""Authorization schemes and cookies."""

import pytest

from storage.redaction import redact

SECRET = "x7Kq9Zt2vLm4Rw8Yb3"


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer {}",
        "authorization: token {}",
        "Proxy-Authorization: Bearer {}",
        "'Authorization': 'Bearer {}'",
        '"authorization": "Bearer {}"',
        "headers.set('Authorization', 'Bearer {}')",
        "Authorization: ApiKey {}",
        "Authorization: {}",
        "Authorization: SSWS {}",
        'Authorization: Digest username="bob", response="{}"',
        "sent Bearer {} to host",
        "Cookie: session={}; theme=dark",
        "Set-Cookie: sid={}; Path=/",
    ],
)
def test_the_credential_goes(line):
    assert SECRET not in redact(line.format(SECRET)).text


def test_basic_credentials_must_decode_to_a_pair():
    assert redact("Authorization: Basic Ym9iOnNlY3JldA==").text == "Authorization: Basic [REDACTED:authorization]"
    assert redact("Authorization: Basic realm").text == "Authorization: Basic realm"


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer $TOKEN",
        "Authorization: Bearer <token>",
        "authorization: required",
        "Bearer authentication",
        "Cookie: lang=en; theme=dark",
    ],
)
def test_talk_about_headers_stays(line):
    assert redact(line).text == line
