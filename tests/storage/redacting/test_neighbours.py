"""Names and values side by side."""

import pytest

from storage.redaction import redact

SECRET = "x7Kq9Zt2vLm4Rw8Yb3"


@pytest.mark.parametrize(
    "text",
    [
        "--password {}",
        "-token '{}'",
        'System.setProperty("api_token", "{}")',
        "setenv('DB_PASSWORD', '{}')",
        '{{"Name": "API_KEY", "Value": "{}"}}',
        '- name: API_KEY\n  value: "{}"',
        '<add key="Password" value="{}"/>',
        "<password>\n  {}\n</password>",
        "the password is {} for now",
        "API key: {}",
        "Generated password for admin: {}",
        "│ secret_key │ {} │",
        "set -gx API_TOKEN {}",
        "gh secret set API_TOKEN {}",
    ],
)
def test_the_value_goes(text):
    assert SECRET not in redact(text.format(SECRET)).text


@pytest.mark.parametrize(
    "text",
    [
        "--password is required",
        "Use --token to authenticate",
        'choices=["password", "token"]',
        "t('password', 'Password')",
        "<token>word</token>",
        "the password is required",
        "the token was revoked yesterday",
        "| password | string | required |",
        "set password policy",
    ],
)
def test_words_stay(text):
    assert redact(text).text == text
