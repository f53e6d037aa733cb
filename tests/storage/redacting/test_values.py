"""Whether what stands beside a telling name is a secret."""

import random
import string

import pytest

from storage.redacting.values import BARE, ENV, LINE, QUOTED, is_gibberish, is_secret, is_standin, looks_random
from storage.redacting.words import PASSWORD, TOKEN


@pytest.mark.parametrize(
    "value",
    [
        "$TOKEN",
        "${TOKEN}",
        "$(cat x)",
        "{{ token }}",
        "<token>",
        "%TOKEN%",
        "process.env.X",
        "os.environ['X']",
        "xxxxxxxx",
        "********",
        "YOUR_API_KEY",
        "your-token-here",
        "changeme",
        "null",
        "string",
        "op://v/i/f",
        "vault://x",
        "arn:aws:secretsmanager:x",
        "sk-...",
        "!vault",
        "AKIAIOSFODNN7EXAMPLE",
        "[REDACTED:token]",
        "var.password",
    ],
)
def test_references_and_placeholders_are_recognised(value):
    assert is_standin(value)


@pytest.mark.parametrize(
    "value", ["hunter2x", "S3cr3t!", "TestSourcePassword", "d7f3a9c1e5b2", "correct-horse-battery-staple"]
)
def test_secrets_are_not_taken_for_placeholders(value):
    assert not is_standin(value)


@pytest.mark.parametrize(
    ("value", "kind", "shape", "upper", "hidden"),
    [
        ("hunter2", PASSWORD, QUOTED, False, True),
        ("rootpasswd", PASSWORD, QUOTED, False, True),
        ("correct horse battery", PASSWORD, QUOTED, False, True),
        ("Enter your password", PASSWORD, QUOTED, False, False),
        ("hunter", PASSWORD, ENV, True, True),
        ("password_from_user", PASSWORD, ENV, False, False),
        ("self.password", PASSWORD, BARE, False, False),
        ("get_password()", PASSWORD, BARE, False, False),
        ("str", PASSWORD, BARE, False, False),
        ("hunter2!", PASSWORD, LINE, False, True),
        ("q8ZkP2vLx9WbR3nT5yUc==", TOKEN, LINE, False, True),
        ("bearer", TOKEN, QUOTED, False, False),
        ("access_token", TOKEN, QUOTED, False, False),
        ("MY_SECRET_NAME", TOKEN, QUOTED, False, False),
        ("8ubbt6x1dabwczrzf", TOKEN, BARE, False, True),
        ("token2", TOKEN, BARE, False, False),
        ("^5.0", PASSWORD, QUOTED, False, False),
        ("/run/secrets/token", TOKEN, ENV, True, False),
        ("0x" + "ab12" * 10, TOKEN, BARE, False, False),
        ("https://host/token", TOKEN, QUOTED, False, False),
    ],
)
def test_a_value_is_judged_with_what_stands_around_it(value, kind, shape, upper, hidden):
    assert is_secret(value, kind, shape, upper=upper) is hidden


def test_random_strings_are_told_from_words():
    rng = random.Random(5)
    letters = ["".join(rng.choices(string.ascii_lowercase, k=20)) for _ in range(500)]
    mixed = ["".join(rng.choices(string.ascii_letters + string.digits, k=20)) for _ in range(500)]
    assert sum(map(is_gibberish, letters)) > 450
    assert sum(map(looks_random, mixed)) > 485
    named = [
        "getAccessTokenForUser",
        "authentication_provider",
        "sha256_digest",
        "my-app-service-v2",
        "AbstractFactoryBean",
        "refreshTokenExpiry",
    ]
    assert [n for n in named if looks_random(n)] == []
