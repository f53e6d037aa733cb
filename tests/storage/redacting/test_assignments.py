"""Assignments in any language."""

import pytest

from storage.redaction import redact

SECRET = "x7Kq9Zt2vLm4Rw8Yb3"


@pytest.mark.parametrize(
    "line",
    [
        "API_TOKEN={}",
        "export API_TOKEN={}",
        'api_token = "{}"',
        "apiToken: '{}',",
        '"apiToken": "{}"',
        '\\"apiToken\\": \\"{}\\"',
        "api_token => '{}'",
        "api_token := `{}`",
        'var apiToken string = "{}"',
        "apiToken: str = '{}'",
        "os.environ['API_TOKEN'] = '{}'",
        'config["api_token"] = "{}"',
        "self.api_token = b'{}'",
        "api.token={}",
        "api-token: {}",
        "+  api_token: {}",
        "- api_token: {}",
        "//host/:_authToken={}",
        "Server=x;Password={};Encrypt=true",
        "api_token ?= '{}'",
        "api_token ||= '{}'",
        "<api_token>{}</api_token>",
        "| api_token | {} |",
        "--api-token {}",
        "--api-token={}",
        "ENV API_TOKEN {}",
        "api_token: |\n  {}\n",
        "name: API_TOKEN\nvalue: {}",
    ],
)
def test_the_value_goes_in_every_notation(line):
    text = line.format(SECRET)
    out = redact(text).text
    assert SECRET not in out
    assert out.split("[REDACTED")[0] == text.split(SECRET)[0]
    assert out.rpartition("]")[2] == text.rpartition(SECRET)[2]


def test_a_quote_inside_a_value_does_not_leak_its_tail():
    assert "tail99" not in redact('password = "abc\\"tail99"').text
    assert "tail99" not in redact('{"a": "{\\"password\\": \\"x1\\\\\\"tail99\\"}"}').text


def test_weak_passwords_are_hidden_where_only_a_value_can_stand():
    assert redact("DB_PASSWORD=sunshine").text == "DB_PASSWORD=[REDACTED:password]"
    assert (
        redact("host=db user=app password=sunshine dbname=x").text
        == "host=db user=app password=[REDACTED:password] dbname=x"
    )
    assert redact("connect(user=user, password=password)").text == "connect(user=user, password=password)"


@pytest.mark.parametrize("blanks", [1, 12, 13, 24, 40])
def test_columns_that_are_made_even_hide_nothing_from_view(blanks):
    secret = "6UeCM5Vi1wH5SanfkxMC"
    line = f'      + password{" " * blanks}= "{secret}"'
    assert redact(line).text == line.replace(secret, "[REDACTED:password]")
