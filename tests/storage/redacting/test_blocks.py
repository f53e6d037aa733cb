"""Secrets over several lines."""

import base64
import random
import string

import pytest

from storage.redaction import redact

RNG = random.Random(2)
LINES = ["".join(RNG.choices(string.ascii_letters + string.digits + "+/", k=64)) for _ in range(5)]
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([BEGIN, *LINES, END]),
        "\n".join([BEGIN, *LINES]) + "\n$ ls",
        "\n".join([*LINES, END]),
        "\r\n".join([BEGIN, *LINES, END]),
        "\\n".join([BEGIN, *LINES, END]),
        "\\\\n".join([BEGIN, *LINES, END]),
        "\n".join("+" + line for line in [BEGIN, *LINES, END]),
        "\n".join("    " + line for line in [BEGIN, *LINES, END]),
        "\n".join(f"{i:6}\t{line}" for i, line in enumerate([BEGIN, *LINES, END])),
        "\n".join(f'  "{line}\\n" +' for line in [BEGIN, *LINES, END]),
        "\n".join([BEGIN, "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,AB", "", *LINES, END]),
        " ".join([BEGIN, *LINES, END]),
        "\n".join([BEGIN, *LINES[:2], "..."]),
    ],
)
def test_no_line_of_a_private_key_survives(text):
    out = redact(f"before\n{text}\nafter").text
    assert [line for line in LINES if line in out] == []
    assert out.startswith("before\n")
    assert out.endswith("after")


def test_public_material_and_talk_about_keys_stay():
    for text in (
        "\n".join(["-----BEGIN CERTIFICATE-----", *LINES, "-----END CERTIFICATE-----"]),
        f"{BEGIN}\nanything\n{END}",
        f'if "{BEGIN}" in text: return',
        "\n".join(["-----BEGIN PUBLIC KEY-----", *LINES, "-----END PUBLIC KEY-----"]),
    ):
        assert redact(text).text == text


def test_code_after_a_cut_off_key_stays():
    code = "def main():\n    return compute(1, 2)\n" * 20
    assert redact("\n".join([BEGIN, *LINES[:2]]) + "\n" + code).text.endswith(code)


def test_every_value_of_a_kubernetes_secret_goes_whatever_its_name():
    value = base64.b64encode(b"nothing telling in here").decode()
    head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n"
    text = f"{head}data:\n  some.conn: {value}\n  file: |\n    {value}\ntype: Opaque\n"
    out = redact(text).text
    assert value not in out
    assert "name: app" in out
    assert "type: Opaque" in out
    assert value not in redact('{"kind": "Secret", "data": {"x": "' + value + '"}}').text
    config = text.replace("Secret", "ConfigMap")
    assert redact(config).text == config


@pytest.mark.parametrize("depth", [1, 2])
def test_base64_that_wraps_a_secret_goes(depth):
    wrapped = b'{"user": "bob", "password": "x7Kq9Zt2vLm4"}'
    for _ in range(depth):
        wrapped = base64.b64encode(wrapped)
    assert redact(f"value {wrapped.decode()} end").text == "value [REDACTED:base64-secret] end"


def test_base64_of_harmless_text_stays():
    harmless = base64.b64encode(b"the password field is required and the token is shown as a table of names").decode()
    assert redact(harmless).text == harmless


def test_the_private_part_of_a_putty_key_goes():
    public = f"PuTTY-User-Key-File-3: ssh-rsa\nPublic-Lines: 1\n{LINES[0]}\n"
    text = f"{public}Private-Lines: 2\n{LINES[1]}\n{LINES[2]}\nPrivate-MAC: ab\n"
    out = redact(text).text
    assert LINES[0] in out
    assert LINES[1] not in out
    assert LINES[2] not in out


def test_a_key_without_its_head_goes_also_when_a_whole_one_follows():
    other = ["".join(RNG.choices(string.ascii_letters + string.digits + "+/", k=64)) for _ in range(5)]
    text = "\n".join([*LINES, END, BEGIN, *other, END, "between", *LINES, END, "after"])
    out = redact(text).text
    assert [line for line in [*LINES, *other] if line in out] == []
    assert out.count("[REDACTED:private-key]") == 3
    assert out.endswith("\nafter")


@pytest.mark.parametrize("end", ["", END])
def test_a_line_of_nothing_but_heads_is_read_once(end):
    # Each head used to look for its end through a quarter of a megabyte: minutes.
    text = f"{BEGIN} " * 30_000 + end
    assert redact(text).text == text


def test_a_line_of_nothing_but_ends_is_read_once():
    text = "\n".join([*LINES * 300, f"{END} " * 300])
    out = redact("\n".join([text] * 8)).text
    assert [line for line in LINES if line in out] == []
