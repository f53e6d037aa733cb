"""Two engines, one answer."""

import random

import pytest

from storage.redacting import gate
from storage.redacting.gate import Probe, build, installed
from storage.redacting.rule import instance
from storage.redacting.scan import RULES
from storage.redaction import redact
from tests.storage import redaction_cases

pytest.importorskip("hyperscan")
PIECES = [
    "password",
    "token",
    "secret",
    "api_key",
    "=",
    ": ",
    '"',
    "'",
    "\n",
    "\\n",
    "\\",
    " ",
    "://",
    "@",
    "?",
    "&",
    "sig=",
    "<",
    ">",
    "|",
    ",",
    "--",
    "is ",
    "Bearer ",
    "value",
    "name",
    "kind: Secret\ndata:\n a: ",
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "é",
    "\x1b[31m",
    "\\u003d",
    "%3D",
    "curl -u ",
    "export ",
]


def same(text: str) -> bool:
    return redact(text, engine="hyperscan") == redact(text, engine="re2")


def test_both_engines_agree_on_the_realistic_cases():
    positives, negatives = redaction_cases.build()
    assert [t for t, _ in positives if not same(t)] == []
    assert [t for t in negatives if not same(t)] == []


def test_both_engines_agree_on_every_format_and_on_noise():
    rng = random.Random(11)
    shapes = [rule.shape for rule in RULES if rule.shape]
    for _ in range(1500):
        text = "".join(
            instance(rng.choice(shapes), rng)
            if rng.random() < 0.15
            else rng.choice(PIECES) + rng.choice(("", "aZ3", " "))
            for _ in range(rng.randint(1, 25))
        )
        assert same(text), ascii(text)


def test_the_best_installed_engine_is_taken():
    assert installed() == "hyperscan"
    assert build([Probe("abc", ("abc",))]).name == "hyperscan"


def test_without_hyperscan_re2_is_taken(monkeypatch):
    monkeypatch.setattr(gate.importlib.util, "find_spec", lambda name: None)
    assert build([Probe("abc", ("abc",))]).name == "re2"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="hyperscan"):
        build([], "pcre")


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_ends_are_reported_for_probes_that_ask(engine):
    made = build([Probe("abc", ("abc",)), Probe("x=", ("x=",), caseless=True, everywhere=True)], engine)
    fired, ends = made.fired(b"abc X= x=")
    assert fired == {0, 1}
    assert sorted(ends) == [(1, 6), (1, 9)]
